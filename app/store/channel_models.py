"""The tables of how channels are followed, pushed and glanced at; see `models`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models import Base
from app.store.types import BigId, Instant, ascii_key, ascii_text, long_text


class ChannelStateRow(Base):
    """How a watched channel was followed so far; a watch without a row was not yet.

    Of a reading of the uploads playlist that did not end, `walk_read_down_to` says how far it came
    and `walk_page_token` which page was its last (null for the first).
    """

    __tablename__ = "channel_states"

    watch_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("watches.watch_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    playlist_id: Mapped[str] = mapped_column(ascii_key(64))
    feed_read_at: Mapped[datetime | None] = mapped_column(Instant)
    feed_failing_since: Mapped[datetime | None] = mapped_column(Instant)
    feed_retry_at: Mapped[datetime | None] = mapped_column(Instant)
    uploads_tried_at: Mapped[datetime | None] = mapped_column(Instant)
    uploads_read_at: Mapped[datetime | None] = mapped_column(Instant)
    walk_page_token: Mapped[str | None] = mapped_column(ascii_key(400))
    walk_read_down_to: Mapped[datetime | None] = mapped_column(Instant)


class SubscriptionRow(Base):
    """What the hub is asked to push, under an address nobody can guess (`token`) and a secret.

    `mode` is what was asked for last, `asked_at` when, null once the hub has said yes. No key of
    `watches`: a channel that is watched no more has still to be unsubscribed.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("channel_id"),
        Index("ix_subscriptions_next_try_at", "next_try_at"),
    )

    token: Mapped[str] = mapped_column(ascii_key(64), primary_key=True)
    channel_id: Mapped[str] = mapped_column(ascii_key(24))
    secret: Mapped[str] = mapped_column(ascii_key(64))
    topic: Mapped[str] = mapped_column(ascii_key(200))
    mode: Mapped[str] = mapped_column(ascii_key(16))
    asked_at: Mapped[datetime | None] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    next_try_at: Mapped[datetime] = mapped_column(Instant)


class PushHintRow(Base):
    """A video that a push named, until its channel's next poll has asked about it."""

    __tablename__ = "push_hints"
    __table_args__ = (Index("ix_push_hints_channel_id", "channel_id"),)

    hint_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    channel_id: Mapped[str] = mapped_column(ascii_key(24))
    video_id: Mapped[str] = mapped_column(ascii_key(11))
    received_at: Mapped[datetime] = mapped_column(Instant)


class GlanceRow(Base):
    """What was seen of a channel that is asked for and not watched; `videos` is JSON."""

    __tablename__ = "channel_glances"
    __table_args__ = (
        Index("ix_channel_glances_due", "wanted", "next_try_at"),
        Index("ix_channel_glances_last_accessed_at", "last_accessed_at"),
    )

    channel_id: Mapped[str] = mapped_column(ascii_key(24), primary_key=True)
    wanted: Mapped[int] = mapped_column(SmallInteger)
    next_try_at: Mapped[datetime] = mapped_column(Instant)
    last_accessed_at: Mapped[datetime] = mapped_column(Instant)
    fetched_at: Mapped[datetime | None] = mapped_column(Instant)
    reach: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(ascii_key(16))
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    gone_until: Mapped[datetime | None] = mapped_column(Instant)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    videos: Mapped[str] = mapped_column(long_text())


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
