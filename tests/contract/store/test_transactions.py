"""Transactions that meet: deadlocks are run again, writers wait, readers see a snapshot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from app.domain.feeds import ALL, Feed
from tests.contract.store.tellings import (
    NOW,
    VIDEO,
    add_watch,
    found,
    get_total,
    get_version,
    get_video,
    get_watch,
    list_feed,
    record,
    video,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from app.store.database import Database
    from app.store.store import Store, Transaction

WAIT_SECONDS = 20.0


@pytest.fixture(params=["mariadb", "postgresql"])
def locking_store(request: pytest.FixtureRequest) -> Store:
    """A store on each kind of database that locks rows; SQLite has one writer at a time."""
    store: Store = request.getfixturevalue(f"{request.param}_store")
    return store


class Meeting:
    """Makes two transactions wait for each other once, when each holds its first lock."""

    def __init__(self) -> None:
        self._here = (Event(), Event())
        self.attempts = [0, 0]

    def wait_for_other(self, mine: int) -> None:
        self.attempts[mine] += 1
        self._here[mine].set()
        assert self._here[1 - mine].wait(WAIT_SECONDS)


def _run_both(one: Callable[[], object], other: Callable[[], object]) -> None:
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(one), pool.submit(other)]:
            future.result(WAIT_SECONDS)


def test_of_two_transactions_that_lock_in_opposite_order_both_are_committed(
    locking_store: Store,
) -> None:
    watches = [add_watch(locking_store, term).watch_id for term in ("one", "two")]
    meeting = Meeting()

    def cross(mine: int) -> None:
        def work(transaction: Transaction) -> None:
            transaction.watches.change(watches[mine], {"paused": True})
            meeting.wait_for_other(mine)
            transaction.watches.note_access(watches[1 - mine], NOW, NOW)

        locking_store.write(work)

    _run_both(lambda: cross(0), lambda: cross(1))
    assert all(get_watch(locking_store, watch_id).paused for watch_id in watches)
    assert sorted(meeting.attempts) == [1, 2]
    accessed = locking_store.read(lambda transaction: transaction.watches.list_accessed(NOW))
    assert sorted(accessed) == watches


def test_a_claim_of_watches_and_a_writer_of_them_in_another_order_do_not_collide(
    locking_store: Store,
) -> None:
    first, second = (add_watch(locking_store, term).watch_id for term in ("one", "two"))
    claiming, attempts = Event(), [0, 0]

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        """The claimer waits for the version, or holds the first watch and wants the second."""
        updates.append(statement.startswith("UPDATE watches"))
        if "feed_version" in statement or sum(updates) == 2:
            claiming.set()

    def claim(transaction: Transaction) -> None:
        attempts[0] += 1
        event.listen(transaction.watches._connection, "before_cursor_execute", note)
        assert len(transaction.watches.claim_due(NOW, NOW + timedelta(minutes=1), 10)) == 2

    def pack(transaction: Transaction) -> None:
        attempts[1] += 1
        transaction.stand_in_line()
        transaction.watches.pack([second], NOW)
        claimed.append(pool.submit(locking_store.write, claim))
        assert claiming.wait(WAIT_SECONDS)
        transaction.watches.pack([first], NOW)

    updates: list[bool] = []
    claimed: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        locking_store.write(pack)
        claimed[0].result(WAIT_SECONDS)
    assert attempts == [1, 1]


def test_a_deadlock_in_the_middle_of_a_batch_costs_no_row(locking_store: Store) -> None:
    """The batch runs in a savepoint, which MariaDB drops together with the transaction."""
    videos = [video(number) for number in range(20)]
    record(locking_store, videos)
    meeting = Meeting()

    def edit(transaction: Transaction) -> None:
        transaction.record([], NOW)  # the feed version's lock
        meeting.wait_for_other(0)
        edited = [replace(each, title="Edited") for each in videos]
        assert transaction.record(found(edited), NOW).rejected == ()

    def mark(transaction: Transaction) -> None:
        transaction.videos.mark_missing([each.video_id for each in videos], NOW)
        meeting.wait_for_other(1)
        transaction.record([], NOW)

    _run_both(lambda: locking_store.write(edit), lambda: locking_store.write(mark))
    assert sum(meeting.attempts) == 3
    assert {row.video.title for row in list_feed(locking_store, ALL)} == {"Edited"}


def test_seq_is_the_order_of_commit_and_no_count_is_lost(store: Store) -> None:
    watch = add_watch(store)
    feed, done = Feed(watch_id=watch.watch_id), Event()

    def write(writer: int) -> None:
        for batch in range(6):
            first = writer * 100 + batch * 10
            record(store, [video(first + n) for n in range(5)], watch.watch_id)

    def watch_commits() -> list[tuple[int, set[int]]]:
        seen = []
        while not done.is_set():
            seen.append(store.read(_snapshot))
        return seen

    with ThreadPoolExecutor(5) as pool:
        observer = pool.submit(watch_commits)
        for writer in [pool.submit(write, number) for number in range(4)]:
            writer.result()
        done.set()
        snapshots = observer.result()
    version, seqs = store.read(_snapshot)
    assert len(seqs) == get_total(store, ALL) == get_total(store, feed) == 4 * 6 * 5
    assert version == get_watch(store, watch.watch_id).feed_seq == max(seqs)
    for earlier, shown in snapshots:
        assert shown == {seq for seq in seqs if seq <= earlier}


def _snapshot(transaction: Transaction) -> tuple[int, set[int]]:
    rows = transaction.feed.list_from_row(ALL, 0, 10_000)
    return transaction.feed.version(ALL), {row.seq for row in rows}


def test_a_reader_sees_one_snapshot_while_a_writer_commits(store: Store) -> None:
    record(store, [VIDEO])

    def read(transaction: Transaction) -> tuple[int, int, int | None]:
        version = transaction.feed.version(ALL)
        record(store, [video(2)])
        rows = transaction.feed.list_from_row(ALL, 0, 10)
        return version, len(rows), transaction.feed.total(ALL)

    assert store.read(read) == (1, 1, 1)
    assert (get_version(store, ALL), get_total(store, ALL)) == (2, 2)


def test_work_that_fails_leaves_nothing(store: Store) -> None:
    def work(transaction: Transaction) -> None:
        transaction.record(found([VIDEO]), NOW)
        raise LookupError("on purpose")

    with pytest.raises(LookupError):
        store.write(work)
    assert (get_version(store, ALL), get_total(store, ALL)) == (0, 0)


def test_adders_of_one_term_get_one_watch(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        watches = list(pool.map(lambda _: add_watch(store), range(8)))
    assert len({watch.watch_id for watch in watches}) == 1


def test_sqlite_keeps_foreign_keys_and_a_log_beside_its_file(sqlite_store: Store) -> None:
    database: Database = sqlite_store._primary
    with database.connection() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_a_video_found_by_two_writers_at_once_is_stored_once(store: Store) -> None:
    watches = [add_watch(store, f"term {number}").watch_id for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        recorded = list(pool.map(lambda watch_id: record(store, [VIDEO], watch_id), watches))
    assert sorted(each.added for each in recorded) == [(), (), (), (VIDEO.video_id,)]
    assert get_video(store, VIDEO.video_id).watches == tuple(watches)
