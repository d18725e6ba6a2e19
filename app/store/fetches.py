"""The log of fetches. Rows are written once, when a fetch is over, and pruned by age."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, literal, select, union_all

from app.domain.fetches import FetchRecord, FetchSource, LoggedFetch, Purpose
from app.domain.quota import Spending
from app.domain.ranges import Stretch
from app.store.logs import list_around
from app.store.models import FetchRow, FetchWatchRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from app.domain.fetches import FetchQuery
    from app.store.logs import Lines

_PLAIN = (
    "started_at",
    "finished_at",
    "pages",
    "search_calls",
    "units",
    "found",
    "added",
    "updated",
    "rejected",
    "error_code",
    "error_detail",
)
"""The columns named like the fields of `FetchRecord` that hold the same values."""


class FetchRepository:
    """Reads and writes the log within one transaction.

    Lines are found by ids: they grow with time, so neither a page nor the oldest rows need an
    index of their own. A filter by source or error reads past the rows it leaves out.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, record: FetchRecord) -> None:
        """Log a fetch; watches it names may be gone by now."""
        added = self._connection.execute(insert(FetchRow).values(_columns(record)))
        fetch_id = added.inserted_primary_key[0] if added.inserted_primary_key else None
        rows = [{"fetch_id": fetch_id, "watch_id": watch} for watch in sorted(record.watch_ids)]
        if rows:
            self._connection.execute(insert(FetchWatchRow), rows)

    def list_around(self, query: FetchQuery, limit: int) -> list[LoggedFetch]:
        """Return up to `limit` fetches next to the query's cursor, newest first."""
        rows = list_around(self._connection, *_chosen(query), query.cursor, limit)
        watches = self._watches(row.fetch_id for row in rows)
        return [_logged(row, watches.get(row.fetch_id, ())) for row in rows]

    def list_spent(self, edges: Sequence[datetime]) -> list[Spending]:
        """Return what the fetches cost that began between an instant and the next, for each pair.

        Reads as many lines of the index of costs as there are fetches between first and last.
        """
        row = FetchRow
        sums = (
            select(
                literal(number).label("number"),
                func.sum(row.search_calls).label("search_calls"),
                func.sum(row.units).label("units"),
            ).where(row.started_at >= first, row.started_at < last)
            for number, (first, last) in enumerate(pairwise(edges))
        )
        found = union_all(*sums).subquery()
        rows = self._connection.execute(select(found).order_by(found.c.number))
        return [Spending(int(it.search_calls or 0), int(it.units or 0)) for it in rows]

    def prune(self, before: datetime, limit: int) -> int:
        """Drop those of the `limit` oldest fetches that ended before an instant; count them."""
        oldest = select(FetchRow.fetch_id, FetchRow.finished_at)
        rows = self._connection.execute(oldest.order_by(FetchRow.fetch_id).limit(limit)).all()
        outdated = [row.fetch_id for row in rows if row.finished_at < before]
        if outdated:
            for table in (FetchWatchRow, FetchRow):
                self._connection.execute(delete(table).where(table.fetch_id.in_(outdated)))
        return len(outdated)

    def _watches(self, fetch_ids: Iterable[int]) -> Mapping[int, tuple[int, ...]]:
        query = select(FetchWatchRow.fetch_id, FetchWatchRow.watch_id)
        links = query.where(FetchWatchRow.fetch_id.in_(list(fetch_ids)))
        found: dict[int, tuple[int, ...]] = {}
        for row in self._connection.execute(links.order_by(FetchWatchRow.watch_id)):
            found[row.fetch_id] = (*found.get(row.fetch_id, ()), row.watch_id)
        return found


def _chosen(query: FetchQuery) -> tuple[Lines, ColumnElement[int]]:
    """Select what a query chooses; return that and by which column it is numbered."""
    rows = select(FetchRow.__table__)
    place = FetchRow.fetch_id.expression
    if query.watch_id is not None:
        # In the order of the link's index, so that a page costs its own rows only.
        place = FetchWatchRow.fetch_id.expression
        links = rows.join(FetchWatchRow, FetchWatchRow.fetch_id == FetchRow.fetch_id)
        rows = links.where(FetchWatchRow.watch_id == query.watch_id)
    if query.source is not None:
        rows = rows.where(FetchRow.source == query.source.value)
    if query.failed is not None:
        error = FetchRow.error_code
        rows = rows.where(error.is_not(None) if query.failed else error.is_(None))
    return rows, place


def _columns(record: FetchRecord) -> dict[str, object]:
    columns: dict[str, object] = {name: getattr(record, name) for name in _PLAIN}
    return columns | {
        "source": record.source.value,
        "purpose": record.purpose.value,
        "range_starts_at": record.stretch.starts_at if record.stretch else None,
        "range_ends_at": record.stretch.ends_at if record.stretch else None,
    }


def _logged(row: Row[tuple[object, ...]], watch_ids: tuple[int, ...]) -> LoggedFetch:
    stretch = None
    if row.range_starts_at is not None:
        stretch = Stretch(row.range_starts_at, row.range_ends_at)
    record = FetchRecord(
        source=FetchSource(row.source),
        purpose=Purpose(row.purpose),
        watch_ids=watch_ids,
        stretch=stretch,
        **{name: getattr(row, name) for name in _PLAIN},
    )
    return LoggedFetch(row.fetch_id, record)
