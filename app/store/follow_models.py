"""The tables of channels that are followed for keywords; see `models`."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - the mapper reads it

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models import Base
from app.store.types import Instant, ascii_key, ascii_text, long_text


class FollowRow(Base):
    """That a channel is followed for a keyword, and what it brought as last counted."""

    __tablename__ = "follows"
    __table_args__ = (Index("ix_follows_channel_id", "channel_id"),)

    watch_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("watches.watch_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    channel_id: Mapped[str] = mapped_column(ascii_key(24), primary_key=True)
    channel_title: Mapped[str] = mapped_column(long_text())
    followed_since: Mapped[datetime] = mapped_column(Instant)
    matches: Mapped[int] = mapped_column(BigInteger)
    last_match_at: Mapped[datetime] = mapped_column(Instant)


class FollowedChannelRow(Base):
    """How a followed channel was read so far; `seen` names the videos that were judged already."""

    __tablename__ = "followed_channels"
    __table_args__ = (Index("ix_followed_channels_next_due_at", "next_due_at"),)

    channel_id: Mapped[str] = mapped_column(ascii_key(24), primary_key=True)
    next_due_at: Mapped[datetime] = mapped_column(Instant)
    feed_read_at: Mapped[datetime | None] = mapped_column(Instant)
    feed_failing_since: Mapped[datetime | None] = mapped_column(Instant)
    feed_retry_at: Mapped[datetime | None] = mapped_column(Instant)
    uploads_tried_at: Mapped[datetime | None] = mapped_column(Instant)
    seen: Mapped[str] = mapped_column(ascii_text())
