from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from zoneinfo import ZoneInfo

import pytest

from app.domain.errors import QuotaExhaustedError
from app.domain.quota import Bucket
from app.quota.ledger import Ledger
from tests.unit.quota.benches import LIMIT, Bench
from tests.unit.simulator.worlds import SettableClock

PACIFIC = ZoneInfo("America/Los_Angeles")
PLAIN_DAY = datetime(2026, 7, 1, tzinfo=PACIFIC)
SHORT_DAY = datetime(2026, 3, 8, tzinfo=PACIFIC)  # clocks go forward at 02:00
LONG_DAY = datetime(2026, 11, 1, tzinfo=PACIFIC)  # and back


@pytest.fixture
def bench(new_bench: Callable[..., Bench]) -> Bench:
    return new_bench("p:a")


def _charges(ledger: Ledger, clock: SettableClock, at: datetime) -> Iterator[bool]:
    clock.at = at.astimezone(UTC)
    while True:
        yield ledger.charge("p", Bucket.SEARCH)


def _spend_all(bench: Bench, at: datetime) -> int:
    charges = _charges(bench.ledger, bench.clock, at)
    return next(count for count, charged in enumerate(charges) if not charged)


def test_a_project_spends_its_limit_and_no_more(bench: Bench) -> None:
    assert _spend_all(bench, PLAIN_DAY) == LIMIT
    assert bench.ledger.left(Bucket.SEARCH, ["p"]) == {"p": 0}


def test_projects_and_buckets_do_not_share(bench: Bench) -> None:
    _spend_all(bench, PLAIN_DAY)
    assert bench.ledger.charge("other", Bucket.SEARCH)
    assert bench.ledger.charge("p", Bucket.UNITS)


@pytest.mark.parametrize(("midnight", "hours"), [(PLAIN_DAY, 24), (SHORT_DAY, 23), (LONG_DAY, 25)])
def test_a_day_is_a_calendar_day_in_pacific_time(
    bench: Bench, midnight: datetime, hours: int
) -> None:
    assert _spend_all(bench, midnight) == LIMIT
    length = timedelta(hours=hours)
    next_midnight = midnight.astimezone(UTC) + length
    assert bench.ledger.resets_at() == next_midnight
    assert _spend_all(bench, next_midnight - timedelta(seconds=1)) == 0
    assert _spend_all(bench, next_midnight) == LIMIT


def test_threads_that_race_spend_the_limit_together(new_bench: Callable[..., Bench]) -> None:
    bench = new_bench("p:a", limit=60)
    granted: list[bool] = []

    def spend() -> None:
        granted.extend(bench.ledger.charge("p", Bucket.SEARCH) for _ in range(20))

    threads = [Thread(target=spend) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert granted.count(True) == 60


def test_what_youtube_calls_used_up_is_used_up(bench: Bench) -> None:
    assert bench.ledger.exhaust("p", Bucket.SEARCH, QuotaExhaustedError("spent"))
    assert not bench.ledger.charge("p", Bucket.SEARCH)
    assert bench.ledger.charge("p", Bucket.UNITS)
    bench.clock.at = bench.ledger.resets_at()
    assert bench.ledger.charge("p", Bucket.SEARCH)


@pytest.mark.parametrize("seconds", [-299, -1, 0, 299])
@pytest.mark.parametrize("midnight", [PLAIN_DAY, SHORT_DAY, LONG_DAY])
def test_an_answer_near_midnight_without_its_day_closes_no_day(
    bench: Bench, midnight: datetime, seconds: int
) -> None:
    bench.clock.at = midnight.astimezone(UTC) + timedelta(seconds=seconds)
    assert not bench.ledger.exhaust("p", Bucket.SEARCH, QuotaExhaustedError("spent"))
    assert bench.ledger.charge("p", Bucket.SEARCH)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_answer_far_enough_from_midnight_closes_the_day(bench: Bench, seconds: int) -> None:
    bench.clock.at = PLAIN_DAY.astimezone(UTC) + timedelta(seconds=seconds)
    assert bench.ledger.exhaust("p", Bucket.SEARCH, QuotaExhaustedError("spent"))
    assert not bench.ledger.charge("p", Bucket.SEARCH)


def test_an_answer_about_yesterday_leaves_today_open(bench: Bench) -> None:
    bench.clock.at = PLAIN_DAY.astimezone(UTC) + timedelta(seconds=2)
    yesterday = QuotaExhaustedError("spent", window_start_at=PLAIN_DAY - timedelta(days=1))
    assert not bench.ledger.exhaust("p", Bucket.SEARCH, yesterday)
    assert bench.ledger.charge("p", Bucket.SEARCH)


def test_an_answer_about_today_closes_it_even_near_midnight(bench: Bench) -> None:
    bench.clock.at = PLAIN_DAY.astimezone(UTC) + timedelta(seconds=2)
    today = QuotaExhaustedError("spent", window_start_at=PLAIN_DAY)
    assert bench.ledger.exhaust("p", Bucket.SEARCH, today)
    assert not bench.ledger.charge("p", Bucket.SEARCH)


def test_a_limit_lowered_in_the_settings_counts_at_once(bench: Bench) -> None:
    assert bench.ledger.charge("p", Bucket.SEARCH)
    assert bench.ledger.charge("p", Bucket.SEARCH)
    lowered = Ledger(bench.store, bench.clock, {Bucket.SEARCH: 3, Bucket.UNITS: 3})
    assert lowered.left(Bucket.SEARCH, ["p"]) == {"p": 1}
    assert lowered.charge("p", Bucket.SEARCH)
    assert not lowered.charge("p", Bucket.SEARCH)


def test_a_limit_raised_in_the_settings_counts_at_once(bench: Bench) -> None:
    assert _spend_all(bench, PLAIN_DAY) == LIMIT
    raised = Ledger(bench.store, bench.clock, {Bucket.SEARCH: LIMIT + 2, Bucket.UNITS: 1})
    assert raised.left(Bucket.SEARCH, ["p"]) == {"p": 2}
    [search, _] = raised.list_usage(["p"])
    assert (search.used, search.limit) == (LIMIT, LIMIT + 2)
    granted = [raised.charge("p", Bucket.SEARCH) for _ in range(3)]
    assert granted == [True, True, False]


def test_a_raised_limit_opens_nothing_that_youtube_called_used_up(bench: Bench) -> None:
    bench.ledger.exhaust("p", Bucket.SEARCH, QuotaExhaustedError("spent"))
    raised = Ledger(bench.store, bench.clock, {Bucket.SEARCH: 2 * LIMIT})
    assert not raised.charge("p", Bucket.SEARCH)


def test_a_lower_limit_named_by_youtube_is_kept_with_the_day(bench: Bench) -> None:
    bench.ledger.exhaust("p", Bucket.SEARCH, QuotaExhaustedError("spent", limit=2))
    [usage] = bench.store.read(lambda t: t.quota.list_usage(bench.clock().date()))
    assert usage.limit == 2
