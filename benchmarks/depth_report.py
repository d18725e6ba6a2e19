"""The depth benchmark in words and tables."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.results import Result
from benchmarks.rounds import Cost, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.depth import Measured

MOST_TIMES_PAGE_2 = 2.0
BEYOND_THE_GOAL = ("hour of 100,000", "page 200")
"""Work without a goal: where rows are passed over one by one."""
_COLUMNS = ("page", "wall", "CPU", "client CPU", "server CPU", "wall x page 2", "CPU x page 2")
_INTRODUCTION = """\
{videos:,} videos over two years, a tenth of them in one hour; a watch has 30 % of them, a channel
5 %. Pages of {size} are read as `GET /videos` reads them, from the database and never from a cache.
In each of {rounds} rounds every kind of page is asked for, those without a goal once, the others 20
times; figures are medians over the rounds, in milliseconds per page, and "x page 2" is the median
of the rounds' own ratios to page 2 of the same feed (of all, where there is none). CPU is the
client's and the database server's; of PostgreSQL the process that answers the connection, not the
workers it may call in to count. MariaDB has 2 GiB for pages; both servers' statistics are up to
date, as they bring them themselves within minutes.
Goal, by CPU: a page at any depth at most {goal:.0f} x page 2, by number and by cursor, in the feed
of all, of a watch and of a channel, and in a stretch of publish time; behind other filters, by
cursor.

What has no goal, and why: an hour is the finest that is counted (of a channel a month), so a row
number passes over the index entries of one hour at most, and an end of a stretch counts as many,
on its first page, too: here that is an hour of 100,000 videos. By duration or live state nothing is
counted: what only the row knows is looked up row by row.
"""


def render(measured: Sequence[Measured], *, videos: int, size: int) -> Result:
    """Return the section and the goals that were missed, judged by CPU time."""
    text = _INTRODUCTION.format(
        videos=videos, size=size, rounds=len(measured[0].rounds), goal=MOST_TIMES_PAGE_2
    )
    for each in measured:
        text += "\n" + "\n".join(_of_place(each)) + "\n"
    return Result(text, tuple(goal for each in measured for goal in _missed(each)))


def _missed(measured: Measured) -> Iterator[str]:
    for work in measured.rounds[0]:
        if any(part in work for part in BEYOND_THE_GOAL):
            continue
        times = ratio(measured.rounds, work, _page_2(measured, work), _cpu)
        if times > MOST_TIMES_PAGE_2:
            yield f"{measured.place}: {work} costs {times:.2f} x page 2"


def _page_2(measured: Measured, work: str) -> str:
    own = work.partition(":")[0] + ": page 2"
    return own if own in measured.rounds[0] else "all: page 2"


def _of_place(measured: Measured) -> Iterator[str]:
    yield f"### {measured.place}"
    yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|" + "---|" * len(_COLUMNS)
    for work in sorted(measured.rounds[0], key=lambda work: work.partition(":")[0]):
        yield _row(measured, work)
    yield ""
    yield (
        f"The usual way to page 90,000, ORDER BY with OFFSET and a count(*) beside it: "
        f"{measured.usual_seconds * 1e3:,.0f} ms by the clock, the better of two."
    )
    yield ""
    yield "Raw rounds, wall/CPU in milliseconds:"
    yield ""
    for work in measured.rounds[0]:
        costs = [costs[work] for costs in measured.rounds]
        yield f"- {work}: " + ", ".join(f"{c.wall * 1e3:.1f}/{c.cpu * 1e3:.1f}" for c in costs)


def _row(measured: Measured, work: str) -> str:
    costs = [costs[work] for costs in measured.rounds]
    sides = (_wall, _cpu, lambda cost: cost.client_cpu, lambda cost: cost.server_cpu)
    times = [f"{median(side(cost) for cost in costs) * 1e3:.2f}" for side in sides]
    page_2 = _page_2(measured, work)
    ratios = [f"{ratio(measured.rounds, work, page_2, side):.2f}" for side in (_wall, _cpu)]
    return f"| {' | '.join([work, *times, *ratios])} |"


def _wall(cost: Cost) -> float:
    return cost.wall


def _cpu(cost: Cost) -> float:
    return cost.cpu
