"""The log of fetches, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.fetches import (
    FetchQuery,
    FetchRecord,
    FetchSource,
    LoggedFetch,
    Purpose,
)
from app.domain.logs import LogCursor
from app.domain.quota import Spending
from app.domain.ranges import Stretch
from tests.contract.store.tellings import NOW, add_watch

if TYPE_CHECKING:
    from app.store.store import Store, Transaction

FETCH = FetchRecord(
    source=FetchSource.SEARCH,
    purpose=Purpose.POLL,
    watch_ids=(1,),
    stretch=Stretch(NOW - timedelta(hours=1), NOW),
    started_at=NOW,
    finished_at=NOW + timedelta(microseconds=123_456),
    pages=2,
    search_calls=3,
    units=4,
    found=100,
    added=50,
    updated=6,
    rejected=7,
    error_code="youtube_unavailable",
    error_detail="Backend Error 🔥",
)
QUIET = FetchRecord(
    source=FetchSource.VIDEOS,
    purpose=Purpose.REFRESH,
    watch_ids=(),
    stretch=None,
    started_at=NOW,
    finished_at=NOW,
    units=1,
)


def _add(store: Store, *records: FetchRecord) -> None:
    def add(transaction: Transaction) -> None:
        for record in records:
            transaction.fetches.add(record)

    store.write(add)


def _page(store: Store, query: FetchQuery) -> list[LoggedFetch]:
    return store.read(lambda transaction: transaction.fetches.list_around(query, query.limit))


def _list(store: Store, **chosen: object) -> list[FetchRecord]:
    query = FetchQuery(100, **chosen)  # type: ignore[arg-type]  # as named
    return [fetch.record for fetch in _page(store, query)]


def _prune(store: Store, limit: int = 100) -> int:
    return store.write(lambda transaction: transaction.fetches.prune(NOW, limit))


def _told(at: int, *watch_ids: int) -> FetchRecord:
    """A fetch that ended `at` seconds after NOW."""
    return replace(FETCH, watch_ids=watch_ids, finished_at=NOW + timedelta(seconds=at))


@pytest.mark.parametrize("record", [FETCH, QUIET], ids=["everything", "nothing"])
def test_a_fetch_comes_back_as_it_was_told(store: Store, record: FetchRecord) -> None:
    _add(store, record)
    assert _list(store) == [record]


def test_the_log_is_listed_newest_first(store: Store) -> None:
    _add(store, _told(1, 1), _told(2, 1), _told(3, 1))
    assert _list(store) == [_told(3, 1), _told(2, 1), _told(1, 1)]


@pytest.mark.parametrize("watch_id", [None, 1])
def test_a_cursor_leads_to_what_is_next_to_it_on_either_side(
    store: Store, watch_id: int | None
) -> None:
    records = [_told(number, 1) for number in range(5)]
    _add(store, *records)
    middle = _page(store, FetchQuery(5))[2].fetch_id
    older = FetchQuery(1, LogCursor(middle), watch_id)
    newer = FetchQuery(1, LogCursor(middle, newer=True), watch_id)
    assert [fetch.record for fetch in _page(store, older)] == [records[1]]
    assert [fetch.record for fetch in _page(store, newer)] == [records[3]]


def test_a_fetch_for_several_watches_is_in_the_log_of_each(store: Store) -> None:
    shared, other = _told(1, 2, 5, 9), _told(2, 2)
    _add(store, shared, other)
    assert _list(store, watch_id=2) == [other, shared]
    assert _list(store, watch_id=9) == [shared]
    assert _list(store, watch_id=3) == []


def test_filters_choose_by_source_and_by_error(store: Store) -> None:
    _add(store, FETCH, QUIET)
    assert _list(store, source=FetchSource.VIDEOS) == [QUIET]
    assert _list(store, failed=True) == [FETCH]
    assert _list(store, failed=False) == [QUIET]
    assert _list(store, failed=True, source=FetchSource.VIDEOS) == []


def test_the_log_outlives_a_removed_watch(store: Store) -> None:
    watch_id = add_watch(store).watch_id
    record = replace(FETCH, watch_ids=(watch_id,))
    _add(store, record)
    store.write(lambda transaction: transaction.watches.remove(watch_id))
    assert _list(store, watch_id=watch_id) == [record]


def test_pruning_drops_what_is_outdated_and_nothing_else(store: Store) -> None:
    _add(store, _told(-2, 1, 2), _told(-1, 1), _told(0, 1), _told(1, 2))
    assert _prune(store) == 2
    assert _list(store) == [_told(1, 2), _told(0, 1)]
    assert _list(store, watch_id=2) == [_told(1, 2)]


def test_pruning_goes_in_batches_from_the_oldest(store: Store) -> None:
    _add(store, *(_told(at, 1) for at in (-4, -3, -2, 5)))
    assert [_prune(store, limit=2) for _ in range(3)] == [2, 1, 0]
    assert _list(store) == [_told(5, 1)]


def test_what_fetches_cost_is_summed_up_by_when_they_began(store: Store) -> None:
    hour = timedelta(hours=1)
    starts = [NOW - hour, NOW, NOW + hour - timedelta(microseconds=1), NOW + hour, NOW + 3 * hour]
    _add(store, *(replace(FETCH, started_at=at, watch_ids=()) for at in starts))
    edges = [NOW + n * hour for n in range(4)]
    spent = store.read(lambda t: t.fetches.list_spent(edges))
    assert spent == [Spending(6, 8), Spending(3, 4), Spending(0, 0)]
