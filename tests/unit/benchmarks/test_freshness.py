"""What the report claims at length, on one short run: whole days of real ingest, no waiting."""

import pytest

from benchmarks.arrivals import generate_days, minutes_of_lag
from benchmarks.freshness import Days, Run, Scenario, run_scenario
from benchmarks.freshness_report import missed

pytestmark = pytest.mark.timeout(400)
"""Seconds; most of a minute of the processor's time."""

SHORT = Days(warming_up=2, measured=1, following=1)
EVEN, BLIND, ALONE, OURS = "even, no reserve", "blind 10 s poll", "ours, alone", "ours"


@pytest.fixture(scope="module")
def unequal() -> Run:
    """Ten keywords of unequal rates; search shows videos minutes late."""
    scenario = Scenario("unequal", 10, lag=minutes_of_lag)
    return run_scenario(scenario, generate_days(1), 7, (BLIND, EVEN, ALONE, OURS), SHORT)


def test_nothing_is_lost_that_search_showed_within_the_lookback(unequal: Run) -> None:
    assert not unequal.figures[OURS].lost
    assert not unequal.figures[ALONE].lost
    assert len(unequal.figures[BLIND].lost) > 100


def test_calls_shared_by_rate_are_fresher_than_even_spacing(unequal: Run) -> None:
    alone, even = unequal.figures[ALONE], unequal.figures[EVEN]
    both = frozenset(alone.delays) & frozenset(even.delays)
    assert alone.mean_of(both) < 0.9 * even.mean_of(both)


def test_shared_searches_are_far_fresher_than_searches_for_each_alone(unequal: Run) -> None:
    assert unequal.figures[OURS].mean < 0.5 * unequal.figures[ALONE].mean


def test_no_goal_of_the_report_is_missed(unequal: Run) -> None:
    assert list(missed([unequal])) == []
