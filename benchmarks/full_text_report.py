"""The benchmark of full text in words and tables."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING

from benchmarks.full_text_queries import ANYWHERE
from benchmarks.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.full_text import Measured

MOST_MILLISECONDS = 50.0
_TWENTIETHS = 20
_INTRODUCTION = """\
{videos:,} videos with {texts}; the watch holds three in ten of them. A page of 10 of `q`, in
the feed of all and of the watch, from the newest and from half-way down, asked for {rounds} time(s)
each: milliseconds of wall time through the repository, database and client together, and of CPU
time of both. MariaDB and PostgreSQL run with buffers of {buffers}, everything else as delivered.
Goal: p95 under {goal:.0f} ms of wall time in every class but the last two. Those look for what many
videos hold in parts, but few or none of the next {walked:,}: they take time with the number of
these videos, and every database ends them with a 503 after five seconds. Where CPU is
far below wall time, the machine was busy with other work.
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
    for name, times in measured.times.items():
        if name not in ANYWHERE and (p95 := percentile(times)) >= MOST_MILLISECONDS:
            yield f"full text on {measured.place}: {name}: p95 {p95:.0f} ms"


def _table(measured: Sequence[Measured], queries: Mapping[str, Sequence[str]]) -> Iterator[str]:
    places = " | ".join(each.place for each in measured)
    yield f"| wall: p50 / p95; CPU: p50 / p95 | {places} | for example |"
    yield "|" + "---|" * (len(measured) + 2)
    for name in measured[0].times:
        cells = [_cell(each, name) for each in measured]
        example = queries[name][0] if name in queries else ""
        yield f"| {name} | {' | '.join(cells)} | {f'`{example}`' if example else ''} |"
    seconds = [f"{each.texts_seconds:,.0f} s" for each in measured]
    yield f"| migration that makes and indexes the texts | {' | '.join(seconds)} | |"


def _cell(measured: Measured, name: str) -> str:
    wall, cpu = measured.times[name], measured.cpu[name]
    return f"{median(wall):.1f} / {percentile(wall):.1f}; {median(cpu):.1f} / {percentile(cpu):.1f}"


def percentile(times: Sequence[float]) -> float:
    """Return the 95th percentile; of fewer than 20, the slowest."""
    return quantiles(times, n=_TWENTIETHS)[-1] if len(times) >= _TWENTIETHS else max(times)
