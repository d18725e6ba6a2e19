"""Visible videos per hour of publish time, kept in step with the rows in the same transaction."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select, update

from app.store.bulk import insert_rows
from app.store.models import Base, HourCountRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from app.store.rows import Columns


_FIND = select(HourCountRow.scope, HourCountRow.hour_at).where(
    HourCountRow.scope.in_(bindparam("scopes", expanding=True)),
    HourCountRow.hour_at.in_(bindparam("hours", expanding=True)),
)
_TABLE = Base.metadata.tables["hour_counts"]
_MOVE = (
    update(HourCountRow)
    .where(HourCountRow.scope == bindparam("of"), HourCountRow.hour_at == bindparam("at"))
    .values(videos=HourCountRow.videos + bindparam("n"))
)


@dataclass(frozen=True, slots=True)
class Seek:
    """Where a row number lies: `skip` rows after the newest row published before `before`."""

    before: datetime
    skip: int


class HourCounts:
    """Collects differences and writes them in one go; the feed version's lock must be held."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._differences: dict[datetime, Counter[int]] = defaultdict(Counter)

    def add_all(self, scopes: Iterable[int], published_at: datetime, difference: int) -> None:
        """Note that each scope gained (or lost, if negative) videos in the hour of an instant."""
        of_hour = self._differences[published_at.replace(minute=0, second=0, microsecond=0)]
        for scope in scopes:
            of_hour[scope] += difference

    def flush(self) -> None:
        """Write what was noted."""
        differences = {
            (scope, hour_at): n
            for hour_at, of_hour in self._differences.items()
            for scope, n in of_hour.items()
            if n
        }
        keys = sorted(differences)
        rows = [{"of": key[0], "at": key[1], "n": differences[key]} for key in keys]
        if not rows or self._connection.execute(_MOVE, rows).rowcount == len(rows):
            return
        moved = self._stored()
        fresh: list[Columns] = [
            {"scope": scope, "hour_at": hour_at, "videos": differences[scope, hour_at]}
            for scope, hour_at in keys
            if (scope, hour_at) not in moved
        ]
        insert_rows(self._connection, _TABLE, fresh)

    def _stored(self) -> set[tuple[object, object]]:
        """Return which of the scopes and hours have a row together."""
        scopes = {scope for of_hour in self._differences.values() for scope in of_hour}
        wanted = {"scopes": list(scopes), "hours": list(self._differences)}
        return {(scope, hour_at) for scope, hour_at in self._connection.execute(_FIND, wanted)}


def total(connection: Connection, scope: int) -> int:
    """Return how many visible videos a scope has."""
    query = select(func.coalesce(func.sum(HourCountRow.videos), 0))
    return int(connection.execute(query.where(HourCountRow.scope == scope)).scalar_one())


def counts_since(connection: Connection, hour_at: datetime) -> dict[int, tuple[int, datetime]]:
    """Return the visible videos published since an hour began and the first such hour, by scope."""
    row = HourCountRow
    query = select(row.scope, func.sum(row.videos), func.min(row.hour_at))
    recent = query.where(row.hour_at >= hour_at, row.videos > 0).group_by(row.scope)
    return {scope: (int(n), first) for scope, n, first in connection.execute(recent)}


def seek(connection: Connection, scope: int, row_number: int) -> Seek | None:
    """Find the hour that holds a row (0 = newest); None beyond the end."""
    query = (
        select(HourCountRow.hour_at, HourCountRow.videos)
        .where(HourCountRow.scope == scope, HourCountRow.videos > 0)
        .order_by(HourCountRow.hour_at.desc())
    )
    passed = 0
    for hour_at, videos in connection.execute(query):
        if passed + videos > row_number:
            return Seek(before=hour_at + timedelta(hours=1), skip=row_number - passed)
        passed += videos
    return None


def forget_scope(connection: Connection, scope: int) -> None:
    """Drop the counts of a watch that is removed."""
    connection.execute(delete(HourCountRow).where(HourCountRow.scope == scope))
