"""Visible videos per hour and per day of publish time, kept in step with the rows.

Counts are written in the transaction that changes the rows, so they are exact. Days are the sums of
their hours: a row number is found by walking days, then the hours of one day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import bindparam, delete, func, select, update

from app.store.bulk import insert_rows
from app.store.models import Base, DayCountRow, HourCountRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from sqlalchemy import ColumnElement, Connection, Select
    from sqlalchemy.orm import InstrumentedAttribute

    from app.store.rows import Columns

    Differences = Mapping[datetime, Counter[int]] | Mapping[date, Counter[int]]

T = TypeVar("T")


class _Grain:
    """One of the tables of counts; its statements are made once, as SQLAlchemy keeps them."""

    def __init__(self, table: str, at: str) -> None:
        self._table = Base.metadata.tables[table]
        self._at = at
        scope, at_column, videos = (self._table.c[name] for name in ("scope", at, "videos"))
        self._find = select(scope, at_column).where(
            scope.in_(bindparam("scopes", expanding=True)),
            at_column.in_(bindparam("ats", expanding=True)),
        )
        self._move = (
            update(self._table)
            .where(scope == bindparam("of"), at_column == bindparam("key_at"))
            .values(videos=videos + bindparam("n"))
        )

    def write(self, connection: Connection, differences: Differences) -> None:
        """Add differences by instant (or day) and scope to what is counted."""
        changed = {
            (scope, at): n
            for at, of_scopes in differences.items()
            for scope, n in of_scopes.items()
            if n
        }
        keys = sorted(changed)
        rows = [{"of": scope, "key_at": at, "n": changed[scope, at]} for scope, at in keys]
        if not rows or connection.execute(self._move, rows).rowcount == len(rows):
            return
        wanted = {"scopes": list({scope for scope, _ in keys}), "ats": list(differences)}
        moved = {(scope, at) for scope, at in connection.execute(self._find, wanted)}
        fresh: list[Columns] = [
            {"scope": scope, self._at: at, "videos": changed[scope, at]}
            for scope, at in keys
            if (scope, at) not in moved
        ]
        insert_rows(connection, self._table, fresh)


_HOURS = _Grain("hour_counts", "hour_at")
_DAYS = _Grain("day_counts", "day")


class HourCounts:
    """Collects differences and writes them in one go; the feed version's lock must be held."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._of_hours: dict[datetime, Counter[int]] = defaultdict(Counter)

    def add_all(self, scopes: Iterable[int], published_at: datetime, difference: int) -> None:
        """Note that each scope gained (or lost, if negative) videos in the hour of an instant."""
        hour_at = published_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        of_hour = self._of_hours[hour_at]
        for scope in scopes:
            of_hour[scope] += difference

    def flush(self) -> None:
        """Write what was noted."""
        of_days: dict[date, Counter[int]] = defaultdict(Counter)
        for hour_at, of_hour in self._of_hours.items():
            for scope, difference in of_hour.items():
                of_days[hour_at.date()][scope] += difference
        _HOURS.write(self._connection, self._of_hours)
        _DAYS.write(self._connection, of_days)


def _holding(
    at: InstrumentedAttribute[T], videos: InstrumentedAttribute[int], *of: ColumnElement[bool]
) -> dict[bool, Select[T, int]]:
    """Make the queries for the count that holds a row, and how many rows come before it.

    By whether the oldest come first.
    """
    made: dict[bool, Select[T, int]] = {}
    for oldest_first in (False, True):
        upto = func.sum(videos).over(
            order_by=at.asc() if oldest_first else at.desc(), rows=(None, 0)
        )
        running = select(at.label("at"), videos.label("videos"), upto.label("upto"))
        counts = running.where(videos > 0, *of).subquery().c
        passed = (counts.upto - counts.videos).label("passed")
        holding = select(counts.at, passed).where(counts.upto > bindparam("rows"))
        made[oldest_first] = holding.order_by(counts.upto).limit(1)
    return made


_TOTAL = select(func.coalesce(func.sum(DayCountRow.videos), 0)).where(
    DayCountRow.scope == bindparam("of")
)
_DAY_HOLDING = _holding(DayCountRow.day, DayCountRow.videos, DayCountRow.scope == bindparam("of"))
_HOUR_HOLDING = _holding(
    HourCountRow.hour_at,
    HourCountRow.videos,
    HourCountRow.scope == bindparam("of"),
    HourCountRow.hour_at >= bindparam("from_at"),
    HourCountRow.hour_at < bindparam("before"),
)


@dataclass(frozen=True, slots=True)
class Seek:
    """Where a row number lies: `skip` rows after an edge, the end of its hour that comes first.

    The edge is the hour's end, excluded, when counting from the newest; its start, included, when
    counting from the oldest.
    """

    edge_at: datetime
    skip: int


def total(connection: Connection, scope: int) -> int:
    """Return how many visible videos a scope has."""
    return int(connection.execute(_TOTAL, {"of": scope}).scalar_one())


def counts_since(connection: Connection, hour_at: datetime) -> dict[int, tuple[int, datetime]]:
    """Return the visible videos published since an hour began and the first such hour, by scope."""
    row = HourCountRow
    query = select(row.scope, func.sum(row.videos), func.min(row.hour_at))
    recent = query.where(row.hour_at >= hour_at, row.videos > 0).group_by(row.scope)
    return {scope: (int(n), first) for scope, n, first in connection.execute(recent)}


def seek(
    connection: Connection, scope: int, row_number: int, *, oldest_first: bool = False
) -> Seek | None:
    """Find the hour that holds a row (0 = the first of the order); None beyond the end."""
    asked: dict[str, object] = {"of": scope, "rows": row_number}
    day = connection.execute(_DAY_HOLDING[oldest_first], asked).first()
    if day is None:
        return None
    starts_at = datetime.combine(day.at, time(), UTC)
    in_day = row_number - int(day.passed)
    ends_at = starts_at + timedelta(days=1)
    asked = {"of": scope, "rows": in_day, "from_at": starts_at, "before": ends_at}
    hour = connection.execute(_HOUR_HOLDING[oldest_first], asked).one()
    edge_at = hour.at if oldest_first else hour.at + timedelta(hours=1)
    return Seek(edge_at, in_day - int(hour.passed))


def forget_scope(connection: Connection, scope: int) -> None:
    """Drop the counts of a watch that is removed."""
    connection.execute(delete(HourCountRow).where(HourCountRow.scope == scope))
    connection.execute(delete(DayCountRow).where(DayCountRow.scope == scope))
