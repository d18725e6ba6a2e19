"""The freshness benchmark in words and tables, and its goals."""

from __future__ import annotations

from itertools import groupby
from statistics import mean
from typing import TYPE_CHECKING

from benchmarks.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.arrivals import Day
    from benchmarks.freshness import Run

OURS = "ours"
ALONE = "ours, alone"
EVEN = "even, no reserve"
LIMIT = 100
LEAST_SPENT = 95
MOST_TIMES_OPTIMUM = 1.1
MANY_KEYWORDS = 10
MOST_TIMES_ALONE = 0.5

_NO_WORSE = 1.05
_COLUMNS = (
    "policy",
    "mean delay, s",
    "x optimum",
    "p95, s",
    "ours/it",
    "still to read",
    "lost",
    "withheld",
    "shown too late",
    "calls a day",
)
_INTRODUCTION = """\
Whole days in virtual time: the planner's clock is moved, nothing waits. Ours is the product from
its first start on: bootstrap, ticks, claims, pacing, ledger and a SQLite file; only YouTube's
search and the clock are stood in for. One project with {limit} calls a day, a look-back of an hour,
a tick of 10 s. Two days and a day's backfill warm up, the next two are measured, two more follow.
Seeds: {seeds}; figures are means over them, with the least and the greatest mean delay.

Arrivals: {arrivals}, each whole, so gaps, bursts and ties are theirs; {per_day} videos a day,
and "twice the videos" is two days laid over each other. The n-th keyword brings 1/n of what the
first does.
Assumed of YouTube: 50 a page, newest first, 500 a listing, inclusive bounds, pages of one listing
that belong together, calls that take no time. Varied: how late search shows a video (at once;
evenly within 10 min; 10 s to 6 h, each order of magnitude as likely: 2 in 3 within half an hour)
and how often an answer leaves out what it ought to show (each video by itself, at each asking).
Assumed of videos: their text holds their keyword. One that does not is stored as soon, but stays
out of its keyword's own feed until a search for that keyword alone.

- *blind 10 s poll*: the newest known publish time as a cursor, the first page, every 10 s,
  keywords in turn, until the calls are gone (after 17 min).
- *even spacing*: the {limit} calls at even distances, keywords in turn, the first page of
  everything since a look-back before the last turn. *even, no reserve*: the same with the {outside}
  calls that ours plans with.
- *ours, alone*: every keyword is searched for by itself (SHARE_SEARCHES=false). A tenth of the
  calls is a reserve for fetches by hand and later readings.
- *ours*: keywords with too few calls of their own share searches in between.

Delay: from visible in search to stored, of the videos stored. Optimum: (sum of sqrt(rate x
calls))^2 / (2 x supply x sum of rates), with the calls outside the reserve as supply, the true
rates, and the calls a poll is planned with (one; two at most for a keyword whose look-back is over
a page). *ours/it*: the ratio of mean delays over the videos both stored. *still to read*: not
stored when the run ended two days later, in a stretch that `GET /coverage` shows as open (the
other policies know of none). *lost*: shown within the look-back, not stored, and not known to be
still to read, seed by seed; *withheld*: of these, those that an answer asked for after the
look-back left out; *shown too late*: after the look-back, and never stored. Calls: the least
and the most on a measured day.

Goals for both: nothing lost but what was withheld, and nothing still to read where a page holds
what a poll is for; at least {spent} calls spent on each day. For
*ours, alone*: a mean delay of at most {times} x the optimum where search is punctual (up to 10 min
late, up to 2 % left out), and not above even spacing with the same calls, where a page holds what a
poll is for. For *ours*: at most {alone} x that of *ours, alone* from {many} keywords on where
search is punctual, and nowhere above it by more than a twentieth. The break
that misses them: let `pacing._intervals` share by the rate instead of its root (1.3 x the optimum
with 20 keywords, seed 1).

Even spacing with all {limit} calls has a ninth more of them to poll with: with one keyword, where
there is nothing to share better, it is a tenth fresher, and has no second page, no second reading
to rely on, and no call left for a fetch by hand. Under *twice* and *four times the videos* a
keyword brings more than its page: there it is fresher for what it does not lose.
"""


