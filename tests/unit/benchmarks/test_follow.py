"""What the report of following claims at length, on one busy keyword and two days."""

from statistics import mean

import pytest

from benchmarks.arrivals import hours_of_lag, term_name
from benchmarks.follow import ALONE, FEED, PUSH, Figures, Policy, Run, Scenario, arrivals_of
from benchmarks.follow import run_policy as run
from benchmarks.follow_report import missed, render
from benchmarks.freshness import Days

pytestmark = pytest.mark.timeout(400)
"""Seconds; a quarter of a minute of the processor's time."""

SCENARIO = Scenario("short", hours_of_lag, Days(1, 1, 0), (ALONE, PUSH))


@pytest.fixture(scope="module")
def runs() -> dict[Policy, Figures]:
    everything = arrivals_of(SCENARIO, 1, None)
    channels = {each.channel_id for each in everything if each.term == term_name(4)}
    arrivals = [each for each in everything if each.channel_id in channels]
    return {policy: run(SCENARIO, arrivals, policy, 1).figures for policy in SCENARIO.policies}


def test_a_pushed_video_is_there_at_the_next_tick(runs: dict[Policy, Figures]) -> None:
    assert mean(runs[PUSH].recurring) < 15
    assert mean(runs[ALONE].recurring) > 600


def test_what_holds_no_keyword_is_not_stored(runs: dict[Policy, Figures]) -> None:
    assert runs[PUSH].pushes > 1.5 * len(runs[PUSH].recurring)
    assert runs[PUSH].strays == 0


def test_a_push_costs_one_unit_and_no_search(runs: dict[Policy, Figures]) -> None:
    [units], [calls] = runs[PUSH].units, runs[PUSH].calls
    assert units <= runs[PUSH].pushes + 100
    assert calls <= 100


def figures(seconds: float, others: float = 0.0) -> Figures:
    return Figures(100, (seconds,) * 95, (others,) * 5, (100,), (9,), (9,), 9, 0, (0, 3))


def told(alone: float, feed: float, push: float) -> list[Run]:
    by_policy = ((ALONE, alone), (FEED, feed), (PUSH, push))
    return [
        Run("recurring channels", policy.name, 1, 60, figures(seconds))
        for policy, seconds in by_policy
    ]


def test_a_goal_that_is_missed_is_told() -> None:
    assert list(missed(told(3_600, 500, 60))) == []
    assert len(list(missed(told(2_000, 500, 60)))) == 1
    assert len(list(missed(told(10_000, 700, 200)))) == 2


def test_the_report_says_what_other_shares_would_do() -> None:
    text = render(told(4_000, 400, 100)).text
    assert "| search alone | 4,000 | 3,960 | 3,920 | 3,800 | 3,600 | 3,200 |" in text
    assert "All met." in text
