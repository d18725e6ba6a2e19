"""What must hold of the samples of a soak: pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.proofs.soak import Sample

WARM_UP = 0.2
"""The part of the ticks after which everything has been used that is kept."""

MOST_GROWTH = 0.1
FEW = 3
"""Of threads, files, connections and keys some come and go; so many more is no growth."""

RANGES_OF_WATCH = 42
"""What a watch has still to read, read in time: each of three further readings falls due on a grid
of twelve parts of its wait. The longest wait is a week, longer than 50,000 ticks, so until then
these rows grow up to here."""

BOUNDED = ("fetches", "fetch_watches", "ranges", "push_hints", "subscriptions", "reserve_usage")
"""Tables that must not go on growing while there is no more to watch."""

APPENDED = ("fetches", "video_texts")
"""Tables whose numbers are given out to rows alone."""

_LATE = 0.25


@dataclass(frozen=True, slots=True)
class Level:
    """How much there was of something when it was warm, and at the end."""

    name: str
    warm: int
    end: int

    @property
    def growth(self) -> float:
        """The part that came to it."""
        return self.end / self.warm - 1 if self.warm else float(self.end > 0)


def levels(samples: Sequence[Sample]) -> list[Level]:
    """Return how each thing that must stay level did: medians after warm-up and at the end."""
    return [
        _level("memory, KiB", samples, lambda it: it.rss_kib),
        _level("threads", samples, lambda it: it.threads),
        _level("open files", samples, lambda it: it.files),
        _level("database connections", samples, lambda it: it.connections),
        _level("Redis keys", samples, lambda it: it.redis_keys),
    ]


def check(samples: Sequence[Sample]) -> None:
    """Hold the samples against what is promised.

    Raises:
        AssertionError: something grew, or numbers were burned.
    """
    for level in levels(samples):
        told = f"{level.name}: {level.warm} when warm, {level.end} at the end"
        if level.name.startswith("memory"):
            assert level.growth < MOST_GROWTH, told
        else:
            assert level.end <= level.warm + FEW, told
    for table in BOUNDED:
        early, late = _halves(samples, table)
        most = early * (1 + MOST_GROWTH) + FEW
        if table == "ranges":
            most = max(most, RANGES_OF_WATCH * samples[-1].rows["watches"])
        assert late <= most, f"{table}: {early} rows, later {late}"
    for table in APPENDED:
        given, rows = numbers(samples, table)
        assert given <= rows * (1 + MOST_GROWTH) + FEW, f"{table}: {given} numbers for {rows} rows"


def numbers(samples: Sequence[Sample], table: str) -> tuple[int, int]:
    """Return how many numbers lie between the ends of those in use, and how many rows have one."""
    last = samples[-1]
    return last.last[table] - last.first[table] + 1, last.rows[table]


def _level(name: str, samples: Sequence[Sample], of: Callable[[Sample], int]) -> Level:
    warm_at, length = int(len(samples) * WARM_UP), max(1, int(len(samples) * _LATE / 2))
    warm, end = samples[warm_at : warm_at + length], samples[-length:]
    return Level(name, round(median(map(of, warm))), round(median(map(of, end))))


def _halves(samples: Sequence[Sample], table: str) -> tuple[int, int]:
    """Return the most rows in the second quarter, and in the last."""
    quarter = len(samples) // 4
    early = samples[quarter : 2 * quarter] or samples
    late = samples[-quarter:] or samples
    return max(it.rows[table] for it in early), max(it.rows[table] for it in late)
