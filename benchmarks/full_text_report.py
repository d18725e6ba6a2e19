"""The benchmark of full text in words and tables."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING

from benchmarks.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.full_text import Measured

PLAIN = "page 2, without q"
ALL_OF_Q = "**all pages of q together**"
MOST_MILLISECONDS = 50.0
_TWENTIETHS = 20
_INTRODUCTION = """\
{videos:,} videos with {texts}; the watch holds three in ten of them. A page of 10 of `q`, in
the feed of all and of the watch, from the newest and from half-way down, each asked for once:
milliseconds of wall time through the repository, database and client together, and of CPU time of
both. MariaDB has 2 GiB for pages; both servers' statistics are up to date, as they bring them
themselves within minutes.
Goal: p95 under {goal:.0f} ms of wall time, of all pages of `q` together, on each database.
A search spends at most what {looks:,.0f} looks at a text cost, on MariaDB, where they are dearer,
half of that; then the page ends early, with what was found and a link that goes on from there. So
the dearest queries are bounded by that, not by how many videos there are. Where CPU is far below
wall time, the machine was busy with other work, which makes CPU time longer, too: compare with the
plain page.
"""


def render(
    measured: Sequence[Measured],
    queries: Mapping[str, Sequence[str]],
    *,
    about: Mapping[str, object],
) -> Result:
    """Return the section and the goals that were missed."""
    text = _INTRODUCTION.format(goal=MOST_MILLISECONDS, **about)
    text += "\n" + "\n".join(_table(measured, queries)) + "\n"
    return Result(text, tuple(goal for each in measured for goal in _missed(each)))


def _missed(measured: Measured) -> Iterator[str]:
    p95 = percentile(_of_q(measured.times))
    if p95 >= MOST_MILLISECONDS:
        yield f"full text on {measured.place}: p95 {p95:.0f} ms"


def _of_q(figures: Mapping[str, Sequence[float]]) -> list[float]:
    return [figure for name, row in figures.items() if name != PLAIN for figure in row]


def _table(measured: Sequence[Measured], queries: Mapping[str, Sequence[str]]) -> Iterator[str]:
    places = " | ".join(each.place for each in measured)
    yield f"| wall: p50 / p95; CPU: p50 / p95 | {places} | for example |"
    yield "|" + "---|" * (len(measured) + 2)
    for name in measured[0].times:
        cells = [_cell(each.times[name], each.cpu[name], each.cut[name]) for each in measured]
        example = queries[name][0] if name in queries else ""
        yield f"| {name} | {' | '.join(cells)} | {f'`{example}`' if example else ''} |"
    cells = [_cell(_of_q(each.times), _of_q(each.cpu), sum(each.cut.values())) for each in measured]
    yield f"| {ALL_OF_Q} ({len(_of_q(measured[0].times))}) | {' | '.join(cells)} | |"
    seconds = [f"{each.texts_seconds:,.0f} s" for each in measured]
    yield f"| migration that makes and indexes the texts | {' | '.join(seconds)} | |"


def _cell(wall: Sequence[float], cpu: Sequence[float], cut: int) -> str:
    """Return the figures of a row, and how many of its pages ended early."""
    early = f" ({cut} early)" if cut else ""
    figures = (f"{median(it):.1f} / {percentile(it):.1f}" for it in (wall, cpu))
    return "; ".join(figures) + early


def percentile(times: Sequence[float]) -> float:
    """Return the 95th percentile; of fewer than 20, the slowest."""
    return quantiles(times, n=_TWENTIETHS)[-1] if len(times) >= _TWENTIETHS else max(times)
