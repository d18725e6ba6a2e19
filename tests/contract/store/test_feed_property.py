"""Random findings into every kind of database at once, held against a plain Python model."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.domain.errors import NotFoundError
from app.domain.feeds import ALL, Feed, PageRequest
from app.domain.filters import Filters
from app.domain.intake import Finding
from app.domain.videos import CanonicalJson, Detail, LiveState, Source, Video, differs, merge
from app.domain.watches import WatchOptions
from app.feed.items import encode_item
from app.store.store import Store
from tests.contract.store.tellings import (
    NOW,
    add_watch,
    get_page,
    get_total,
    get_version,
    get_watch,
    list_feed,
    settle,
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
    hidden: bool


@dataclass(frozen=True)
class Refuse:
    """What a watch excludes from now on: videos with a word in their title, or nothing."""

    watch: int
    word: str | None

    @property
    def filters(self) -> Filters:
        return Filters(exclude_words=(self.word,) if self.word else ())


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
REFUSALS = st.builds(Refuse, st.sampled_from([0, 1, 2]), st.sampled_from([None, "one", "drei"]))
HIDES = st.builds(Hide, st.sampled_from(IDS), st.sampled_from([True, True, False]))
STEPS = st.lists(st.one_of(BATCHES, BATCHES, REFUSALS, HIDES), min_size=4, max_size=10)


@dataclass
class Row:
    """What readers see of a video."""

    video: Video
    source: Source
    fetched_at: datetime
    updated_at: datetime
    watches: set[int] = field(default_factory=set)


class Model:
    """The rules of intake in the plainest words: dictionaries, merged finding by finding."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.finders: dict[str, set[int]] = {}
        self.hidden: set[str] = set()
        self.refused: dict[int, str | None] = {}

    def apply(self, step: list[Told] | Refuse | Hide, now: datetime) -> set[str]:
        """Takes a step and returns the ids that readers see changed."""
        before = {i: replace(self.rows[i]) for i in self.shown()}
        if isinstance(step, Hide):
            (self.hidden.add if step.hidden else self.hidden.discard)(step.video_id)
            self.hidden &= set(self.rows)
        elif isinstance(step, Refuse):
            self.refused[step.watch] = step.word
        else:
            self._record(step, now)
        for video_id, row in self.rows.items():
            row.watches = {w for w in self.finders[video_id] if self._wants(w, row.video)}
        after = self.shown()
        changed = {i for i in after & set(before) if _is_changed(before[i], self.rows[i])}
        changed |= after ^ set(before)
        for video_id in changed:
            self.rows[video_id].updated_at = now
        return changed

    def _record(self, batch: list[Told], now: datetime) -> None:
        tellings: dict[str, list[Told]] = {}
        for told in batch:
            tellings.setdefault(told.video.video_id, []).append(told)
        for video_id, several in tellings.items():
            video = several[0].video
            for other in several[1:]:
                video = merge(video, other.video)
            if video_id in self.rows:
                self.rows[video_id].video = merge(self.rows[video_id].video, video)
            else:
                self.rows[video_id] = Row(video, several[0].source, now, now)
            found = {each.watch for each in several if each.watch is not None}
            self.finders[video_id] = self.finders.get(video_id, set()) | found

    def _wants(self, watch: int, video: Video) -> bool:
        word = self.refused.get(watch)
        return word is None or word not in video.title.lower()

    def shown(self) -> set[str]:
        """The videos that nobody hides, found by no watch or by one that wants them."""
        return {
            video_id
            for video_id, row in self.rows.items()
            if video_id not in self.hidden and (row.watches or not self.finders[video_id])
        }

    def feed(self, watch: int | None) -> list[Row]:
        """The visible videos of all or of one watch, newest first."""
        shown = [self.rows[video_id] for video_id in self.shown()]
        return sorted(
            (row for row in shown if watch is None or watch in row.watches),
            key=lambda row: (row.video.published_at, row.video.video_id),
            reverse=True,
        )


def _is_changed(before: Row, after: Row) -> bool:
    return differs(before.video, after.video) or before.watches != after.watches


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

    def apply(self, step: list[Told] | Refuse | Hide, now: datetime) -> tuple[set[str], set[str]]:
        """Takes a step and returns the ids that were stored, and those that readers see changed."""
        if isinstance(step, Hide):
            return set(), self._hide(step, now)
        if isinstance(step, Refuse):
            watch_id, options = self.watches[step.watch], WatchOptions(filters=step.filters)
            self.store.write(lambda t: t.watches.change(watch_id, options))
            done = settle(self.store, 2, now)
            return set(), {video_id for recorded in done for video_id in recorded.updated}
        return self._record(step, now)

    def _hide(self, step: Hide, now: datetime) -> set[str]:
        try:
            recorded = self.store.write(
                lambda t: t.set_hidden(step.video_id, hidden=step.hidden, now=now)
            )
        except NotFoundError:
            return set()
        return set(recorded.updated)

    def _record(self, batch: list[Told], now: datetime) -> tuple[set[str], set[str]]:
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
        seen: list[Page] = []
        for watch in (None, *range(len(TERMS))):
            feed = self.feed(watch)
            items = tuple(map(encode_item, list_feed(self.store, feed)))
            pages = [
                self.page(PageRequest(feed, limit, n)) for n in range(1, len(items) // limit + 3)
            ]
            for number, page in enumerate(pages):
                assert page.items == items[number * limit : (number + 1) * limit]
            assert self._walk(pages[0], feed, limit) == list(items)
            seen += map(self._told, pages)
        return seen

    def _told(self, page: Page) -> Page:
        """The page with places in `watches` instead of ids, which each database gives itself."""
        items = [json.loads(item) for item in page.items]
        for item in items:
            item["watches"] = [self.watches.index(watch_id) for watch_id in item["watches"]]
        return replace(page, items=tuple(json.dumps(item).encode() for item in items))

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
    databases: list[Database], steps: list[list[Told] | Refuse | Hide], limit: int
) -> None:
    model, all_checked = Model(), [Checked(database) for database in databases]
    for number, step in enumerate(steps, start=1):
        now = NOW + timedelta(minutes=number)
        known = set(model.rows)
        changed = model.apply(step, now)
        added = set(model.rows) - known
        for checked in all_checked:
            assert checked.apply(step, now) == (added, changed & known)
            checked.check_rows(model)
            checked.check_versions(changed)
            checked.look()
    pages = [checked.check_pages(limit) for checked in all_checked]
    assert pages[0] == pages[1] == pages[2]
