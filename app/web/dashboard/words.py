"""Instants, durations and figures as people read them; for templates. Pure.

page.js says the same in the browser, in the reader's time zone, and keeps ages up to date.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MONTH, _YEAR = 30 * _DAY, 365 * _DAY
_UNITS = ((_YEAR, "y"), (_MONTH, "mo"), (_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"))


def age(at: datetime, now: datetime) -> str:
    """Return how long ago something was, or how far ahead: `just now`, `3 min ago`, `in 2 h`."""
    seconds = int((now - at).total_seconds())
    for length, unit in _UNITS:
        if abs(seconds) >= length:
            amount = f"{abs(seconds) // length} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return "in a moment" if seconds < 0 else "just now"


def moment(at: datetime) -> str:
    """Return an instant to the minute: `22 Nov 2026, 02:10 UTC`."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def exact(at: datetime) -> str:
    """Return an instant to the second: `2026-11-22 02:10:05 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: int) -> str:
    """Return the length of a video: `4:05`, `1:02:05`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(length: float | timedelta) -> str:
    """Return a length of time by its two largest units: `45 s`, `4 min`, `2 h 5 min`, `3 d`."""
    seconds = round(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < _MINUTE:
        return f"{seconds} s"
    units = ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min"), (1, "s"))
    largest = next(index for index, (size, _) in enumerate(units) if seconds >= size)
    parts = []
    for size, unit in units[largest : largest + 2]:
        amount, seconds = divmod(seconds, size)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts)


def number(figure: float) -> str:
    """Return a figure with its thousands apart: `12,345`."""
    return f"{figure:,}"
