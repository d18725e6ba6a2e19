"""The tables. What each is for stands in its docstring; how they are used, in the repositories."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Date,
    Double,
    ForeignKey,
    Index,
    MetaData,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.store.types import BigId, Instant, ascii_key, ascii_text, long_text, unicode_key

REMOVED = "removed"
"""The kind of a watch that was removed, until its links are gone; its term is its id then.

`RemovedWatchRow` has what they were.
"""

ALL_VIDEOS = 0
"""The scope of the counts that counts every visible video; other scopes are watch ids."""

NEVER_TOLD = 0
"""The seq of a video that was not visible yet: readers need not be told that it is not there."""


class Base(DeclarativeBase):
    """Holds the tables' metadata; constraint names are the same on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class VideoRow(Base):
    """A video: its best telling so far, and its history with us.

    `visible` is false while a moderator hides it (`hidden_at`) and while every watch that found it
    excludes it. The indexes of feeds hold it, so that what a page passes over is never fetched; as
    their last column, so that nothing is looked up by it.

    `first_seq` is the seq with which a finding first made it visible; null of those that are older
    than the column, and of those that none has.
    """

    __tablename__ = "videos"
    __table_args__ = (
        Index("ix_videos_visible", "published_at", "video_id", "visible"),
        Index("ix_videos_channel_visible", "channel_id", "published_at", "video_id", "visible"),
        Index("ix_videos_seq", "seq"),
        Index("ix_videos_first_seq", "first_seq"),
        Index("ix_videos_completed_at", "completed_at"),
        Index("ix_videos_refresh_due_at", "refresh_due_at"),
        Index("ix_videos_refreshed_at", "refreshed_at"),
    )

    video_id: Mapped[str] = mapped_column(ascii_key(11), primary_key=True)
    title: Mapped[str] = mapped_column(long_text())
    description: Mapped[str] = mapped_column(long_text())
    published_at: Mapped[datetime] = mapped_column(Instant)
    channel_id: Mapped[str] = mapped_column(ascii_key(24))
    channel_title: Mapped[str] = mapped_column(long_text())
    thumbnails: Mapped[str] = mapped_column(long_text())
    live: Mapped[str | None] = mapped_column(ascii_key(10))
    duration_seconds: Mapped[int | None] = mapped_column(BigInteger)
    category_id: Mapped[str | None] = mapped_column(ascii_key(16))
    language: Mapped[str | None] = mapped_column(ascii_key(35))
    tags: Mapped[str | None] = mapped_column(long_text())
    view_count: Mapped[int | None] = mapped_column(BigInteger)
    like_count: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(ascii_key(16))
    detail: Mapped[int] = mapped_column(SmallInteger)
    fetched_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    refreshed_at: Mapped[datetime] = mapped_column(Instant)
    refresh_due_at: Mapped[datetime | None] = mapped_column(Instant)
    completed_at: Mapped[datetime | None] = mapped_column(Instant)
    missing_since: Mapped[datetime | None] = mapped_column(Instant)
    hidden_at: Mapped[datetime | None] = mapped_column(Instant)
    visible: Mapped[bool] = mapped_column(server_default="1")
    seq: Mapped[int] = mapped_column(BigInteger)
    first_seq: Mapped[int | None] = mapped_column(BigInteger)


class HiddenVideoRow(Base):
    """That a moderator hides a video. No key of `videos`: it outlives the video's removal.

    `videos.hidden_at` repeats it for a video that is stored.
    """

    __tablename__ = "hidden_videos"

    video_id: Mapped[str] = mapped_column(ascii_key(11), primary_key=True)
    note: Mapped[str] = mapped_column(long_text())
    hidden_by: Mapped[str] = mapped_column(ascii_key(60))
    hidden_at: Mapped[datetime] = mapped_column(Instant)


class VideoTextRow(Base):
    """The tokens a video is found by (`store/search_text.py`), apart from what changes often.

    Their index is none of the models': every database has its own kind (`store/full_text.py`).
    """

    __tablename__ = "video_texts"
    __table_args__ = (UniqueConstraint("video_id"),)

    text_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    video_id: Mapped[str] = mapped_column(ascii_key(11), ForeignKey("videos.video_id"))
    search_text: Mapped[str] = mapped_column(ascii_text())


