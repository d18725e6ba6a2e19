"""Visible videos per hour of publish time, kept in step with the rows in the same transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, insert, select, update

from app.store.models import HourCountRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Connection


_FIND = select(HourCountRow.scope, HourCountRow.hour_at).where(
    HourCountRow.scope.in_(bindparam("scopes", expanding=True)),
    HourCountRow.hour_at.in_(bindparam("hours", expanding=True)),
)
_INSERT = insert(HourCountRow).values(
    scope=bindparam("of"), hour_at=bindparam("at"), videos=bindparam("n")
)
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
        self._differences: Counter[tuple[int, datetime]] = Counter()

    def add_all(self, scopes: Iterable[int], published_at: datetime, difference: int) -> None:
        """Note that each scope gained (or lost, if negative) videos in the hour of an instant."""
        hour_at = published_at.replace(minute=0, second=0, microsecond=0)
        for scope in scopes:
            self._differences[scope, hour_at] += difference

    def flush(self) -> None:
        """Write what was noted."""
        differences = {key: n for key, n in sorted(self._differences.items()) if n}
        rows = [{"of": scope, "at": hour_at, "n": n} for (scope, hour_at), n in differences.items()]
        if not rows or self._connection.execute(_MOVE, rows).rowcount == len(rows):
            return
        moved = self._stored(differences)
        fresh = [row for row in rows if (row["of"], row["at"]) not in moved]
        if fresh:
            self._connection.execute(_INSERT, fresh)

    def _stored(self, keys: Collection[tuple[int, datetime]]) -> set[tuple[int, datetime]]:
        """Return which of the keys have a row; a few others may be among them."""
        scopes, hours = ({key[part] for key in keys} for part in (0, 1))
        found = self._connection.execute(_FIND, {"scopes": list(scopes), "hours": list(hours)})
        return {(scope, hour_at) for scope, hour_at in found}


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
