"""Charts as tables: what `chart.html` writes down and charts.js draws from it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from app.domain.statistics import Counts, DayDelay


class Shape(StrEnum):
    """How values are drawn."""

    LINES = "lines"
    BARS = "bars"


class Times(StrEnum):
    """What the rows are of: instants, told in the reader's zone, or days, which are days of UTC."""

    MOMENT = "moment"
    DAY = "day"


class Unit(StrEnum):
    """What the values count."""

    VIDEOS = "videos"
    SECONDS = "seconds"
    CALLS = "calls"
    UNITS = "units"


@dataclass(frozen=True, slots=True)
class Chart:
    """A table of values by time, and how it is drawn.

    Args:
        name: its id in the page.
        title: what it shows.
        shape: lines or bars.
        times: what its rows are of.
        unit: what its values count.
        columns: what each value of a row is.
        rows: by time, the oldest first; None where there is no value.
    """

    name: str
    title: str
    shape: Shape
    times: Times
    unit: Unit
    columns: tuple[str, ...]
    rows: tuple[tuple[datetime, tuple[int | None, ...]], ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for _, values in self.rows for value in values)


def of_counts(name: str, title: str, times: Times, counts: Counts) -> Chart:
    """Return a chart of how many videos were published when."""
    each = zip(counts.query.starts(), counts.videos, strict=True)
    rows = tuple((at, (videos,)) for at, videos in each)
    return Chart(name, title, Shape.BARS, times, Unit.VIDEOS, ("Videos",), rows)


def of_delays(name: str, title: str, delays: Iterable[DayDelay]) -> Chart:
    """Return a chart of how late search showed videos; days without late ones are gaps."""
    rows = tuple((it.day_at, (it.delay.median_seconds, it.delay.p95_seconds)) for it in delays)
    columns = ("Median", "95 of 100 within")
    return Chart(name, title, Shape.LINES, Times.DAY, Unit.SECONDS, columns, rows)
