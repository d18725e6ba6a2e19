"""Random findings into every kind of database at once, held against a plain Python model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.domain.feeds import ALL, Feed, PageRequest
from app.domain.intake import Finding
from app.domain.videos import CanonicalJson, Detail, LiveState, Source, Video, differs, merge
from app.feed.items import encode_item
from app.store.store import Store
from tests.contract.store.tellings import (
    NOW,
    add_watch,
    get_page,
    get_total,
    get_version,
    get_watch,
    hide,
    list_feed,
    wipe,
)

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.feeds import Page
    from app.domain.videos import StoredVideo
    from app.store.database import Database

TERMS = ("news", "News", "café")
CHANNELS = ("UC0123456789012345678901", "UC0123456789012345678901".lower())
IDS = ("AAAAAAAAAAA", "aaaaaaaaaaa", "-bbbbbbbbbb", "_bbbbbbbbbb", "0cccccccccc", "Bcccccccccc")
# Ties in one second, neighbours in one hour, both sides of an hour's and a day's end.
INSTANTS = tuple(
    NOW - timedelta(seconds=seconds) for seconds in (0, 0, 1, 3_599, 3_600, 43_200, 43_201)
)

VIDEOS = st.builds(
    Video,
    video_id=st.sampled_from(IDS),
    title=st.sampled_from(["", "One", "one", "Drei 🔥"]),
    description=st.sampled_from(["", "Some text", "Longer\ntext  "]),
    published_at=st.sampled_from(INSTANTS),
    channel_id=st.sampled_from(CHANNELS),
    channel_title=st.just("Channel"),
    detail=st.sampled_from(Detail),
    thumbnails=st.sampled_from([CanonicalJson("{}"), CanonicalJson('{"a":"ü"}')]),
    live=st.sampled_from([None, *LiveState]),
    tags=st.sampled_from([None, CanonicalJson("[]")]),
    view_count=st.sampled_from([None, 1, 2]),
)


@dataclass(frozen=True)
class Told:
    """A video and which of the watches found it; None: told for its own sake."""

    video: Video
    watch: int | None
    source: Source


@dataclass(frozen=True)
class Hide:
    """A moderator's act."""

    video_id: str


BATCHES = st.lists(
    st.builds(
        Told,
        VIDEOS,
        st.sampled_from([None, 0, 1, 2]),
        st.sampled_from([Source.SEARCH, Source.RSS]),
    ),
    min_size=3,
    max_size=12,
)
STEPS = st.lists(
    st.one_of(BATCHES, BATCHES, st.builds(Hide, st.sampled_from(IDS))), min_size=4, max_size=8
)


@dataclass
class Row:
    """What the model knows of a video."""

    video: Video
    source: Source
    fetched_at: datetime
    updated_at: datetime
    watches: set[int] = field(default_factory=set)
    hidden: bool = False


