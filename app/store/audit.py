"""The audit log. Entries are written in the transaction of what they tell, and pruned by age."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import delete, insert, select

from app.domain.audit import Actor, AuditEntry
from app.domain.text import storable
from app.store.audit_models import AuditRow
from app.store.logs import list_around
from app.telemetry import redact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from app.domain.audit import Action, AuditQuery
    from app.store.logs import Line

LONGEST_TEXT = 500
"""Characters of a value; what is longer is cut."""

MOST_VALUES = 50
"""Of a list; the others are left out."""


class AuditRepository:
    """Reads and writes the log within one transaction.

    Like the log of fetches it goes by ids throughout; a filter reads past what it leaves out, which
    is little: people do not do much in a year.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        actor: Actor,
        action: Action,
        subject: str,
        at: datetime,
        details: Mapping[str, object],
    ) -> AuditEntry:
        """Write an entry; texts among the details are cut and freed of what looks like a secret."""
        told = {name: _told(value) for name, value in details.items()}
        columns = {
            "at": at,
            "actor": actor.name,
            "address": actor.address,
            "action": action.value,
            "subject": subject,
            "details": orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode(),
        }
        added = self._connection.execute(insert(AuditRow).values(columns)).inserted_primary_key
        return AuditEntry(added[0] if added else 0, at, actor, action.value, subject, told)

    def list_around(self, query: AuditQuery, limit: int) -> list[AuditEntry]:
        """Return up to `limit` entries next to the query's cursor, newest first."""
        row = AuditRow
        lines = select(row.__table__)
        chosen = {
            row.actor: query.actor,
            row.action: query.action and query.action.value,
            row.subject: query.subject,
        }
        for column, wanted in chosen.items():
            if wanted is not None:
                lines = lines.where(column == wanted)
        number = row.audit_id.expression
        found = list_around(self._connection, lines, number, query.cursor, limit)
        return [_entry(line) for line in found]

    def prune(self, before: datetime, limit: int) -> int:
        """Drop those of the `limit` oldest entries that are older than an instant; count them."""
        oldest = select(AuditRow.audit_id, AuditRow.at).order_by(AuditRow.audit_id).limit(limit)
        rows = self._connection.execute(oldest).all()
        outdated = [row.audit_id for row in rows if row.at < before]
        if outdated:
            self._connection.execute(delete(AuditRow).where(AuditRow.audit_id.in_(outdated)))
        return len(outdated)


def _told(value: object) -> object:
    """Return a value as the log has it."""
    if isinstance(value, str):
        # First freed of secrets, then cut: half a secret would not be known as one.
        whole = redact(storable(value))
        return whole if len(whole) <= LONGEST_TEXT else whole[:LONGEST_TEXT] + "…"
    if isinstance(value, dict):
        return {name: _told(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_told(each) for each in value[:MOST_VALUES]]
    return value


def _entry(line: Line) -> AuditEntry:
    return AuditEntry(
        audit_id=line.audit_id,
        at=line.at,
        actor=Actor(line.actor, line.address),
        action=line.action,
        subject=line.subject,
        details=orjson.loads(line.details),
    )
