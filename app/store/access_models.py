"""The tables of who may come in: hashes of secrets only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.store.models import Base
from app.store.types import BigId, Instant, ascii_key, unicode_key


class ClientRow(Base):
    """A client of the API, with the hashes of up to two secrets."""

    __tablename__ = "clients"
    __table_args__ = (UniqueConstraint("name"),)

    client_id: Mapped[str] = mapped_column(ascii_key(40), primary_key=True)
    name: Mapped[str] = mapped_column(unicode_key(100))
    scopes: Mapped[str] = mapped_column(ascii_key(200))
    secret_hash: Mapped[str] = mapped_column(ascii_key(64))
    previous_hash: Mapped[str | None] = mapped_column(ascii_key(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    rotated_at: Mapped[datetime | None] = mapped_column(Instant)


class RevocationRow(Base):
    """A token, or all of a client's, that hold no more; kept while they could still be valid."""

    __tablename__ = "revocations"
    __table_args__ = (Index("ix_revocations_expires_at", "expires_at"),)

    revoked: Mapped[str] = mapped_column(ascii_key(40), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)


class FeedTokenRow(Base):
    """A token in the address of one feed: a watch's, with which it goes, a channel's, or all."""

    __tablename__ = "feed_tokens"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_feed_tokens_watch_id", "watch_id"),
    )

    feed_token_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    token_hash: Mapped[str] = mapped_column(ascii_key(64))
    watch_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("watches.watch_id", ondelete="CASCADE")
    )
    channel_id: Mapped[str | None] = mapped_column(ascii_key(24))
    created_at: Mapped[datetime] = mapped_column(Instant)


class SessionRow(Base):
    """A browser in which somebody gave the operator's password; few, so read by key or whole."""

    __tablename__ = "sessions"

    session_hash: Mapped[str] = mapped_column(ascii_key(64), primary_key=True)
    password_tag: Mapped[str] = mapped_column(ascii_key(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
