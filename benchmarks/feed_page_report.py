"""The benchmark of the feed page in words and tables."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.results import Result
from benchmarks.rounds import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.feed_page import Measured

MOST_BYTES = 150_000
MOST_MILLISECONDS = 300.0
MOST_CPU = 3.0
_INTRODUCTION = """\
{videos} made-up videos in a SQLite file. Weight and first paint are Chromium's figures for `/`,
from the service's own gunicorn on loopback, each visit with empty caches; weight is of heads and
bodies as sent (compressed), without thumbnails. CPU is of the application in one process, by its
process time, in {rounds} rounds of {requests} requests each, in turns: pages have {limit} videos,
page 3 is read from the database, and ratios are medians of the rounds' own.
Goals: under {bytes:,} bytes; first contentful paint under {paint:.0f} ms, the median of {visits};
the feed page at most {cpu:.0f} x the uncached JSON.
"""


def render(measured: Measured, pages: Mapping[str, str], about: Mapping[str, int]) -> Result:
    """Return the section and the goals that were missed; costs are compared to the first page's.

    Args:
        measured: the figures.
        pages: the paths whose CPU was measured, by name.
        about: what the introduction says of the run.
    """
    goals = {"bytes": MOST_BYTES, "paint": MOST_MILLISECONDS, "cpu": MOST_CPU}
    counts = {"rounds": len(measured.rounds), "visits": len(measured.paints)}
    text = _INTRODUCTION.format(**goals, **counts, **about)
    tables = [
        *_weights(measured),
        "",
        *_paints(measured),
        "",
        *_costs(measured, pages, about["requests"]),
    ]
    return Result(text + "\n" + "\n".join(tables) + "\n", tuple(_missed(measured, pages)))


def _missed(measured: Measured, pages: Mapping[str, str]) -> Iterator[str]:
    weight = sum(measured.weights.values())
    if weight >= MOST_BYTES:
        yield f"feed page: {weight:,} bytes"
    if median(measured.paints) >= MOST_MILLISECONDS:
        yield f"feed page: first paint after {median(measured.paints):.0f} ms"
    base, *others = pages
    for name in others:
        times = ratio(measured.rounds, name, base, lambda cost: cost.cpu)
        if times > MOST_CPU:
            yield f"{name}: {times:.1f} x the CPU of {base}"


def _weights(measured: Measured) -> Iterator[str]:
    yield "| weight | bytes |"
    yield "|---|---|"
    for kind, size in sorted(measured.weights.items(), key=lambda it: -it[1]):
        yield f"| {kind} | {size:,} |"
    yield f"| **all** | {sum(measured.weights.values()):,} |"


def _paints(measured: Measured) -> Iterator[str]:
    paints = sorted(measured.paints)
    yield (
        f"First contentful paint: median {median(paints):.0f} ms, "
        f"from {paints[0]:.0f} to {paints[-1]:.0f} ms; in turns with it `/login`, with next to "
        f"nothing to show: median {median(measured.least):.0f} ms."
    )


def _costs(measured: Measured, pages: Mapping[str, str], requests: int) -> Iterator[str]:
    base = next(iter(pages))
    yield f"| page | path | CPU ms a request | x {base} |"
    yield "|---|---|---|---|"
    for name, path in pages.items():
        milliseconds = median(it[name].cpu for it in measured.rounds) / requests * 1e3
        times = ratio(measured.rounds, name, base, lambda cost: cost.cpu)
        yield f"| {name} | `{path}` | {milliseconds:.2f} | {times:.2f} |"
