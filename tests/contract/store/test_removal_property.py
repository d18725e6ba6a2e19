"""Removing, bringing back and ticks in any order: as if it had never been, or as if for good."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.domain.errors import NotFoundError
from app.domain.feeds import ALL, Feed
from app.domain.filters import Filters
from app.domain.watches import UNDO_WINDOW
from app.store.database import Database
from app.store.store import Store
from tests.contract.store.tellings import (
    NOW,
    add_watch,
    get_total,
    get_version,
    list_feed,
    record,
    settle,
    video,
    wipe,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.videos import Video

PICKY, OTHER = 0, 1
FILTERS = Filters(exclude_words=("trailer",))
Step = tuple[str, int]
"""What is done, and with what: `away` is to remove, tell and restore."""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.integers(0, 15)),
        st.tuples(st.just("tell"), st.integers(0, 15)),
        st.tuples(st.just("away"), st.integers(0, 15)),
        st.tuples(st.just("remove"), st.just(0)),
        st.tuples(st.just("restore"), st.just(0)),
        st.tuples(st.just("tick"), st.integers(1, 2)),
        st.tuples(st.just("wait"), st.sampled_from([1, 1, 6])),
        st.tuples(st.just("delete"), st.integers(0, 1)),
    ),
    min_size=6,
    max_size=24,
)


def told_by(number: int) -> tuple[Video, int | None]:
    """One of two videos in one of two tellings, found for one of the watches or by a refresh."""
    number, which = divmod(number, 2)
    number, title = divmod(number, 2)
    told = replace(video(which), title=("A boat", "A trailer")[title])
    hour = timedelta(hours=title + number)
    return replace(told, published_at=NOW - hour), (PICKY, OTHER, None, PICKY)[number]


@dataclass
class Side:
    """A database with two watches, the first of which has filters."""

    database: Database
    now: datetime = NOW
    watches: list[int] = field(default_factory=list)
    removed_at: datetime | None = None
    versions: dict[int | None, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wipe(self.database)
        self.watches = [add_watch(self.store, term).watch_id for term in ("one", "two")]
        options = {"filters": FILTERS}
        self.store.write(lambda t: t.watches.change(self.watches[PICKY], options))  # type: ignore[arg-type]  # options
        settle(self.store)

    @property
    def store(self) -> Store:
        return Store(self.database)

    def tell(self, number: int) -> None:
        told, finder = told_by(number)
        if finder is not None:
            record(self.store, [told], self.watches[finder], self.now)
        elif self.store.read(lambda t: t.videos.list_told([told.video_id])):
            record(self.store, [told], now=self.now)

    def delete(self, number: int) -> None:
        self.store.write(lambda t: t.delete([video(number).video_id], self.now))

    def tick(self, limit: int) -> None:
        self.store.write(lambda t: t.refilter(limit, self.now))
        self.store.write(lambda t: t.withdraw(limit, self.now))

    def remove(self) -> None:
        if self.removed_at is None:
            self.store.write(lambda t: t.watches.remove(self.watches[PICKY], self.now))
            self.removed_at = self.now

    def restore(self) -> None:
        in_time = self.removed_at is not None and self.now < self.removed_at + UNDO_WINDOW
        with suppress(NotFoundError):
            since = self.now - UNDO_WINDOW
            self.store.write(lambda t: t.watches.restore(self.watches[PICKY], since))
            assert in_time
            self.removed_at = None
            return
        assert not in_time

    def shown(self, watch: int | None) -> list[tuple[Video, tuple[int, ...]]]:
        feed = ALL if watch is None else Feed(self.watches[watch])
        rows = list_feed(self.store, feed)
        assert get_total(self.store, feed) == len(rows)
        version = get_version(self.store, feed)
        assert version >= self.versions.get(watch, 0)
        self.versions[watch] = version
        return [(row.video, tuple(self.watches.index(w) for w in row.watches)) for row in rows]


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Database]]:
    folder = tmp_path_factory.mktemp("removal")
    opened = [Database(f"sqlite:///{folder}/{name}.db") for name in ("steps", "plain")]
    for database in opened:
        Store(database).migrate()
    yield opened
    for database in opened:
        database.dispose()


def apply(side: Side, plain: Side, act: str, number: int) -> None:
    """Do a step; what has nothing to do with the removal happens on both sides."""
    if act == "wait":
        side.now += timedelta(minutes=number)
    elif act == "tick":
        side.tick(number)
    elif act in ("remove", "restore"):
        getattr(side, act)()
    else:
        getattr(side, act)(number)
        getattr(plain, act)(number)
    if side.removed_at is None:
        side.shown(PICKY)


def spelled_out(steps: list[Step]) -> list[Step]:
    """Put what is short for several steps in their terms."""
    away = {number: [("remove", 0), ("tell", number), ("restore", 0)] for number in range(16)}
    return [each for act, n in steps for each in (away[n] if act == "away" else [(act, n)])]


def found_at_last(numbers: list[int]) -> list[Video]:
    """Return all that the first watch finds, each as it was told last."""
    tellings = [told_by(number) for number in numbers]
    last = {told.video_id: told for told, _ in tellings}
    found = {told.video_id for told, finder in tellings if finder == PICKY}
    return [last[video_id] for video_id in sorted(found)]


@settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate])
@given(steps=STEPS)
def test_a_watch_that_was_away_has_what_it_would_have_had(
    databases: list[Database], steps: list[Step]
) -> None:
    side, plain = (Side(database) for database in databases)
    steps = spelled_out(steps)
    for act, number in steps:
        apply(side, plain, act, number)
    found = found_at_last([number for act, number in steps if act == "tell"])
    for each in (side, plain):  # the next poll reads what was missed, as it is by then
        record(each.store, found, each.watches[PICKY], each.now)
    watches: list[int | None] = [None, OTHER]
    if side.removed_at is None:
        watches.append(PICKY)
    else:
        plain.remove()
        side.now = plain.now = side.now + UNDO_WINDOW
    for each in (side, plain):
        settle(each.store, 2, each.now)
    assert [side.shown(watch) for watch in watches] == [plain.shown(watch) for watch in watches]
