"""How fresh the watches are, all of them at once; there are a thousand at most."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.domain.figures import MOST_WATCHES, WatchAge, WatchFigures
from app.domain.ranges import floor_second
from app.store.models import REMOVED, WatchRow, WatchVideoRow
from app.store.ranges import RangeRepository

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection, Row

    When = datetime | None
    Watch = Row[int, str, bool, datetime, datetime, When, datetime, When, str | None]

_COLUMNS = (
    *(WatchRow.watch_id, WatchRow.kind, WatchRow.paused, WatchRow.created_at),
    *(WatchRow.next_due_at, WatchRow.leased_until, WatchRow.read_until),
    *(WatchRow.last_success_at, WatchRow.error_code),
)


def read_watches(connection: Connection, now: datetime) -> WatchFigures:
    """Return the figures of all watches that were not removed."""
    watches = connection.execute(select(*_COLUMNS).where(WatchRow.kind != REMOVED)).all()
    active = sorted((it for it in watches if not it.paused), key=_success_at)
    open_since = RangeRepository(connection).first_open()
    complete = {it.watch_id: _complete_until(it, open_since.get(it.watch_id)) for it in active}
    due = [it.next_due_at for it in active if _is_due(it, now)]
    told = active[:MOST_WATCHES]
    newest = _newest(connection, [it.watch_id for it in told])
    return WatchFigures(
        counts=Counter((it.kind, _state(it)) for it in watches),
        stalest=tuple(
            WatchAge(
                watch_id=it.watch_id,
                kind=it.kind,
                success_at=_success_at(it),
                complete_until=complete[it.watch_id],
                newest_at=newest.get(it.watch_id),
            )
            for it in told
        ),
        success_at=_success_at(active[0]) if active else None,
        latest_at=_success_at(active[-1]) if active else None,
        complete_until=min(complete.values(), default=None),
        due=len(due),
        due_at=min(due, default=None),
    )


def _newest(connection: Connection, watch_ids: Collection[int]) -> dict[int, datetime]:
    """Return when the newest video of each was published: one look into the index for each."""
    link = WatchVideoRow
    newest = (
        select(link.published_at)
        .where(link.watch_id == WatchRow.watch_id)
        .order_by(link.published_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(WatchRow.watch_id, newest).where(WatchRow.watch_id.in_(watch_ids))
    found: dict[int, datetime | None] = {row[0]: row[1] for row in connection.execute(query)}
    return {watch_id: at for watch_id, at in found.items() if at is not None}


def _success_at(watch: Watch) -> datetime:
    at: datetime = watch.last_success_at or watch.created_at
    return at


def _complete_until(watch: Watch, open_since: datetime | None) -> datetime:
    read_until = floor_second(watch.read_until)
    return read_until if open_since is None else min(read_until, open_since)


def _is_due(watch: Watch, now: datetime) -> bool:
    free = watch.leased_until is None or watch.leased_until <= now
    return bool(free and watch.next_due_at <= now)


def _state(watch: Watch) -> str:
    if watch.paused:
        return "paused"
    return "failing" if watch.error_code else "active"
