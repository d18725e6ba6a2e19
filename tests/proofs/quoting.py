"""Takes results out of what a proof wrote, so that nobody copies a figure by hand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class NoResultError(Exception):
    """A section that a proof wrote does not hold the result that is asked for."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a section says came out, and the day on which it was run."""

    day: str
    text: str


def quote(section: str, promise: str, columns: Sequence[str] = ()) -> Result:
    """Return the result that a section holds for a promise.

    Args:
        section: what stands below the proof's heading.
        promise: the number of the promise.
        columns: headings of the columns of a table in it; without any the paragraph that begins
            with `Result P1:`, or with `Result:` for all promises, is the result.

    Raises:
        NoResultError: it holds none.
    """
    day = re.search(r"^Run on (\d{4}-\d\d-\d\d)", section, re.MULTILINE)
    text = _cells(section, columns) if columns else _paragraph(section, promise)
    if day is None or text is None:
        raise NoResultError(f"{promise}: no day, or no {', '.join(columns) or 'line Result:'}")
    return Result(day[1], text)


def quote_measured(report: str, name: str, rows: Sequence[str], columns: Sequence[str]) -> Result:
    """Return cells of a benchmark, of each of its tables that has them.

    Args:
        report: of the benchmarks.
        name: of the benchmark.
        rows: first cells of the rows; all rows without any.
        columns: headings of the columns.

    Raises:
        NoResultError: it holds none.
    """
    _, _, rest = report.partition(f"\n## {name}\n")
    section = rest.partition("\n## ")[0]
    day = re.search(r"^`python -m benchmarks \w+`, (\d{4}-\d\d-\d\d)", section, re.MULTILINE)
    told = []
    for part in section.split("\n### "):
        for heading, *lines in _tables(part):
            found = [line for line in lines if line[0] in (rows or [line[0]])]
            if found and set(columns) <= set(heading):
                cells = (_row(dict(zip(heading, it, strict=True)), columns) for it in found)
                told.append(f"{part.partition(chr(10))[0]}: {'; '.join(cells)}")
    if day is None or not told:
        raise NoResultError(f"{name}: no day, or no {', '.join(columns)}")
    return Result(day[1], ". ".join(told))


def _paragraph(section: str, promise: str) -> str | None:
    for label in (f"Result {promise}: ", "Result: "):
        for paragraph in section.split("\n\n"):
            told = " ".join(paragraph.split())
            if told.startswith(label):
                return told.removeprefix(label)
    return None


def _cells(section: str, columns: Sequence[str]) -> str | None:
    """Return the cells of the first table that has these columns, each with its heading."""
    for heading, *rows in _tables(section):
        if set(columns) <= set(heading):
            return "; ".join(_row(dict(zip(heading, row, strict=True)), columns) for row in rows)
    return None


def _row(cells: dict[str, str], columns: Sequence[str]) -> str:
    told = ", ".join(f"{name} {cells[name]}" for name in columns)
    first = next(iter(cells))
    return told if first in columns else f"{cells[first]}: {told}"


def _tables(section: str) -> Iterator[list[list[str]]]:
    for lines in re.findall(r"(?:^\|.*\|\n?)+", section, re.MULTILINE):
        heading, _, *rows = (line.strip("|").split("|") for line in lines.strip().split("\n"))
        yield [[cell.strip() for cell in row] for row in (heading, *rows)]