def render(runs: Sequence[Run], *, days: Sequence[Day], real: bool) -> Result:
    """Return the section and the goals that were missed."""
    kind = "real days of a corpus (`--corpus FILE`)" if real else "generated days"
    text = _INTRODUCTION.format(
        limit=LIMIT,
        outside=90,
        seeds=", ".join(str(seed) for seed in sorted({run.seed for run in runs})),
        arrivals=f"{len(days)} {kind}",
        per_day=f"{min(map(len, days))}-{max(map(len, days))}",
        spent=LEAST_SPENT,
        times=MOST_TIMES_OPTIMUM,
        alone=MOST_TIMES_ALONE,
        many=MANY_KEYWORDS,
    )
    goals: list[str] = []
    for name, group in groupby(runs, key=lambda run: run.scenario.name):
        of_scenario = list(group)
        text += "\n" + "\n".join(_of_scenario(name, of_scenario)) + "\n"
        goals += missed(of_scenario)
    return Result(text, tuple(goals))


def missed(runs: Sequence[Run]) -> Iterator[str]:
    """Name the goals that were missed in a scenario: nothing lost or left, calls spent, fresh."""
    scenario = runs[0].scenario
    for policy in (OURS, ALONE):
        figures = [run.figures[policy] for run in runs]
        if lost := sum(len(each.lost - each.withheld) for each in figures):
            yield f"{scenario.name}, {policy}: {lost} lost"
        if not scenario.busy and (unread := sum(each.unread for each in figures)):
            yield f"{scenario.name}, {policy}: {unread} not read in two days"
        if (spent := min(min(each.calls) for each in figures)) < LEAST_SPENT:
            yield f"{scenario.name}, {policy}: {spent} calls spent on a day"
    times = mean(run.figures[ALONE].mean / run.optimum for run in runs)
    if scenario.punctual and times > MOST_TIMES_OPTIMUM:
        yield f"{scenario.name}: mean delay {times:.2f} x the optimum"
    ratio = mean(_ratio(run, ALONE, EVEN) for run in runs)
    if not scenario.busy and ratio > 1:
        yield f"{scenario.name}: mean delay {ratio:.2f} x that of even spacing"
    many = scenario.punctual and scenario.keywords >= MANY_KEYWORDS
    gain = mean(_ratio(run, OURS, ALONE) for run in runs)
    if gain > (MOST_TIMES_ALONE if many else _NO_WORSE):
        yield f"{scenario.name}: sharing brings the mean delay to {gain:.2f} x"


def _ratio(run: Run, one: str, other: str) -> float:
    """Return the ratio of one mean delay to another, over the videos that both stored."""
    its, others = run.figures[one], run.figures[other]
    both = frozenset(its.delays) & frozenset(others.delays)
    return its.mean_of(both) / others.mean_of(both)


def _of_scenario(name: str, runs: Sequence[Run]) -> Iterator[str]:
    published = mean(run.figures[OURS].videos for run in runs)
    optimum = mean(run.optimum for run in runs)
    yield f"### {name}"
    yield ""
    yield f"{published:,.0f} videos in the measured days; optimum {optimum:,.0f} s."
    yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|" + "---|" * len(_COLUMNS)
    for policy in runs[0].figures:
        yield _row(policy, runs)


def _row(policy: str, runs: Sequence[Run]) -> str:
    figures = [run.figures[policy] for run in runs]
    means = [each.mean for each in figures]
    calls = [day for each in figures for day in each.calls]
    ratio = mean(_ratio(run, OURS, policy) for run in runs)
    cells = (
        policy,
        f"{mean(means):,.0f} ({min(means):,.0f}-{max(means):,.0f})",
        f"{mean(run.figures[policy].mean / run.optimum for run in runs):.2f}",
        f"{mean(each.p95 for each in figures):,.0f}",
        "" if policy == OURS else f"{ratio:.2f}",
        _counts(each.unread for each in figures),
        _counts(len(each.lost) for each in figures),
        _counts(len(each.withheld) for each in figures),
        _counts(each.late for each in figures),
        f"{min(calls)}-{max(calls)}",
    )
    return f"| {' | '.join(cells)} |"


def _counts(counts: Iterable[int]) -> str:
    """One number per seed; a single 0 for all."""
    numbers = list(counts)
    return ", ".join(map(str, numbers)) if any(numbers) else "0"
