"""Each due watch goes to one claimant, and a claimant that was overtaken writes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import LeaseLostError, NotFoundError
from app.domain.feeds import ALL
from app.domain.watches import Problem
from tests.contract.store.tellings import (
    LONG_AGO,
    NOW,
    VIDEO,
    add_watch,
    found,
    get_watch,
    list_feed,
)

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.watches import Claim
    from app.store.store import Store, Transaction

LEASE = timedelta(seconds=30)
LATER = NOW + timedelta(seconds=31)


def _claim(store: Store, now: datetime = NOW, limit: int = 50) -> list[Claim]:
    return store.write(lambda t: t.watches.claim_due(now, now + LEASE, limit))


def test_claimants_at_the_same_moment_share_the_due_watches(store: Store) -> None:
    watches = {add_watch(store, f"term {n}").watch_id for n in range(20)}
    start = Barrier(4)

    def claim() -> list[Claim]:
        start.wait()
        return _claim(store)

    with ThreadPoolExecutor(4) as pool:
        claims = [
            claim for batch in [pool.submit(claim) for _ in range(4)] for claim in batch.result()
        ]
    assert sorted(claim.watch_id for claim in claims) == sorted(watches)


def test_the_longest_due_are_claimed_first(store: Store) -> None:
    add_watch(store, "later", NOW)
    longest = add_watch(store, "longest", NOW - timedelta(hours=1))
    assert [claim.watch_id for claim in _claim(store, limit=1)] == [longest.watch_id]


def test_paused_held_and_future_watches_are_not_due(store: Store) -> None:
    held, paused = add_watch(store, "held"), add_watch(store, "paused")
    add_watch(store, "future", NOW + timedelta(seconds=1))
    store.write(lambda t: t.watches.change(paused.watch_id, {"paused": True}))
    assert [claim.watch_id for claim in _claim(store)] == [held.watch_id]
    assert _claim(store) == []


def test_a_lease_that_ran_out_is_given_to_another_with_a_higher_fence(store: Store) -> None:
    add_watch(store)
    (first,) = _claim(store)
    (second,) = _claim(store, LATER)
    assert second.fence > first.fence


def test_a_claimant_that_was_overtaken_stores_nothing(store: Store) -> None:
    watch = add_watch(store)
    (stale,) = _claim(store)
    (holder,) = _claim(store, LATER)

    def work(transaction: Transaction) -> None:
        transaction.record(found([VIDEO], watch.watch_id), LATER)
        transaction.watches.renew(stale, LATER + LEASE)

    with pytest.raises(LeaseLostError):
        store.write(work)
    assert list_feed(store, ALL) == []
    for problem in (None, Problem("error", NOW, "")):
        with pytest.raises(LeaseLostError):
            _release(store, stale, problem)
    with pytest.raises(LeaseLostError):
        store.write(lambda transaction: transaction.watches.read_to(stale, LATER))
    store.write(lambda transaction: transaction.watches.renew(holder, LATER + LEASE))


@pytest.mark.parametrize("problem", [None, Problem("error", NOW, "trouble")])
def test_a_claim_on_a_removed_watch_is_lost(store: Store, problem: Problem | None) -> None:
    watch = add_watch(store)
    (claim,) = _claim(store)
    store.write(lambda transaction: transaction.watches.remove(watch.watch_id, LONG_AGO))
    with pytest.raises(LeaseLostError):
        _release(store, claim, problem)
    with pytest.raises(NotFoundError):
        get_watch(store, watch.watch_id)


def test_a_released_watch_is_due_when_it_was_said_to_be(store: Store) -> None:
    watch = add_watch(store)
    (claim,) = _claim(store)
    _release(store, claim, None)
    assert get_watch(store, watch.watch_id).last_success_at == NOW
    assert _claim(store, NOW) == []
    assert len(_claim(store, NOW + timedelta(minutes=1))) == 1


def test_a_problem_is_kept_as_it_was_told_until_a_poll_ends_well(store: Store) -> None:
    watch = add_watch(store)
    told = [Problem("throttled", NOW + timedelta(minutes=n), f"at {n}") for n in (1, 0)]
    for problem in (*told, None):
        (claim,) = _claim(store)
        _release(store, claim, problem)
        assert get_watch(store, watch.watch_id).last_error == problem


def test_voided_leases_are_free_at_once(store: Store) -> None:
    add_watch(store)
    _claim(store)
    store.write(lambda transaction: transaction.watches.void_leases())
    assert len(_claim(store)) == 1


def _release(store: Store, claim: Claim, problem: Problem | None) -> None:
    due_at = NOW + timedelta(minutes=1) if problem is None else NOW
    store.write(lambda t: t.watches.release(claim, next_due_at=due_at, now=NOW, problem=problem))
