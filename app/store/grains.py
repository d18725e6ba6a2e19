"""What videos are counted by: hours and days of the feed of all and of watches, months of channels.

Says which table holds which counts and how time is cut for it; reads and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from app.store.models import Base

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from sqlalchemy import Column, Table


@dataclass(frozen=True, slots=True)
class Grain:
    """A table of counts.

    Args:
        table: has a row for every `whose` and piece of time (`at`) that had a video.
        whose: the column that names the feed.
        at: the column that names the piece of time.
        videos: the column with the number of visible videos.
        key_of: gives what `at` holds for an instant in UTC.
        after: gives the start of the next piece of time, from the start of one.
    """

    table: Table
    whose: Column[int] | Column[str]
    at: Column[date]
    videos: Column[int]
    key_of: Callable[[datetime], date]
    after: Callable[[datetime], datetime]


def start_of(key: date) -> datetime:
    """Return the first instant of a piece of time."""
    return key if isinstance(key, datetime) else datetime.combine(key, time(), UTC)


def _hour_of(at: datetime) -> date:
    return at.replace(minute=0, second=0, microsecond=0)


def _month_of(at: datetime) -> date:
    return at.date().replace(day=1)


def _after_hour(start: datetime) -> datetime:
    return start + timedelta(hours=1)


def _after_day(start: datetime) -> datetime:
    return start + timedelta(days=1)


def _after_month(start: datetime) -> datetime:
    return (start + timedelta(days=31)).replace(day=1)


def _grain(
    name: str,
    whose: str,
    at: str,
    key_of: Callable[[datetime], date],
    after: Callable[[datetime], datetime],
) -> Grain:
    table = Base.metadata.tables[name]
    return Grain(table, table.c[whose], table.c[at], table.c["videos"], key_of, after)


HOURS = _grain("hour_counts", "scope", "hour_at", _hour_of, _after_hour)
DAYS = _grain("day_counts", "scope", "day", datetime.date, _after_day)
MONTHS = _grain("channel_counts", "channel_id", "month", _month_of, _after_month)
