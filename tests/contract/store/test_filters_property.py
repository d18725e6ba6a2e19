"""Tellings, edits and changes of filters in any order, held against filters in plain Python."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.domain.feeds import ALL, Feed
from app.domain.filters import Filters, Shorts
from app.domain.intake import Finding
from app.domain.videos import CanonicalJson, Detail, LiveState, Source, Video, merge
from app.store.database import Database
from app.store.models import DayCountRow, HourCountRow
from app.store.store import Store
from tests.contract.store.tellings import (
    CHANNEL,
    NOW,
    add_watch,
    get_total,
    get_version,
    get_watch,
    list_feed,
    settle,
    wipe,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.mariadb import MariaDB
    from tests.servers.postgresql import PostgreSQL

IDS = tuple(f"video-{number:05}" for number in range(5))
WORDS = ("harbour", "trial", "boat")

VIDEOS = st.builds(
    Video,
    video_id=st.sampled_from(IDS),
    title=st.sampled_from(["Harbour trial", "A boat", "News"]),
    description=st.sampled_from(["", "On a boat!"]),
    published_at=st.sampled_from([NOW - timedelta(hours=h) for h in (0, 1, 13)]),
    channel_id=st.just(CHANNEL),
    channel_title=st.sampled_from(["Harbour", "Radio"]),
    detail=st.sampled_from(Detail),
    live=st.sampled_from([None, *LiveState]),
    duration_seconds=st.sampled_from([None, 0, 60, 180, 181, 900]),
    language=st.sampled_from([None, "en", "en-GB", "de", "eng"]),
    category_id=st.sampled_from([None, "10", "25"]),
    tags=st.sampled_from([None, CanonicalJson('["trial"]')]),
)
FILTERS = st.builds(
    Filters,
    include_words=st.sampled_from([(), ("trial",), ("boat", "harbour")]),
    exclude_words=st.sampled_from([(), (), ("boat",), ("Harbour trial",)]),
    min_duration_seconds=st.sampled_from([None, None, 61]),
    max_duration_seconds=st.sampled_from([None, None, 500]),
    live=st.sampled_from([(), (), (LiveState.NONE,), (LiveState.COMPLETED, LiveState.LIVE)]),
    shorts=st.sampled_from([Shorts.ANY, Shorts.ANY, Shorts.ONLY, Shorts.WITHOUT]),
    languages=st.sampled_from([(), (), ("en",), ("en-gb", "de")]),
    categories=st.sampled_from([(), (), ("10",)]),
)


@dataclass(frozen=True)
class Told:
    """A video, and which of the watches found it, for certain or perhaps not."""

    video: Video
    watch: int | None
    uncertain: bool


@dataclass(frozen=True)
class Wish:
    """A watch gets other filters."""

    watch: int
    filters: Filters


@dataclass(frozen=True)
class Batch:
    """A tick applies some of what changed."""

    limit: int


@dataclass(frozen=True)
class Delete:
    """YouTube no longer has a video."""

    video_id: str


TELLINGS = st.lists(
    st.builds(
        Told, VIDEOS, st.sampled_from([None, 0, 0, 1]), st.sampled_from([False, False, True])
    ),
    min_size=1,
    max_size=8,
)
STEPS = st.lists(
    st.one_of(
        TELLINGS,
        TELLINGS,
        st.builds(Wish, st.sampled_from([0, 1]), FILTERS),
        st.builds(Batch, st.integers(1, 3)),
        st.builds(Delete, st.sampled_from(IDS)),
    ),
    min_size=5,
    max_size=12,
)


@dataclass
class Model:
    """What is known of each video, who found it for certain or not, and what each watch wants."""

    videos: dict[str, Video] = field(default_factory=dict)
    certain: dict[tuple[int, str], bool] = field(default_factory=dict)
    filters: list[Filters] = field(default_factory=lambda: [Filters(), Filters()])

    def tell(self, batch: list[Told]) -> None:
        tellings: dict[str, Video] = {}
        for each in batch:
            told, key = each.video, each.video.video_id
            tellings[key] = merge(tellings[key], told) if key in tellings else told
            if each.watch is not None:
                link = each.watch, key
                self.certain[link] = self.certain.get(link, False) or not each.uncertain
        for key, told in tellings.items():
            known = self.videos.get(key)
            self.videos[key] = merge(known, told) if known else told

    def delete(self, video_id: str) -> None:
        self.videos.pop(video_id, None)
        self.certain = {link: it for link, it in self.certain.items() if link[1] != video_id}

    def feed(self, watch: int) -> list[Video]:
        mine = {
            video_id for (of, video_id), certain in self.certain.items() if certain and of == watch
        }
        wanted = [v for v in map(self.videos.__getitem__, mine) if wants(self.filters[watch], v)]
        return sorted(wanted, key=lambda v: (v.published_at, v.video_id), reverse=True)


def wants(filters: Filters, video: Video) -> bool:
    """The rules in the plainest words; the words of these videos are ASCII."""
    texts = [video.title, video.description, video.tags or "", video.channel_title]
    said = ["".join(c if c.isalnum() else " " for c in text.lower()).split() for text in texts]
    rows = [f" {' '.join(words)} " for words in said]

    def says(phrase: str) -> bool:
        return any(f" {phrase.lower()} " in row for row in rows)

    begun = video.live in (LiveState.UPCOMING, LiveState.LIVE)
    seconds = None if begun else video.duration_seconds
    whole = video.detail is Detail.FULL
    states = {video.live}
    if video.live is LiveState.NONE and not whole:
        states.add(LiveState.COMPLETED)
    short = seconds is not None and seconds <= 180
    language = (video.language or "").lower()
    return not any(
        (
            any(says(word) for word in filters.exclude_words),
            whole and filters.include_words and not any(map(says, filters.include_words)),
            seconds is not None and seconds < (filters.min_duration_seconds or 0),
            seconds is not None and seconds > (filters.max_duration_seconds or 10**9),
            filters.live and video.live and not states & set(filters.live),
            filters.shorts is Shorts.ONLY and seconds is not None and not short,
            filters.shorts is Shorts.WITHOUT and short,
            filters.languages
            and language
            and not any(
                language == wanted.lower() or language.startswith(wanted.lower() + "-")
                for wanted in filters.languages
            ),
            filters.categories
            and video.category_id is not None
            and video.category_id not in filters.categories,
        )
    )


class Checked:
    """One database under test."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = Store(database)
        wipe(database)
        self.watches = [add_watch(self.store, term).watch_id for term in ("one", "two")]
        self.seen = [self.look(watch) for watch in range(2)]

    def apply(self, step: list[Told] | Wish | Batch | Delete) -> None:
        if isinstance(step, Wish):
            watch_id, options = self.watches[step.watch], {"filters": step.filters}
            self.store.write(lambda t: t.watches.change(watch_id, options))  # type: ignore[arg-type]  # options
        elif isinstance(step, Batch):
            self.store.write(lambda t: t.refilter(step.limit, NOW))
        elif isinstance(step, Delete):
            self.store.write(lambda t: t.delete([step.video_id], NOW))
        else:
            findings = [
                Finding(
                    each.video,
                    Source.SEARCH,
                    None if each.watch is None else self.watches[each.watch],
                    uncertain=each.uncertain,
                )
                for each in step
            ]
            self.store.write(lambda t: t.record(findings, NOW))

    def feed(self, watch: int) -> list[Video]:
        rows = list_feed(self.store, Feed(self.watches[watch]))
        return [row.video for row in rows]

    def look(self, watch: int) -> tuple[int, list[tuple[object, ...]]]:
        feed = Feed(self.watches[watch])
        rows = list_feed(self.store, feed)
        items = [(replace(r.video, detail=Detail.FULL), r.watches, r.updated_at) for r in rows]
        return get_watch(self.store, self.watches[watch]).feed_seq, list(items)

    def check(self) -> None:
        """Counts are what feeds hold, and no feed changes without its version."""
        for watch, watch_id in enumerate(self.watches):
            shown = self.feed(watch)
            assert get_total(self.store, Feed(watch_id)) == len(shown)
            assert self._hours(watch_id) == {v.published_at.replace(minute=0) for v in shown}
            before, now = self.seen[watch], self.look(watch)
            assert now[0] > before[0] or now[1] == before[1]
            assert now[0] <= get_version(self.store, ALL)
            self.seen[watch] = now
        stored = len(list_feed(self.store, ALL))
        assert get_total(self.store, ALL) == stored
        assert get_total(self.store, Feed(channel_id=CHANNEL)) == stored

    def _hours(self, watch_id: int) -> set[object]:
        hours = select(HourCountRow.hour_at).where(
            HourCountRow.scope == watch_id, HourCountRow.videos > 0
        )
        negative = select(func.count()).select_from(HourCountRow).where(HourCountRow.videos < 0)
        days = select(func.count()).select_from(DayCountRow).where(DayCountRow.videos < 0)
        with self.database.connection() as connection:
            assert connection.execute(negative).scalar_one() == 0
            assert connection.execute(days).scalar_one() == 0
            return set(connection.execute(hours).scalars())


