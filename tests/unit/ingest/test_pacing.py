"""Pacing is held against its own formula, found by hand or by searching for something better."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isclose, sqrt

from hypothesis import given
from hypothesis import strategies as st

from app.ingest.pacing import (
    RELEASE,
    RESERVE,
    Budget,
    Load,
    Plan,
    calls_allowed,
    has_spare,
    next_due_at,
    plan,
)

MORNING = datetime(2026, 1, 2, 8, tzinfo=UTC)  # midnight Pacific
MIDNIGHT = MORNING + timedelta(days=1)
TICK = timedelta(seconds=10)
LOOKBACK = timedelta(hours=1)
DAY_SECONDS = 86_400.0
FULL = Budget(left=100, limit=100, resets_at=MIDNIGHT)


def plans(rates: list[float], budget: Budget = FULL, now: datetime = MORNING) -> dict[int, Plan]:
    """Plans for watches of so many videos a day."""
    loads = [Load(n, rate / DAY_SECONDS) for n, rate in enumerate(rates)]
    return plan(loads, budget, now=now, tick=TICK, lookback=LOOKBACK)


def plans_of(loads: list[Load], budget: Budget = FULL, now: datetime = MORNING) -> dict[int, Plan]:
    return plan(loads, budget, now=now, tick=TICK, lookback=LOOKBACK)


def seconds(one: Plan) -> float:
    assert one.interval is not None
    return one.interval.total_seconds()


def calls_a_day(planned: dict[int, Plan]) -> float:
    return sum(one.calls * DAY_SECONDS / seconds(one) for one in planned.values())


def mean_delay(rates: list[float], intervals: list[float]) -> float:
    return sum(r * i / 2 for r, i in zip(rates, intervals, strict=True)) / sum(rates)


def test_one_quiet_watch_gets_all_calls_but_the_reserve() -> None:
    (one,) = plans([5]).values()
    assert isclose(seconds(one), DAY_SECONDS / 90)
    assert not one.plenty


def test_a_hundred_times_the_videos_means_ten_times_the_polls() -> None:
    slow, fast = plans([1, 100]).values()
    assert isclose(seconds(slow) / seconds(fast), sqrt(100), rel_tol=0.01)


def test_a_watch_that_brought_nothing_is_still_polled() -> None:
    quiet, _ = plans([0, 500]).values()
    assert seconds(quiet) < 2 * DAY_SECONDS


def test_with_ample_quota_every_watch_is_polled_at_each_tick() -> None:
    planned = plans([10.0] * 20, Budget(10_000_000, 10_000_000, MIDNIGHT))
    assert all(one.interval == TICK and one.plenty for one in planned.values())


def test_without_calls_nothing_is_polled_before_the_reset() -> None:
    (none,) = plans([5], Budget(0, 100, MIDNIGHT)).values()
    due_at = next_due_at(MORNING, none, Budget(0, 100, MIDNIGHT), TICK)
    assert none.interval is None
    assert MIDNIGHT - TICK <= due_at <= MIDNIGHT


def test_the_reserve_is_kept_and_released_over_the_last_three_hours() -> None:
    kept = [
        FULL.left - FULL.free(MIDNIGHT - before)
        for before in (timedelta(hours=20), RELEASE, RELEASE / 2, timedelta(0))
    ]
    assert kept == [RESERVE * 100, RESERVE * 100, RESERVE * 50, 0]


def test_the_last_call_is_planned_for_the_end_of_the_day_not_before() -> None:
    """A day of one watch, poll by poll, as the pacer asks anew each time."""
    now, left, polls = MORNING, 100, 0
    while left and now < MIDNIGHT:
        budget = Budget(left, 100, MIDNIGHT)
        (one,) = plans([5], budget, now).values()
        now = next_due_at(now, one, budget, TICK)
        left -= 1
        polls += 1
    assert polls >= 95
    assert now > MIDNIGHT - timedelta(hours=1)


def test_an_interval_of_a_late_hour_does_not_reach_far_into_the_next_day() -> None:
    """Six calls for six watches are few for an hour, but a hundred come at midnight."""
    late = MIDNIGHT - timedelta(hours=1)
    budget = Budget(6, 100, MIDNIGHT)
    one = plans([50] * 6, budget, late)[0]
    assert seconds(one) > 2 * 3600
    assert next_due_at(late, one, budget, TICK) < MIDNIGHT + timedelta(minutes=30)


def test_the_days_last_second_does_not_stretch_a_tick() -> None:
    ample = Budget(5_000_000, 10_000_000, MIDNIGHT)
    late = MIDNIGHT - timedelta(seconds=1)
    (one,) = plans([50], ample, late).values()
    assert next_due_at(late, one, ample, TICK) <= late + TICK


def test_fifty_watches_spend_the_day_though_few_of_them_are_polled_in_the_evening() -> None:
    """The second day, poll by poll: long intervals are fixed before the reserve is released."""
    rates = [100 / n for n in range(1, 51)]
    due = dict.fromkeys(range(50), MORNING)
    spent = [0, 0]
    while (now := min(due.values())) < MIDNIGHT + timedelta(days=1):
        day = int(now >= MIDNIGHT)
        budget = Budget(100 - spent[day], 100, MIDNIGHT + day * timedelta(days=1))
        polled = min(due, key=lambda n: due[n])
        one = plans(rates, budget, now)[polled]
        others = has_spare(one, budget, now)  # then there is always something to read again
        spent[day] += min(budget.left, calls_allowed(one, budget, now=now, newest=1, others=others))
        due[polled] = next_due_at(now, one, budget, TICK)
    assert spent[1] >= 95


def test_in_want_a_poll_reads_a_little_of_the_newest_and_one_page_of_the_rest() -> None:
    """A long gap is read in many polls, so that other watches get their turns."""
    one = Plan(timedelta(hours=1), 1.4, plenty=False)
    assert calls_allowed(one, FULL, now=MORNING, newest=1, others=False) == 1
    assert calls_allowed(one, FULL, now=MORNING, newest=1, others=True) == 2
    assert calls_allowed(one, FULL, now=MORNING, newest=9, others=True) == 3


def test_a_poll_in_plenty_leaves_calls_for_others() -> None:
    one = Plan(TICK, 3, plenty=True)
    ample = Budget(10_000, 10_000, MIDNIGHT)
    assert calls_allowed(one, ample, now=MORNING, newest=1, others=True) == 900


def test_later_readings_wait_for_plenty_or_for_calls_left_in_the_evening() -> None:
    scarce = Plan(timedelta(hours=1), 1, plenty=False)
    evening = MIDNIGHT - timedelta(hours=1)
    assert not has_spare(scarce, FULL, MORNING)
    assert has_spare(scarce, Budget(20, 100, MIDNIGHT), evening)
    assert not has_spare(scarce, Budget(6, 100, MIDNIGHT), evening)
    assert has_spare(Plan(TICK, 1, plenty=True), FULL, MORNING)


def test_a_weight_of_four_means_twice_the_polls() -> None:
    usual, heavy = plans_of([Load(0, 5 / 86_400), Load(1, 5 / 86_400, weight=4.0)]).values()
    assert isclose(seconds(usual) / seconds(heavy), 2, rel_tol=0.01)


def test_a_weight_takes_the_place_of_as_many_times_the_videos() -> None:
    """While a poll costs one call whatever it brings."""
    weighted = plans_of([Load(0, 2 / 86_400, weight=9.0), Load(1, 2 / 86_400)])
    brought = plans_of([Load(0, 18 / 86_400), Load(1, 2 / 86_400)])
    assert isclose(seconds(weighted[0]), seconds(brought[0]), rel_tol=0.01)


def test_what_a_watch_does_not_want_goes_to_the_others() -> None:
    alike = plans_of([Load(0, 1e-4), Load(1, 1e-4)])
    modest = plans_of([Load(0, 1e-4, least=timedelta(hours=12)), Load(1, 1e-4)])
    assert modest[0].interval == timedelta(hours=12)
    assert seconds(modest[1]) < 0.6 * seconds(alike[1])


def test_in_plenty_a_watch_is_polled_as_seldom_as_it_wants() -> None:
    ample = Budget(10_000_000, 10_000_000, MIDNIGHT)
    modest = Load(0, 1e-4, least=timedelta(minutes=10))
    planned = plans_of([modest, Load(1, 1e-4)], ample)
    assert all(one.plenty for one in planned.values())
    assert planned[0].interval == timedelta(minutes=10)
    assert planned[1].interval == TICK
    due_at = next_due_at(MORNING, planned[0], ample, TICK)
    assert due_at == MORNING + timedelta(minutes=10)


def test_calls_asked_for_take_from_the_reserve_and_from_nothing_else() -> None:
    before = Budget(60, 100, MIDNIGHT).free(MORNING)
    for asked in range(11):
        assert Budget(60 - asked, 100, MIDNIGHT, asked).free(MORNING) == before
    assert Budget(0, 100, MIDNIGHT, 10).free(MORNING) == 0


rates_lists = st.lists(st.floats(0.1, 3_000), min_size=1, max_size=50)


@given(rates_lists, st.integers(10, 100_000))
def test_the_calls_planned_are_those_there_are(rates: list[float], limit: int) -> None:
    budget = Budget(limit, limit, MIDNIGHT)
    planned = plans(rates, budget)
    assert calls_a_day(planned) <= budget.free(MORNING) * 1.001
    held = any(one.interval == TICK for one in planned.values())
    assert held or calls_a_day(planned) >= budget.free(MORNING) * 0.999


@given(rates_lists)
def test_a_faster_watch_never_gets_fewer_calls(rates: list[float]) -> None:
    ordered = [seconds(one) / one.calls for one in plans(sorted(rates)).values()]
    assert all(slow >= fast * 0.999 for slow, fast in pairwise(ordered))


@given(st.lists(st.floats(0.1, 100), min_size=2, max_size=30))
def test_the_mean_delay_is_the_least_there_is_and_never_worse_than_even_spacing(
    rates: list[float],
) -> None:
    """For one call a poll the optimum is (sum of sqrt(rate))^2 / (2 * supply * sum of rates)."""
    planned = plans(rates)
    if any(one.calls > 1 for one in planned.values()):
        return
    supply = FULL.free(MORNING) / DAY_SECONDS
    ours = mean_delay(rates, [seconds(one) for one in planned.values()])
    even = len(rates) / supply / 2
    least = sum(sqrt(max(r, 1.0)) for r in rates) ** 2 / (2 * supply * sum(rates))
    assert ours <= even * 1.001
    assert ours <= least * 1.001


loads_lists = st.lists(
    st.builds(
        Load,
        watch_id=st.integers(0, 10**6),
        rate=st.floats(0, 3_000).map(lambda a_day: a_day / DAY_SECONDS),
        weight=st.floats(0.01, 100),
        least=st.sampled_from([0, 0, 10, 60, 3_600, 86_400]).map(lambda s: timedelta(seconds=s)),
    ),
    min_size=1,
    max_size=30,
    unique_by=lambda load: load.watch_id,
)


@given(loads_lists, st.integers(0, 100_000))
def test_weights_and_wishes_spend_no_more_calls_than_there_are(
    loads: list[Load], limit: int
) -> None:
    budget = Budget(limit, limit, MIDNIGHT)
    planned = {w: one for w, one in plans_of(loads, budget).items() if one.interval is not None}
    assert calls_a_day(planned) <= budget.free(MORNING) * 1.001
    held = any(one.interval == one.least for one in planned.values())
    assert held or not planned or calls_a_day(planned) >= budget.free(MORNING) * 0.999


@given(
    loads_lists,
    st.integers(0, 100_000),
    st.integers(0, 86_399).map(lambda s: MORNING + timedelta(seconds=s)),
)
def test_no_watch_is_polled_more_often_than_it_wants(
    loads: list[Load], left: int, now: datetime
) -> None:
    budget = Budget(left, 100_000, MIDNIGHT)
    planned = plans_of(loads, budget, now)
    for load in loads:
        one = planned[load.watch_id]
        assert one.interval is None or one.interval >= max(load.least, TICK)
        due_at = next_due_at(now, one, budget, TICK)
        assert due_at >= now + (load.least if load.least > TICK else TICK - timedelta(seconds=1))


@given(loads_lists, st.floats(1, 100))
def test_more_weight_never_means_fewer_calls(loads: list[Load], factor: float) -> None:
    watch = loads[0].watch_id
    before = plans_of(loads)[watch]
    after = plans_of([replace(loads[0], weight=loads[0].weight * factor), *loads[1:]])[watch]
    assert after.calls / seconds(after) >= before.calls / seconds(before) * 0.999