class Model:
    """The rules of intake in the plainest words: one dictionary, merged finding by finding."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}

    def record(self, batch: list[Told], now: datetime) -> set[str]:
        """Takes a batch in and returns the ids that readers see changed."""
        tellings: dict[str, list[Told]] = {}
        for told in batch:
            tellings.setdefault(told.video.video_id, []).append(told)
        return {i for i, several in tellings.items() if self._take(i, several, now)}

    def _take(self, video_id: str, several: list[Told], now: datetime) -> bool:
        told = several[0].video
        for other in several[1:]:
            told = merge(told, other.video)
        watches = {each.watch for each in several if each.watch is not None}
        row = self.rows.get(video_id)
        if row is None:
            self.rows[video_id] = Row(told, several[0].source, now, now, watches)
            return True
        merged = merge(row.video, told)
        changed = differs(row.video, merged) or not watches <= row.watches
        row.video = merged
        row.watches |= watches
        row.updated_at = now if changed else row.updated_at
        return changed

    def hide(self, video_id: str, now: datetime) -> bool:
        row = self.rows.get(video_id)
        if row is None or row.hidden:
            return False
        row.hidden, row.updated_at = True, now
        return True

    def feed(self, watch: int | None) -> list[Row]:
        """The visible videos of all or of one watch, newest first."""
        shown = [r for r in self.rows.values() if not r.hidden]
        return sorted(
            (row for row in shown if watch is None or watch in row.watches),
            key=lambda row: (row.video.published_at, row.video.video_id),
            reverse=True,
        )


class Checked:
    """One database under test, with what was seen of it before the present step."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = Store(database)
        wipe(database)
        self.watches = [add_watch(self.store, term).watch_id for term in TERMS]
        self.seqs: dict[str, int] = {}
        self.version = 0
        self.feeds: dict[int, tuple[object, ...]] = {}
        self.feed_seqs: dict[int, int] = {}
        self.look()

    def feed(self, watch: int | None) -> Feed:
        return ALL if watch is None else Feed(watch_id=self.watches[watch])

    def record(self, batch: list[Told], now: datetime) -> tuple[set[str], set[str]]:
        findings = [
            Finding(t.video, t.source, None if t.watch is None else self.watches[t.watch])
            for t in batch
        ]
        recorded = self.store.write(lambda transaction: transaction.record(findings, now))
        assert recorded.rejected == ()
        assert recorded.version == get_version(self.store, ALL)
        return set(recorded.added), set(recorded.updated)

    def look(self) -> None:
        """Remembers versions and contents, to compare them with the next step's."""
        self.version = get_version(self.store, ALL)
        self.seqs.update({r.video.video_id: r.seq for r in list_feed(self.store, ALL)})
        for watch, watch_id in enumerate(self.watches):
            self.feeds[watch] = self._content(watch)
            self.feed_seqs[watch] = get_watch(self.store, watch_id).feed_seq

    def check_versions(self, changed: set[str]) -> None:
        """`seq` grows with each change, and with nothing else; so does each watch's feed."""
        rows = list_feed(self.store, ALL)
        assert len({row.seq for row in rows}) == len(rows)
        for row in rows:
            if row.video.video_id in changed:
                assert row.seq > self.version
            else:
                assert row.seq == self.seqs[row.video.video_id]
        assert (get_version(self.store, ALL) > self.version) == bool(changed)
        for watch, watch_id in enumerate(self.watches):
            moved = get_watch(self.store, watch_id).feed_seq > self.feed_seqs[watch]
            assert moved == (self._content(watch) != self.feeds[watch])

    def _content(self, watch: int) -> tuple[object, ...]:
        return tuple(
            replace(row, seq=0, video=replace(row.video, view_count=None, detail=Detail.FULL))
            for row in list_feed(self.store, self.feed(watch))
        )

    def check_rows(self, model: Model) -> None:
        for watch in (None, *range(len(TERMS))):
            feed, rows = self.feed(watch), model.feed(watch)
            assert [self._seen(row) for row in list_feed(self.store, feed)] == rows
            assert get_total(self.store, feed) == len(rows)
        for channel_id in CHANNELS:
            feed = Feed(channel_id=channel_id)
            rows = [row for row in model.feed(None) if row.video.channel_id == channel_id]
            assert [self._seen(row) for row in list_feed(self.store, feed)] == rows
            assert get_total(self.store, feed) == len(rows)

    def _seen(self, stored: StoredVideo) -> Row:
        watches = {self.watches.index(watch_id) for watch_id in stored.watches}
        return Row(stored.video, stored.source, stored.fetched_at, stored.updated_at, watches)

    def check_pages(self, limit: int) -> list[Page]:
        """By number, or by cursors in both directions, every row comes exactly once."""
        seen = []
        for watch in (None, *range(len(TERMS))):
            feed = self.feed(watch)
            items = tuple(map(encode_item, list_feed(self.store, feed)))
            pages = [
                self.page(PageRequest(feed, limit, n)) for n in range(1, len(items) // limit + 3)
            ]
            for number, page in enumerate(pages):
                assert page.items == items[number * limit : (number + 1) * limit]
            assert self._walk(pages[0], feed, limit) == list(items)
            seen += pages
        return seen

    def _walk(self, page: Page, feed: Feed, limit: int) -> list[bytes]:
        """Goes down to the end and up again, and returns what was seen on the way down."""
        down = [page]
        while (cursor := down[-1].next_cursor) is not None:
            assert len(down) <= len(IDS), "the walk has no end"
            down.append(self.page(PageRequest(feed, limit, cursor=cursor)))
        up = [down[-1]]
        while (cursor := up[-1].previous_cursor) is not None:
            up.append(self.page(PageRequest(feed, limit, cursor=cursor)))
        assert [page.items for page in up if page.items] == [
            page.items for page in reversed(down) if page.items
        ]
        return [item for page in down for item in page.items]

    def page(self, request: PageRequest) -> Page:
        return get_page(self.store, request)


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # to shrink over three real databases takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps=STEPS, limit=st.integers(1, 3))
def test_every_database_keeps_the_same_feed_as_the_model(
    databases: list[Database], steps: list[list[Told] | Hide], limit: int
) -> None:
    model, all_checked = Model(), [Checked(database) for database in databases]
    for number, step in enumerate(steps, start=1):
        now = NOW + timedelta(minutes=number)
        known = set(model.rows)
        if isinstance(step, Hide):
            changed = {step.video_id} if model.hide(step.video_id, now) else set()
        else:
            changed = model.record(step, now)
        for checked in all_checked:
            if not isinstance(step, Hide):
                assert checked.record(step, now) == (changed - known, changed & known)
            elif changed:
                hide(checked.database, step.video_id, now)
            checked.check_rows(model)
            checked.check_versions(changed)
            checked.look()
    pages = [checked.check_pages(limit) for checked in all_checked]
    assert pages[0] == pages[1] == pages[2]