@pytest.fixture(scope="module")
def databases(
    tmp_path_factory: pytest.TempPathFactory, mariadb: MariaDB, postgresql: PostgreSQL
) -> Iterator[list[Database]]:
    sqlite_url = f"sqlite:///{tmp_path_factory.mktemp('filters')}/newsreel.db"
    with mariadb.fresh_database() as mariadb_url, postgresql.fresh_database() as postgresql_url:
        opened = [Database(url) for url in (sqlite_url, mariadb_url, postgresql_url)]
        for database in opened:
            Store(database).migrate()
        yield opened
        for database in opened:
            database.dispose()


def _run(databases: list[Database], steps: list[list[Told] | Wish | Batch | Delete]) -> None:
    model, all_checked = Model(), [Checked(database) for database in databases]
    for step in steps:
        if isinstance(step, list):
            model.tell(step)
        elif isinstance(step, Wish):
            model.filters[step.watch] = step.filters
        elif isinstance(step, Delete):
            model.delete(step.video_id)
        for checked in all_checked:
            checked.apply(step)
            checked.check()
    for checked in all_checked:
        settle(checked.store, 2)
        checked.check()
        for watch in range(2):
            assert checked.feed(watch) == model.feed(watch)


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # to shrink over three real databases takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_every_database_filters_as_the_model_does(
    databases: list[Database], steps: list[list[Told] | Wish | Batch | Delete]
) -> None:
    _run(databases, steps)


@settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate])
@given(steps=STEPS)
def test_a_feed_is_what_its_watch_wants_whatever_came_first(
    databases: list[Database], steps: list[list[Told] | Wish | Batch | Delete]
) -> None:
    _run(databases[:1], steps)
