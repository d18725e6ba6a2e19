"""Alerts, so that of many processes one tells of each trouble, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from app.domain.alerts import Alert
from app.store.notice_models import AlertRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_COLUMNS = (
    "code",
    "detail",
    "since",
    "next_try_at",
    "ended_at",
    "told_at",
    "failing_since",
)


class AlertRepository:
    """Reads and writes alerts within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_all(self) -> list[Alert]:
        """Return every alert, the oldest trouble first."""
        query = select(AlertRow.__table__).order_by(AlertRow.since, AlertRow.code)
        rows = self._connection.execute(query)
        return [Alert(**{name: getattr(row, name) for name in _COLUMNS}) for row in rows]

    def put(self, alert: Alert) -> None:
        """Write an alert in the place of what was there of it; the callers stand in line."""
        self.delete([alert.code])
        columns = {name: getattr(alert, name) for name in _COLUMNS}
        self._connection.execute(insert(AlertRow).values(columns))

    def replace(self, before: Alert, after: Alert | None) -> bool:
        """Write an alert, or delete it, if nobody else holds it by now; tell whether."""
        held = AlertRow.code == before.code, AlertRow.next_try_at == before.next_try_at
        if after is None:
            return self._connection.execute(delete(AlertRow).where(*held)).rowcount == 1
        columns = {name: getattr(after, name) for name in _COLUMNS}
        return self._connection.execute(update(AlertRow).where(*held).values(columns)).rowcount == 1

    def delete(self, codes: Sequence[str]) -> None:
        """Forget alerts."""
        self._connection.execute(delete(AlertRow).where(AlertRow.code.in_(codes)))
