"""The table of who changed what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.store.models import Base
from app.store.types import BigId, Instant, ascii_key, long_text


class AuditRow(Base):
    """Something that was done; `details` is JSON. No key of anything: it outlives what it tells of.

    Ids are in no other order than that in which they were given out.
    """

    __tablename__ = "audit"
    __table_args__ = ({"sqlite_autoincrement": True},)  # a cursor names an id: none comes again

    audit_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(ascii_key(60))
    address: Mapped[str | None] = mapped_column(ascii_key(45))
    action: Mapped[str] = mapped_column(ascii_key(40))
    subject: Mapped[str] = mapped_column(ascii_key(80))
    details: Mapped[str] = mapped_column(long_text())
