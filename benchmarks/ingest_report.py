"""The ingest benchmark in words and tables."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.results import Result
from benchmarks.rounds import Cost, ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.ingest import Measured

MOST_TIMES_BARE = 2.5
BARE = "bare insert"
_COLUMNS = ("work", "wall", "CPU", "client CPU", "server CPU", "wall x bare", "CPU x bare")
_INTRODUCTION = """\
Pages of {size} videos (seed {seed}) are stored by `Store.write` in one database, and the rows they
become are inserted by the driver's `executemany` into the same tables of another, with a commit per
page. In each of {rounds} rounds of {pages} pages the two take turns; then the same pages are stored
again: known, half of the titles edited, refreshed with other view counts. Figures are medians over
the rounds, in milliseconds per page; "x bare" is the median of the rounds' own ratios. CPU is the
client's and, where the benchmark started one, the database server's.
Goal, by CPU: new at most {goal} x the bare insert, known cheaper than new. The break that misses
it: let `execute_each` write every row in a batch of its own (2.5 x on MariaDB, 3.0 x on SQLite).
"""


def render(measured: Sequence[Measured], *, seed: int, pages: int, size: int) -> Result:
    """Return the section and the goals that were missed, judged by CPU time."""
    text = _INTRODUCTION.format(
        seed=seed, pages=pages, size=size, rounds=len(measured[0].rounds), goal=MOST_TIMES_BARE
    )
    for each in measured:
        text += "\n" + "\n".join(_of_place(each, pages)) + "\n"
    return Result(text, tuple(goal for each in measured for goal in _missed(each)))


def _missed(measured: Measured) -> Iterator[str]:
    new = ratio(measured.rounds, "new", BARE, _cpu)
    if new > MOST_TIMES_BARE:
        yield f"{measured.place}: new pages cost {new:.2f} x the bare insert"
    known = ratio(measured.rounds, "known", "new", _cpu)
    if known >= 1:
        yield f"{measured.place}: known pages cost {known:.2f} x new ones"


def _of_place(measured: Measured, pages: int) -> Iterator[str]:
    yield f"### {measured.place}"
    yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|" + "---|" * len(_COLUMNS)
    for work in measured.rounds[0]:
        yield _row(measured, work, pages)
    yield ""
    yield "Work done: " + ", ".join(f"{what} {n:,}" for what, n in measured.done.items()) + "."
    yield ""
    yield f"Raw rounds, wall/CPU in milliseconds for {pages} pages:"
    yield ""
    for work in measured.rounds[0]:
        costs = [costs[work] for costs in measured.rounds]
        yield f"- {work}: " + ", ".join(f"{c.wall * 1e3:.0f}/{c.cpu * 1e3:.0f}" for c in costs)


def _row(measured: Measured, work: str, pages: int) -> str:
    costs = [costs[work] for costs in measured.rounds]
    sides = (_wall, _cpu, lambda cost: cost.client_cpu, lambda cost: cost.server_cpu)
    times = [f"{median(side(cost) for cost in costs) / pages * 1e3:.2f}" for side in sides]
    ratios = [f"{ratio(measured.rounds, work, BARE, side):.2f}" for side in (_wall, _cpu)]
    return f"| {' | '.join([work, *times, *ratios])} |"


def _wall(cost: Cost) -> float:
    return cost.wall


def _cpu(cost: Cost) -> float:
    return cost.cpu
