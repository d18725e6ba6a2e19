"""What the report claims at length, on one short run: whole days of real ingest, no waiting.

The report compares more policies, over more days; `make bench` fails when a goal is missed.
"""

import pytest

from benchmarks.arrivals import generate_days, minutes_of_lag
from benchmarks.freshness import Days, Run, Scenario, run_scenario

pytestmark = pytest.mark.timeout(400)
"""Seconds; a quarter of a minute of the processor's time."""

SHORT = Days(warming_up=0, measured=1, following=1)
ALONE, OURS = "ours, alone", "ours"


@pytest.fixture(scope="module")
def unequal() -> Run:
    """Ten keywords of unequal rates; search shows videos minutes late."""
    scenario = Scenario("unequal", 10, lag=minutes_of_lag)
    return run_scenario(scenario, generate_days(1), 7, (ALONE, OURS), SHORT)


def test_nothing_is_lost_that_search_showed_within_the_lookback(unequal: Run) -> None:
    assert not unequal.figures[OURS].lost
    assert not unequal.figures[ALONE].lost


def test_shared_searches_are_far_fresher_than_searches_for_each_alone(unequal: Run) -> None:
    assert unequal.figures[OURS].mean < 0.5 * unequal.figures[ALONE].mean
