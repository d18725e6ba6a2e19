"""The benchmark of following in words and tables, and its goals."""

from __future__ import annotations

from itertools import groupby
from statistics import mean
from typing import TYPE_CHECKING

from benchmarks.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.follow import Figures, Run

ALONE = "search alone"
FEED = "followed, by feed"
PUSH = "followed, by push"
JUDGED = "recurring channels"

LEAST_TIMES_FRESHER = 5
MOST_SECONDS = {FEED: 600.0, PUSH: 120.0}

_COLUMNS = (
    "policy",
    "mean delay, s",
    "of recurring channels",
    "of the others",
    "x search alone",
    "stored",
    "searches",
    "units",
    "feeds read",
    "pushes a day",
    "off topic, stored",
)
_INTRODUCTION = """\
The product itself in virtual time, as in *freshness*: bootstrap, ticks, searches own and shared,
scout, follower, the hub's pushes, ledger, a SQLite file; YouTube, hub and clock are stood in for.
One project with 100 searches a day, 20 keywords of which the n-th brings 1/n of what the first
does, a tick of 10 s. Seeds: {seeds}.

*Workload*, generated: 500 videos a day that hold a keyword, a wave over the day and full quarters.
99 % of them are of 3 channels to each keyword, each as likely (60 in all), the rest of channels
that publish once (*one in twenty from elsewhere*: 95 %). For each video of a recurring channel it
publishes another that holds no keyword.
Search shows a video 10 s to 6 h late, each order of magnitude as likely (47 min in the mean);
channels' lists and the hub at once. *Old feeds*: others ask for the feeds, too, so each copy is up
to 15 min old when we get it. *As in the corpus*: ten days on end of it (real publish times and
channels, videos from charts; each channel given one keyword), so recurrence is as it is there;
nothing off topic is known of them.

Delay: from publication to storage, of the videos of the measured days that were stored by the end.
Searches, units (`videos.list` that completes and that pushes ask for) and feeds are those of each
measured day. Two days warm up (eight for the corpus), then eight are measured in the first table,
one in the others; another day follows.

Goals of the first table, for all videos with a keyword, recurring channels or not: at least
{times} x below search alone; under 10 min by feed, under 2 min by push.
"""
_SHARES = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8)


def render(runs: Sequence[Run]) -> Result:
    """Return the section of the report and the goals it misses."""
    seeds = sorted({run.seed for run in runs})
    lines = [_INTRODUCTION.format(seeds=_list(seeds), times=LEAST_TIMES_FRESHER)]
    for name, its in groupby(runs, key=lambda run: run.scenario):
        lines += _of_scenario(name, list(its), runs)
    judged = [run for run in runs if run.scenario == JUDGED]
    lines += _by_share(judged)
    unmet = tuple(missed(judged))
    lines += ["### Goals", "", *(f"- missed: {goal}" for goal in unmet)]
    lines += [] if unmet else ["All met."]
    return Result("\n".join(lines) + "\n", unmet)


def missed(runs: Sequence[Run]) -> Iterator[str]:
    """Yield the goals that are not met."""
    alone = _mean([run.figures.mean for run in runs if run.policy == ALONE])
    for policy, most in MOST_SECONDS.items():
        seconds = _mean([run.figures.mean for run in runs if run.policy == policy])
        if seconds * LEAST_TIMES_FRESHER > alone:
            yield f"{policy}: {alone / seconds:.1f} x below search alone"
        if seconds >= most:
            yield f"{policy}: a mean delay of {seconds:.0f} s, not under {most:.0f}"


def _of_scenario(name: str, runs: Sequence[Run], every: Sequence[Run]) -> Iterator[str]:
    figures = [run.figures for run in runs]
    again = _mean([len(f.recurring) / (len(f.recurring) + len(f.others)) for f in figures])
    yield f"### {name}"
    yield ""
    yield (
        f"{_mean([f.videos for f in figures]):,.0f} videos with a keyword on the measured days; "
        f"{_mean([run.channels for run in runs]):,.0f} channels recur: {again:.0%} of the stored."
    )
    for policy in dict.fromkeys(run.policy for run in runs):
        followed = next(run.figures.followed for run in runs if run.policy == policy)
        if any(followed):
            yield f"Warm-up, *{policy}*: channels followed after each day: {_list(followed)}."
    yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|" + "---|" * len(_COLUMNS)
    beside = [r for r in runs if r.policy == ALONE] or [
        r for r in every if r.policy == ALONE and r.scenario == JUDGED
    ]
    alone = _mean([run.figures.mean for run in beside])
    for policy in dict.fromkeys(run.policy for run in runs):
        yield _row(policy, [run.figures for run in runs if run.policy == policy], alone)
    yield ""


def _row(policy: str, figures: Sequence[Figures], alone: float) -> str:
    seconds = _mean([each.mean for each in figures])
    cells = (
        policy,
        f"{seconds:,.0f}",
        f"{_mean([mean(each.recurring) for each in figures]):,.0f}",
        f"{_mean([mean(each.others) for each in figures if each.others]):,.0f}",
        "" if policy == ALONE else f"1/{alone / seconds:.1f}",
        f"{_mean([len(f.recurring) + len(f.others) for f in figures]):,.0f}",
        _span(n for each in figures for n in each.calls),
        _span(n for each in figures for n in each.units),
        _span(n for each in figures for n in each.feeds),
        _list(round(each.pushes / len(each.followed)) for each in figures),
        _list(each.strays for each in figures),
    )
    return f"| {' | '.join(cells)} |"


def _by_share(runs: Sequence[Run]) -> Iterator[str]:
    """What the mean would be with other shares of recurring channels, from the two means."""
    yield "### What the rest does to the mean"
    yield ""
    yield (
        "Nothing but a search shows a video of a channel that publishes once, so much of the mean "
        "is theirs. With other shares of recurring channels, from the two means above:"
    )
    yield ""
    yield f"| policy, mean delay in s with | {' | '.join(f'{share:.0%}' for share in _SHARES)} |"
    yield "|---" + "|---" * len(_SHARES) + "|"
    bounds = []
    for policy in (ALONE, FEED, PUSH):
        figures = [run.figures for run in runs if run.policy == policy]
        again = _mean([mean(each.recurring) for each in figures])
        others = _mean([mean(each.others) for each in figures])
        means = (share * again + (1 - share) * others for share in _SHARES)
        yield f"| {policy} | {' | '.join(f'{seconds:,.0f}' for seconds in means)} |"
        if policy in MOST_SECONDS and again < MOST_SECONDS[policy] < others:
            share = (others - MOST_SECONDS[policy]) / (others - again)
            bounds.append(f"{policy}: under {MOST_SECONDS[policy]:.0f} s from {share:.1%} on")
    yield ""
    yield from (f"- {bound}" for bound in bounds)
    yield ""


def _mean(numbers: Sequence[float]) -> float:
    return mean(numbers) if numbers else 0.0


def _list(numbers: Iterable[int]) -> str:
    return ", ".join(f"{number:,}" for number in numbers)


def _span(numbers: Iterable[int]) -> str:
    """The least and the most, or the one that all are."""
    found = sorted(numbers)
    return "-".join(f"{number:,}" for number in dict.fromkeys((found[0], found[-1])))
