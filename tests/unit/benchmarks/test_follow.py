"""The report of following tells a goal that is missed; `make bench` runs it at length."""

from benchmarks.follow import ALONE, FEED, PUSH, Figures, Run
from benchmarks.follow_report import missed, render


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
