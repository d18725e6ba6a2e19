"""A day's budget: what was left when, and where it is on its way to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.burn_down import (
    HOUR,
    Level,
    Outcome,
    SpentDay,
    continued,
    edges,
    levels,
    planned,
)
from app.domain.clock import next_pacific_midnight, pacific_day, pacific_midnight
from app.domain.quota import Bucket, Spending

BEGAN_AT = datetime(2026, 1, 2, 8, tzinfo=UTC)
RESETS_AT = BEGAN_AT + 24 * HOUR
SPENT = (Spending(10, 2), Spending(5, 0), *[Spending()] * 22)


def day(hours: float) -> SpentDay:
    return SpentDay(BEGAN_AT, RESETS_AT, BEGAN_AT + hours * HOUR, SPENT)


@pytest.mark.parametrize(
    ("noon", "hours"), [("2026-01-02", 24), ("2026-03-08", 23), ("2026-11-01", 25)]
)
def test_a_pacific_day_has_as_many_hours_as_it_has(noon: str, hours: int) -> None:
    now = datetime.fromisoformat(f"{noon}T20:00:00+00:00")
    times = edges(pacific_midnight(pacific_day(now)), next_pacific_midnight(now))
    assert (len(times) - 1, times[-1]) == (hours, next_pacific_midnight(now))


def test_a_line_goes_down_by_the_log_to_what_the_ledger_says_now_and_on_to_the_goal() -> None:
    today = day(2.5)
    line = levels(today, 100, 83, today.by_hour(Bucket.SEARCH), Outcome(BEGAN_AT + 4 * HOUR, 3))
    assert line[:6] == [
        Level(BEGAN_AT, 100, None),
        Level(BEGAN_AT + HOUR, 90, None),
        Level(BEGAN_AT + 2 * HOUR, 85, None),
        Level(BEGAN_AT + 2.5 * HOUR, 83, 83),
        Level(BEGAN_AT + 3 * HOUR, None, 56),
        Level(BEGAN_AT + 4 * HOUR, None, 3),
    ]
    assert line[-1] == Level(RESETS_AT, None, 3)


def test_what_goes_on_like_this_is_spent_in_time_or_leaves_some() -> None:
    assert continued(90, 10, day(2)) == Outcome(BEGAN_AT + 20 * HOUR, 0)
    assert continued(90, 5, day(12)) == Outcome(None, 85)
    assert continued(90, 0, day(12)) == Outcome(None, 90)
    assert continued(0, 100, day(12)) == Outcome(day(12).now, 0)
    assert continued(90, 10, day(0)) == Outcome(None, 90)


def test_the_planner_keeps_its_reserve_unless_it_is_let_go_by_then() -> None:
    assert planned(59, 10.0, RESETS_AT, day(2)) == Outcome(RESETS_AT, 0)
    assert planned(59, 10.0, BEGAN_AT + 5 * HOUR, day(2)) == Outcome(BEGAN_AT + 5 * HOUR, 10)
    assert planned(4, 10.0, BEGAN_AT, day(2)) == Outcome(day(2).now, 4)


@given(
    st.floats(0, 23.999),
    st.integers(0, 200),
    st.integers(0, 200),
    st.lists(st.integers(0, 60), min_size=24, max_size=24),
)
def test_a_line_has_every_instant_once_and_ends_where_it_is_on_its_way_to(
    hours: float, left: int, used: int, spent: list[int]
) -> None:
    today = day(hours)
    goal = continued(left, used, today)
    line = levels(today, left + used, left, spent, goal)
    times = [it.at for it in line]
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == (BEGAN_AT, RESETS_AT)
    assert line[-1].expected == goal.left
    assert 0 <= goal.left <= left
    ahead = [it.expected for it in line if it.expected is not None]
    assert ahead == sorted(ahead, reverse=True)
    [now] = [it for it in line if it.left is not None and it.expected is not None]
    assert (now.at, now.left) == (today.now, left)
    assert all(it.left is None or 0 <= it.left <= left + used for it in line)
    assert max(b - a for a, b in pairwise(times)) <= timedelta(hours=1)
