"""Whoever follows /changes holds what the feed shows, whatever happens and however he pages."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.changes import Bookmark
from app.domain.errors import ChangesForgottenError, NotFoundError
from app.domain.feeds import ALL, Feed
from app.domain.filters import Filters
from app.domain.intake import Finding
from app.domain.videos import Source
from app.domain.watches import WatchOptions
from app.feed.changes import ChangesReader, decode_bookmark
from app.feed.items import encode_item
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
    from datetime import datetime

    from app.domain.changes import ChangeList
    from app.domain.videos import Video
    from app.store.database import Database

VIDEOS = 8
COUNTERS = ("view_count", "like_count")


@dataclass
class Copy:
    """A client that knows nothing but the pages it was given."""

    store: Store
    after: str = "0"
    items: dict[str, object] = field(default_factory=dict)
    times_begun: int = 1

    def read(self, limit: int = 100) -> ChangeList:
        page = ChangesReader(self.store).read(decode_bookmark(self.after), limit)
        seqs = []
        for change in map(orjson.loads, page.changes):
            seqs.append(change["seq"])
            if change["op"] == "put":
                self.items[change["video"]["video_id"]] = without_counters(change["video"])
            else:
                self.items.pop(change["video_id"], None)
        assert seqs == sorted(set(seqs))
        assert all(decode_bookmark(self.after).seq < seq <= page.version for seq in seqs)
        self.after = page.next_after
        return page

    def read_or_begin_anew(self, limit: int) -> bool:
        """Reads a page; tells whether there is more."""
        try:
            return self.read(limit).more
        except ChangesForgottenError:
            self.after, self.items = "0", {}
            self.times_begun += 1
            return True

    def catch_up(self, limit: int = 100) -> None:
        while self.read_or_begin_anew(limit):
            pass


def without_counters(item: dict[str, object]) -> dict[str, object]:
    """Views and likes change in silence."""
    return {name: value for name, value in item.items() if name not in COUNTERS}


def shown(store: Store) -> dict[str, object]:
    items = [orjson.loads(encode_item(row)) for row in list_feed(store, ALL)]
    return {item["video_id"]: without_counters(item) for item in items}


def delete(store: Store, *videos: Video, now: datetime = NOW) -> None:
    store.write(lambda t: t.delete([it.video_id for it in videos], now))


def hide(store: Store, told: Video, *, hidden: bool = True, now: datetime = NOW) -> None:
    store.write(lambda t: t.set_hidden(told.video_id, hidden=hidden, now=now))


def prune(store: Store, before: datetime) -> int:
    return store.write(lambda t: t.changes.prune(before, 100))


@dataclass
class Scene:
    """Acts of a world on a store with two watches; an hour passes with each."""

    store: Store
    watches: list[int]
    hours: int = 0

    @property
    def now(self) -> datetime:
        return NOW + timedelta(hours=self.hours)

    def act(self, name: str, number: int, amount: int) -> None:
        self.hours += 1
        getattr(self, name)(video(number), amount)

    def find(self, told: Video, amount: int) -> None:
        watch_id = [None, *self.watches][amount % 3]
        record(self.store, [told], watch_id, now=self.now)

    def edit(self, told: Video, amount: int) -> None:
        record(self.store, [replace(told, title=f"Edition {amount}")], now=self.now)

    def redate(self, told: Video, amount: int) -> None:
        at = told.published_at + timedelta(minutes=40 * amount)
        record(self.store, [replace(told, published_at=at)], now=self.now)

    def view(self, told: Video, amount: int) -> None:
        record(self.store, [replace(told, view_count=amount)], now=self.now)

    def hide(self, told: Video, amount: int) -> None:
        try:
            hide(self.store, told, hidden=amount % 2 == 0, now=self.now)
        except NotFoundError:
            assert told.video_id not in shown(self.store)

    def delete(self, told: Video, amount: int) -> None:
        others = (video((int(told.video_id[-1]) + step) % VIDEOS) for step in range(amount % 3))
        delete(self.store, told, *others, now=self.now)

    def doubt(self, told: Video, amount: int) -> None:
        watch_id = self.watches[amount % 2]
        finding = Finding(told, Source.SEARCH, watch_id, uncertain=True)
        self.store.write(lambda t: t.record([finding], self.now))

    def drop(self, _: Video, amount: int) -> None:
        watch_id, since = self.watches[amount % 2], NOW - timedelta(days=1)
        self.store.write(
            lambda t: t.drop_uncertain(watch_id, since, NOW + timedelta(days=1), self.now)
        )

    def filter(self, _: Video, amount: int) -> None:
        """One of the watches excludes what has no edited title, or nothing; this and no more."""
        refused = Filters(exclude_words=("title",) if amount % 3 else ())
        options, watch_id = WatchOptions(filters=refused), self.watches[amount % 2]
        self.store.write(lambda t: t.watches.change(watch_id, options))
        if amount % 4:
            settle(self.store, 2, self.now)
        else:
            self.store.write(lambda t: t.refilter(2, self.now))

    def forget(self, _: Video, amount: int) -> None:
        prune(self.store, self.now - timedelta(hours=amount))


ACTS = (
    *("find", "find", "find", "edit", "redate", "view", "hide"),
    *("delete", "delete", "forget", "doubt", "drop", "filter", "filter"),
)
STEPS = st.one_of(
    st.tuples(st.sampled_from(ACTS), st.integers(0, VIDEOS - 1), st.integers(0, 9)),
    st.tuples(st.just("read"), st.integers(0, 1), st.integers(1, 3)),
    st.tuples(st.just("begin"), st.integers(0, 1), st.integers(1, 3)),
)


def follow(database: Database, steps: list[tuple[str, int, int]]) -> None:
    wipe(database)
    store = Store(database)
    watches = [add_watch(store, term).watch_id for term in ("one", "two")]
    scene, copies = Scene(store, watches), [Copy(store), Copy(store)]
    for name, number, amount in steps:
        if name == "read":
            copies[number].read_or_begin_anew(amount)
        elif name == "begin":
            copies[number] = Copy(store)
            copies[number].read(amount)
        else:
            scene.act(name, number, amount)
    for copy in copies:
        copy.catch_up(limit=2)
        assert copy.items == shown(store)
    for feed in (ALL, *(Feed(watch_id=watch_id) for watch_id in watches)):
        assert get_total(store, feed) == len(list_feed(store, feed))


def examples(count: int) -> settings:
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=count, deadline=None, suppress_health_check=quiet)


@given(steps=st.lists(STEPS, min_size=5, max_size=40))
@examples(40)
def test_a_follower_ends_up_with_what_the_feed_shows(
    database: Database, steps: list[tuple[str, int, int]]
) -> None:
    follow(database, steps)


@given(steps=st.lists(STEPS, min_size=10, max_size=80))
@examples(60)
def test_a_follower_of_a_long_history_ends_up_with_what_the_feed_shows(
    sqlite_store: Store, steps: list[tuple[str, int, int]]
) -> None:
    follow(sqlite_store._primary, steps)


def test_a_change_is_told_once_with_the_latest_state_alone(store: Store) -> None:
    record(store, map(video, range(3)))
    record(store, [replace(video(0), title="First edition")])
    record(store, [replace(video(0), title="Second edition")])
    page = ChangesReader(store).read(Bookmark(), 100)
    told = [orjson.loads(change) for change in page.changes]
    assert [change["video"]["video_id"] for change in told] == [
        video(number).video_id for number in (1, 2, 0)
    ]
    assert told[-1]["video"]["title"] == "Second edition"


def test_counters_move_nothing(store: Store) -> None:
    record(store, [video(1)])
    copy = Copy(store)
    copy.catch_up()
    record(store, [replace(video(1), view_count=10**6, like_count=None)], now=NOW)
    assert copy.read().changes == ()


def test_a_deleted_video_is_nowhere_and_its_feeds_have_moved(store: Store) -> None:
    watches = [add_watch(store, term).watch_id for term in ("one", "two", "three")]
    for watch_id in watches[:2]:
        record(store, [video(1), video(2)], watch_id)
    before = [get_version(store, Feed(watch_id=watch_id)) for watch_id in watches]
    delete(store, video(1))
    after = [get_version(store, Feed(watch_id=watch_id)) for watch_id in watches]
    assert [new > old for new, old in zip(after, before, strict=True)] == [True, True, False]
    for feed in (ALL, *(Feed(watch_id=watch_id) for watch_id in watches[:2])):
        assert [row.video.video_id for row in list_feed(store, feed)] == [video(2).video_id]
        assert get_total(store, feed) == 1


def test_deleting_what_is_not_stored_changes_nothing(store: Store) -> None:
    record(store, [video(1)])
    version = get_version(store, ALL)
    delete(store, video(2))
    assert get_version(store, ALL) == version


def test_a_video_that_comes_back_is_new_and_no_longer_deleted(store: Store) -> None:
    record(store, [video(1)])
    delete(store, video(1))
    record(store, [video(1)], now=NOW + timedelta(days=1))
    (change,) = ChangesReader(store).read(Bookmark(1), 100).changes
    assert orjson.loads(change)["op"] == "put"
    assert orjson.loads(change)["video"]["fetched_at"] == "2026-05-02T12:00:00Z"


def test_a_deleted_video_that_comes_back_spoilt_stays_deleted(store: Store) -> None:
    record(store, [video(1)])
    copy = Copy(store)
    copy.catch_up()
    delete(store, video(1))
    record(store, [replace(video(1), title="\ud83d")])
    copy.catch_up()
    assert copy.items == {}


def test_a_hidden_video_is_deleted_for_followers_and_comes_back_shown(store: Store) -> None:
    record(store, [video(1)], add_watch(store).watch_id)
    copy = Copy(store)
    copy.catch_up()
    hide(store, video(1))
    copy.catch_up()
    assert copy.items == {}
    hide(store, video(1), hidden=False)
    copy.catch_up()
    assert list(copy.items) == [video(1).video_id]


def test_a_first_copy_is_not_bothered_with_what_was_deleted_before(store: Store) -> None:
    record(store, map(video, range(3)))
    delete(store, video(0))
    hide(store, video(1))
    (change,) = ChangesReader(store).read(Bookmark(), 100).changes
    assert orjson.loads(change)["video"]["video_id"] == video(2).video_id


def test_a_copy_that_missed_forgotten_deletions_is_refused(store: Store) -> None:
    record(store, map(video, range(3)))
    copy = Copy(store)
    copy.catch_up()
    delete(store, video(0))
    current = Copy(store)
    current.catch_up()
    assert prune(store, NOW + timedelta(seconds=1)) == 1
    with pytest.raises(ChangesForgottenError):
        copy.read()
    assert current.read().changes == ()


def test_a_deletion_is_remembered_until_it_is_old(store: Store) -> None:
    record(store, [video(0)])
    copy = Copy(store)
    copy.catch_up()
    delete(store, video(0))
    assert prune(store, NOW) == 0
    copy.catch_up()
    assert copy.items == {}


def test_a_long_first_copy_is_not_refused_for_what_was_forgotten_before(store: Store) -> None:
    record(store, map(video, range(10)))
    delete(store, video(0))
    prune(store, NOW + timedelta(seconds=1))
    copy = Copy(store)
    copy.catch_up(limit=1)
    assert copy.times_begun == 1
    assert copy.items == shown(store)


def test_a_first_copy_that_rested_too_long_is_refused(store: Store) -> None:
    record(store, map(video, range(10)))
    copy = Copy(store)
    copy.read(limit=3)
    delete(store, video(0))
    prune(store, NOW + timedelta(seconds=1))
    with pytest.raises(ChangesForgottenError):
        copy.read()


def test_a_bookmark_ahead_of_the_feed_is_refused(store: Store) -> None:
    record(store, [video(1)])
    with pytest.raises(ChangesForgottenError):
        ChangesReader(store).read(Bookmark(2), 100)
    with pytest.raises(ChangesForgottenError):
        ChangesReader(store).read(Bookmark(0, 2), 100)


def test_what_a_lagging_replica_lacks_comes_from_the_primary(
    migrated_database: Database, sqlite_store: Store
) -> None:
    wipe(migrated_database)
    store = Store(migrated_database, readers=sqlite_store._primary)
    record(store, [video(1)])
    copy = Copy(Store(migrated_database))
    copy.catch_up()
    record(store, [video(2)])
    page = ChangesReader(store).read(decode_bookmark(copy.after), 100)
    assert [orjson.loads(change)["seq"] for change in page.changes] == [2]


def test_a_follower_beside_many_writers_misses_nothing(store: Store) -> None:
    """A seq that is given out before a lower one is committed would be read past."""
    watch_id = add_watch(store).watch_id

    def write(writer: int) -> None:
        for turn in range(12):
            mine = [video(100 * writer + turn), video(turn)]
            record(store, mine, watch_id if turn % 2 else None)
            record(store, [replace(video(turn), title=f"{writer} at {turn}")])
            if turn % 4 == 3:
                delete(store, video(100 * writer + turn - 1), video(turn - 2))

    copy = Copy(store)
    with ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, number) for number in range(1, 5)]
        while not all(writer.done() for writer in writers):
            copy.read(limit=5)
        for writer in writers:
            writer.result()
    copy.catch_up()
    assert copy.items == shown(store)
    assert copy.times_begun == 1
