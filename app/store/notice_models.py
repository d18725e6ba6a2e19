"""The tables of those who are told: webhooks of new videos, the operator of trouble."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models import Base
from app.store.types import BigId, Instant, ascii_key, long_text


class WebhookRow(Base):
    """Where new videos of a watch are sent, or of all watches (`watch_id` null).

    All up to `next_seq` has arrived there. `next_try_at` is when it is due, and while a run is
    under way it is that run's mark: who finds another one has been overtaken.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        Index("ix_webhooks_next_try_at", "next_try_at"),
        {"sqlite_autoincrement": True},  # an id stands in what was sent: it is never used again
    )

    webhook_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    watch_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("watches.watch_id", ondelete="CASCADE")
    )
    url: Mapped[str] = mapped_column(long_text())
    secret: Mapped[str] = mapped_column(ascii_key(64))
    previous_secret: Mapped[str | None] = mapped_column(ascii_key(64))
    previous_until: Mapped[datetime | None] = mapped_column(Instant)
    next_seq: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_try_at: Mapped[datetime] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    failures: Mapped[int] = mapped_column(Integer, server_default="0")
    paused: Mapped[str | None] = mapped_column(ascii_key(16))
    paused_at: Mapped[datetime | None] = mapped_column(Instant)


class WebhookDeliveryRow(Base):
    """An attempt to deliver that is over; the newest of each webhook are kept."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (Index("ix_webhook_deliveries_webhook_id", "webhook_id", "number"),)

    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    webhook_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("webhooks.webhook_id", ondelete="CASCADE")
    )
    delivery_id: Mapped[str] = mapped_column(ascii_key(32))
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime] = mapped_column(Instant)
    after_seq: Mapped[int] = mapped_column(BigInteger)
    next_seq: Mapped[int] = mapped_column(BigInteger)
    videos: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    error: Mapped[str | None] = mapped_column(long_text())


class AlertRow(Base):
    """Trouble that the operator is told of: once when it began and once when it ended.

    A row goes when its end was told, or if it ended before anybody was told of it. `next_try_at` is
    when there is something to tell, and while a run is under way that run's mark.
    """

    __tablename__ = "alerts"

    code: Mapped[str] = mapped_column(ascii_key(80), primary_key=True)
    detail: Mapped[str] = mapped_column(long_text())
    since: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    next_try_at: Mapped[datetime] = mapped_column(Instant)