class WatchRow(Base):
    """A watched keyword or channel, its claim (lease and fence) and how far it has been read.

    `packed_at` is when it was last taken for a packed reading or one by Invidious, `packed_until`
    up to when a packed one has looked for it; neither says anything about completeness.

    `filters` is canonical JSON, null for none. `refilter_after` is null unless its filters are
    being applied to what it found before: then links up to that video id have been judged anew.
    """

    __tablename__ = "watches"
    __table_args__ = (
        UniqueConstraint("kind", "term"),
        Index("ix_watches_next_due_at", "next_due_at"),
        {"sqlite_autoincrement": True},  # an id names feeds and claims: it is never used again
    )

    watch_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(ascii_key(16))
    term: Mapped[str] = mapped_column(unicode_key(200))
    label: Mapped[str] = mapped_column(long_text())
    paused: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_due_at: Mapped[datetime] = mapped_column(Instant)
    leased_until: Mapped[datetime | None] = mapped_column(Instant)
    fence: Mapped[int] = mapped_column(BigInteger)
    read_until: Mapped[datetime] = mapped_column(Instant)
    packed_at: Mapped[datetime | None] = mapped_column(Instant)
    packed_until: Mapped[datetime | None] = mapped_column(Instant)
    feed_seq: Mapped[int] = mapped_column(BigInteger)
    last_accessed_at: Mapped[datetime | None] = mapped_column(Instant)
    last_success_at: Mapped[datetime | None] = mapped_column(Instant)
    error_code: Mapped[str | None] = mapped_column(ascii_key(40))
    error_since: Mapped[datetime | None] = mapped_column(Instant)
    error_detail: Mapped[str | None] = mapped_column(long_text())
    min_interval_seconds: Mapped[int | None] = mapped_column(BigInteger)
    weight: Mapped[float] = mapped_column(Double, server_default="1")
    region: Mapped[str | None] = mapped_column(ascii_key(2))
    language: Mapped[str | None] = mapped_column(ascii_key(8))
    filters: Mapped[str | None] = mapped_column(long_text())
    refilter_after: Mapped[str | None] = mapped_column(ascii_key(11))
    wanted_at: Mapped[datetime | None] = mapped_column(Instant)
    follow: Mapped[bool] = mapped_column(server_default="1")


class RemovedWatchRow(Base):
    """What a removed watch was, as long as it can be brought back; see `REMOVED`."""

    __tablename__ = "removed_watches"

    watch_id: Mapped[int] = mapped_column(
        BigInteger,
        ForeignKey("watches.watch_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    kind: Mapped[str] = mapped_column(ascii_key(16))
    term: Mapped[str] = mapped_column(unicode_key(200))
    paused: Mapped[bool]
    removed_at: Mapped[datetime] = mapped_column(Instant)


class WatchVideoRow(Base):
    """That a watch found a video, and why. `published_at` is the video's, for the feed's index.

    `delay_seconds` is known of a video that an earlier reading of its second did not show: how
    long after its publish time search first showed it to us. `entered_seq` is the seq at which what
    was found of it last brought it into the watch's feed; null if it never did.
    """

    __tablename__ = "watch_videos"
    __table_args__ = (
        Index(
            "ix_watch_videos_watch_id_published_at_video_id", "watch_id", "published_at", "video_id"
        ),
        Index("ix_watch_videos_video_id", "video_id"),
        Index("ix_watch_videos_watch_id_entered_seq", "watch_id", "entered_seq"),
    )

    watch_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("watches.watch_id"), primary_key=True
    )
    video_id: Mapped[str] = mapped_column(
        ascii_key(11), ForeignKey("videos.video_id"), primary_key=True
    )
    published_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(ascii_key(24))
    uncertain: Mapped[bool]
    excluded_by: Mapped[str | None] = mapped_column(ascii_key(40))
    delay_seconds: Mapped[int | None] = mapped_column(BigInteger)
    entered_seq: Mapped[int | None] = mapped_column(BigInteger)


class RangeRow(Base):
    """A stretch of publish time that a watch has still to read, both ends included.

    `due_at` is null for seconds that no call can show whole.
    """

    __tablename__ = "ranges"
    __table_args__ = (Index("ix_ranges_watch_id_ends_at", "watch_id", "ends_at"),)

    range_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    watch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("watches.watch_id"))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    reading: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str] = mapped_column(ascii_key(16))
    due_at: Mapped[datetime | None] = mapped_column(Instant)


