"""The sessions of browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, or_, select, update

from app.domain.sessions import IDLE, LIFE, Session
from app.store.access_models import SessionRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


class SessionRepository:
    """Reads and writes sessions within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session) -> None:
        """Store a new session."""
        values = {name: getattr(session, name) for name in Session.__slots__}
        self._connection.execute(insert(SessionRow).values(**values))

    def find(self, session_hash: str) -> Session | None:
        """Return the session with this hash, even if it is over."""
        query = select(SessionRow.__table__).where(SessionRow.session_hash == session_hash)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Session(**row._asdict())

    def touch(self, session_hash: str, now: datetime) -> None:
        """Note that a session is used."""
        used = update(SessionRow).where(SessionRow.session_hash == session_hash)
        self._connection.execute(used.values(seen_at=now))

    def delete(self, session_hash: str) -> bool:
        """Forget a session; tell whether there was one."""
        gone = delete(SessionRow).where(SessionRow.session_hash == session_hash)
        return self._connection.execute(gone).rowcount == 1

    def prune(self, now: datetime) -> None:
        """Forget the sessions that are over."""
        is_over = or_(SessionRow.created_at <= now - LIFE, SessionRow.seen_at <= now - IDLE)
        self._connection.execute(delete(SessionRow).where(is_over))
