"""The ledger never spends what is not there, however many spend at once."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from multiprocessing import get_context
from threading import Barrier
from typing import TYPE_CHECKING

from app.domain.clock import pacific_day
from app.domain.quota import Bucket, KeyState, KeyStatus, Usage
from app.store.database import Database
from app.store.store import Store
from tests.contract.store.tellings import NOW

if TYPE_CHECKING:
    from datetime import date

    from app.store.store import Transaction

DAY = pacific_day(NOW)


def _charge(store: Store, cost: int = 1, limit: int = 100) -> bool:
    return store.write(lambda t: t.quota.charge("project", Bucket.SEARCH, DAY, limit, cost))


def _used(store: Store) -> int:
    return sum(usage.used for usage in store.read(lambda t: t.quota.list_usage(DAY)))


def _spend_all(url: str, calls: int) -> int:
    """Runs in a process of its own; returns how many charges were granted."""
    store = Store(Database(url))
    granted = sum(_charge(store, limit=60) for _ in range(calls))
    store.dispose()
    return granted


def test_eight_threads_never_overspend_a_day_that_none_has_opened(store: Store) -> None:
    start = Barrier(8)

    def spend() -> int:
        start.wait()
        return sum(_charge(store, limit=30) for _ in range(6))

    with ThreadPoolExecutor(8) as pool:
        granted = sum(future.result() for future in [pool.submit(spend) for _ in range(8)])
    assert granted == _used(store) == 30


def test_four_processes_never_overspend(store: Store, module_url: str) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        granted = sum(pool.map(partial(_spend_all, module_url), [20] * 4))
    assert granted == _used(store) == 60


def test_a_charge_that_does_not_fit_spends_nothing(store: Store) -> None:
    assert _charge(store, cost=99)
    assert not _charge(store, cost=2)
    assert _charge(store, cost=1)
    assert _used(store) == 100


def test_a_limit_lowered_since_the_day_began_counts_at_once(store: Store) -> None:
    assert _charge(store, cost=50)
    assert not _charge(store, limit=50)
    assert _charge(store, limit=51)


def test_a_bucket_that_youtube_calls_used_up_is_closed_for_that_day_and_project(
    store: Store,
) -> None:
    store.write(lambda t: t.quota.exhaust("project", Bucket.SEARCH, DAY, 90, NOW))
    assert not _charge(store)
    usage = store.read(lambda t: t.quota.list_usage(DAY))
    assert usage == [Usage("project", Bucket.SEARCH, 0, 90, NOW)]
    tomorrow = DAY + timedelta(days=1)
    for project, bucket, day in (
        ("project", Bucket.SEARCH, tomorrow),
        ("project", Bucket.UNITS, DAY),
        ("Project", Bucket.SEARCH, DAY),
    ):
        assert store.write(partial(_charge_once, project=project, bucket=bucket, day=day))


def _charge_once(transaction: Transaction, *, project: str, bucket: Bucket, day: date) -> bool:
    return transaction.quota.charge(project, bucket, day, 1, 1)


def test_of_eight_that_note_a_key_at_once_one_state_stays(store: Store) -> None:
    start = Barrier(8)

    def put(number: int) -> None:
        status = KeyStatus("0123456789ab", "p", KeyState.DISABLED, f"{number}", NOW, None)
        start.wait()
        store.write(lambda transaction: transaction.keys.put(status))

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(put, number) for number in range(8)]:
            future.result()
    (kept,) = store.read(lambda transaction: transaction.keys.list_all()).values()
    assert kept.reason in "01234567"


def test_a_state_put_again_replaces_the_one_before_and_cleared_is_gone(store: Store) -> None:
    status = KeyStatus("0123456789ab", "p", KeyState.COOLING, "throttled", NOW, NOW)
    disabled = KeyStatus("0123456789ab", "p", KeyState.DISABLED, "expired", NOW, None)
    for each in (status, disabled):
        store.write(lambda t, it=each: t.keys.put(it))  # type: ignore[misc] # a default's type
    assert store.read(lambda t: t.keys.list_all()) == {disabled.fingerprint: disabled}
    store.write(lambda transaction: transaction.keys.clear(disabled.fingerprint))
    assert store.read(lambda transaction: transaction.keys.list_all()) == {}
