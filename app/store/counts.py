"""Visible videos by publish time, kept in step with the rows.

Counts are written in the transaction that changes the rows, so they are exact. What they are read
for, totals and row numbers, is the business of `store/row_numbers.py`.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from app.store.bulk import add_rows
from app.store.grains import DAYS, HOURS, MONTHS
from app.store.models import ALL_VIDEOS, DayCountRow, HourCountRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    from sqlalchemy import Connection

    from app.store.grains import Grain
    from app.store.rows import Columns

    Differences = Mapping[tuple[int, date], int] | Mapping[tuple[str, date], int]


class Counts:
    """Collects differences, to write them in one go."""

    def __init__(self) -> None:
        self._of_hours: Counter[tuple[int, date]] = Counter()
        self._of_days: Counter[tuple[int, date]] = Counter()
        self._of_months: Counter[tuple[str, date]] = Counter()

    def add(
        self, channel_id: str, published_at: datetime, watches: Iterable[int], difference: int
    ) -> None:
        """Note that a visible video came into the feeds it belongs to (1) or left them (-1)."""
        self.add_scopes((ALL_VIDEOS, *watches), published_at, difference)
        month = MONTHS.key_of(published_at.astimezone(UTC))
        self._of_months[channel_id, month] += difference

    def add_scopes(self, scopes: Iterable[int], published_at: datetime, difference: int) -> None:
        """Note the same of some of its feeds, its channel's not among them."""
        at = published_at.astimezone(UTC)
        hour, day = HOURS.key_of(at), DAYS.key_of(at)
        for scope in scopes:
            self._of_hours[scope, hour] += difference
            self._of_days[scope, day] += difference

    def flush(self, connection: Connection) -> None:
        """Write what was noted; the feed version's lock must be held."""
        _write(connection, HOURS, self._of_hours)
        _write(connection, DAYS, self._of_days)
        _write(connection, MONTHS, self._of_months)


def counts_since(connection: Connection, hour_at: datetime) -> dict[int, tuple[int, datetime]]:
    """Return the visible videos published since an hour began and the first such hour, by scope."""
    row = HourCountRow
    query = select(row.scope, func.sum(row.videos), func.min(row.hour_at))
    recent = query.where(row.hour_at >= hour_at, row.videos > 0).group_by(row.scope)
    return {scope: (int(n), first) for scope, n, first in connection.execute(recent)}


def forget_scope(connection: Connection, scope: int) -> None:
    """Drop the counts of a watch that is removed."""
    connection.execute(delete(HourCountRow).where(HourCountRow.scope == scope))
    connection.execute(delete(DayCountRow).where(DayCountRow.scope == scope))


def _write(connection: Connection, grain: Grain, differences: Differences) -> None:
    rows: list[Columns] = [
        {grain.whose.name: whose, grain.at.name: at, grain.videos.name: difference}
        for (whose, at), difference in sorted(differences.items())
        if difference
    ]
    add_rows(connection, grain.table, rows, grain.videos.name)