class HourCountRow(Base):
    """Visible videos by the hour of their publish time: totals and page numbers without a scan."""

    __tablename__ = "hour_counts"

    scope: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hour_at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    videos: Mapped[int] = mapped_column(BigInteger)


class DayCountRow(Base):
    """The hours of `hour_counts` summed up by day (UTC), so that depth costs a few rows."""

    __tablename__ = "day_counts"

    scope: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    videos: Mapped[int] = mapped_column(BigInteger)


class ChannelCountRow(Base):
    """Visible videos of a channel by the month (UTC) of their publish time; `month` is its 1st.

    Most channels have a few videos, so that finer counts would be as many rows as videos.
    """

    __tablename__ = "channel_counts"

    channel_id: Mapped[str] = mapped_column(ascii_key(24), primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    videos: Mapped[int] = mapped_column(BigInteger)


class QuotaUsageRow(Base):
    """What a project has used of a bucket on a Pacific day."""

    __tablename__ = "quota_usage"

    project: Mapped[str] = mapped_column(unicode_key(100), primary_key=True)
    bucket: Mapped[str] = mapped_column(ascii_key(16), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)
    day_limit: Mapped[int] = mapped_column(BigInteger)
    exhausted_at: Mapped[datetime | None] = mapped_column(Instant)


class ReserveUsageRow(Base):
    """How many search calls were asked for by hand on a Pacific day, at the reserve's cost."""

    __tablename__ = "reserve_usage"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)


class KeyStateRow(Base):
    """Why a key may not be used, by fingerprint; a key without a row is usable."""

    __tablename__ = "key_states"

    fingerprint: Mapped[str] = mapped_column(ascii_key(12), primary_key=True)
    project: Mapped[str] = mapped_column(unicode_key(100))
    state: Mapped[str] = mapped_column(ascii_key(16))
    reason: Mapped[str] = mapped_column(long_text())
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)


class FetchRow(Base):
    """A fetch that is over: what was asked, what it cost, what came of it.

    Its index holds what it cost, so that a day's costs are summed from the index alone.
    """

    __tablename__ = "fetches"
    __table_args__ = (Index("ix_fetches_costs", "started_at", "search_calls", "units"),)

    fetch_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(ascii_key(16))
    purpose: Mapped[str] = mapped_column(ascii_key(16))
    range_starts_at: Mapped[datetime | None] = mapped_column(Instant)
    range_ends_at: Mapped[datetime | None] = mapped_column(Instant)
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime] = mapped_column(Instant)
    pages: Mapped[int] = mapped_column(BigInteger)
    search_calls: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int] = mapped_column(BigInteger)
    found: Mapped[int] = mapped_column(BigInteger)
    added: Mapped[int] = mapped_column(BigInteger)
    updated: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    error_code: Mapped[str | None] = mapped_column(ascii_key(40))
    error_detail: Mapped[str | None] = mapped_column(long_text())


class FetchWatchRow(Base):
    """For which watch a fetch was made. No key of `watches`: the log outlives a removed watch."""

    __tablename__ = "fetch_watches"
    __table_args__ = (Index("ix_fetch_watches_watch_id_fetch_id", "watch_id", "fetch_id"),)

    fetch_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("fetches.fetch_id"), primary_key=True
    )
    watch_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class TombstoneRow(Base):
    """That a video was deleted, for those who keep a copy; dropped after 30 days."""

    __tablename__ = "tombstones"
    __table_args__ = (
        Index("ix_tombstones_seq", "seq"),
        Index("ix_tombstones_deleted_at", "deleted_at"),
    )

    video_id: Mapped[str] = mapped_column(ascii_key(11), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    deleted_at: Mapped[datetime] = mapped_column(Instant)


class FeedVersionRow(Base):
    """One row: the seq given out last. Locking it first puts content transactions in order.

    Deletions up to `pruned_seq` may have lost their tombstones. `site` names this database among
    those that share a Redis; it was drawn by a migration.
    """

    __tablename__ = "feed_version"

    feed_version_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    pruned_seq: Mapped[int] = mapped_column(BigInteger, server_default="0")
    site: Mapped[str | None] = mapped_column(ascii_key(32))
