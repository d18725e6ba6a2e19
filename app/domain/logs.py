"""Pages of a log: newest first, led through by the numbers of its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T", covariant=True)  # noqa: PLC0105 - named as everywhere


@dataclass(frozen=True, slots=True)
class LogCursor:
    """A page boundary: what comes after a line (older), or before it (newer)."""

    number: int
    newer: bool = False


@dataclass(frozen=True, slots=True)
class LogPage(Generic[T]):
    """A page of a log; a cursor is None where nothing follows in its direction."""

    lines: tuple[T, ...]
    next_cursor: LogCursor | None
    previous_cursor: LogCursor | None


def log_page(
    found: Sequence[T], limit: int, cursor: LogCursor | None, number_of: Callable[[T], int]
) -> LogPage[T]:
    """Return a page of up to `limit` lines.

    Args:
        found: the `limit + 1` lines next to the cursor, or as many as there are, newest first.
        limit: of the page.
        cursor: where it begins; None: at the newest line.
        number_of: tells the number of a line.
    """
    goes_on = len(found) > limit
    newer = cursor is not None and cursor.newer
    lines = tuple(found[-limit:] if newer else found[:limit])
    if not lines:
        return LogPage((), None, None)
    has_older, has_newer = goes_on or newer, goes_on if newer else cursor is not None
    return LogPage(
        lines,
        next_cursor=LogCursor(number_of(lines[-1])) if has_older else None,
        previous_cursor=LogCursor(number_of(lines[0]), newer=True) if has_newer else None,
    )
