"""Time as a parameter: a clock is any callable that returns an aware UTC instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.domain.errors import InvalidValueError

Clock = Callable[[], datetime]

_PACIFIC = ZoneInfo("America/Los_Angeles")


def system_clock() -> datetime:
    """Return the present instant; the only place that reads the machine's clock."""
    return datetime.now(UTC)


def pacific_day(at: datetime) -> date:
    """Return the quota day an instant falls in (YouTube counts calendar days in Pacific time)."""
    return at.astimezone(_PACIFIC).date()


def pacific_midnight(day: date) -> datetime:
    """Return the instant a quota day begins; days of 23 and 25 hours come out right."""
    return datetime.combine(day, time(), _PACIFIC).astimezone(UTC)


def next_pacific_midnight(at: datetime) -> datetime:
    """Return the instant at which the quota day of `at` ends."""
    return pacific_midnight(pacific_day(at) + timedelta(days=1))


def format_instant(at: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with whole seconds, e.g. `2026-01-02T03:04:05Z`."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse_instant(text: str) -> datetime:
    """Read an RFC 3339 instant with an offset and up to nine fraction digits.

    Raises:
        InvalidValueError: not such an instant, or without an offset.
    """
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter when UTC falls out of the years 1 to 9999
        raise InvalidValueError(f"not an RFC 3339 instant: {text[:40]!r}") from None
    raise InvalidValueError(f"an instant needs an offset: {text[:40]!r}")
