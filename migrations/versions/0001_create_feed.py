"""Create the tables of the feed, the watches and the quota.

Locks: none that matter, the tables are new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import BigId, Instant, ascii_key, long_text, unicode_key

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table and the one row of feed_version."""
    _create_videos()
    _create_watches()
    _create_watch_videos()
    _create_ranges()
    _create_hour_counts()
    _create_quota()
    _create_feed_version()


def downgrade() -> None:
    """Drop every table: all data is lost."""
    for table in (
        "feed_version",
        "key_states",
        "quota_usage",
        "hour_counts",
        "ranges",
        "watch_videos",
        "watches",
        "videos",
    ):
        op.drop_table(table)


def _create_videos() -> None:
    op.create_table(
        "videos",
        sa.Column("video_id", ascii_key(11), nullable=False),
        sa.Column("title", long_text(), nullable=False),
        sa.Column("description", long_text(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("channel_id", ascii_key(24), nullable=False),
        sa.Column("channel_title", long_text(), nullable=False),
        sa.Column("thumbnails", long_text(), nullable=False),
        sa.Column("live", ascii_key(10)),
        sa.Column("duration_seconds", sa.BigInteger()),
        sa.Column("category_id", ascii_key(16)),
        sa.Column("language", ascii_key(35)),
        sa.Column("tags", long_text()),
        sa.Column("view_count", sa.BigInteger()),
        sa.Column("like_count", sa.BigInteger()),
        sa.Column("source", ascii_key(16), nullable=False),
        sa.Column("detail", sa.SmallInteger(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("refreshed_at", Instant(), nullable=False),
        sa.Column("completed_at", Instant()),
        sa.Column("missing_since", Instant()),
        sa.Column("hidden_at", Instant()),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("video_id", name="pk_videos"),
    )
    op.create_index("ix_videos_published_at_video_id", "videos", ["published_at", "video_id"])
    op.create_index(
        "ix_videos_channel_id_published_at_video_id",
        "videos",
        ["channel_id", "published_at", "video_id"],
    )
    op.create_index("ix_videos_seq", "videos", ["seq"])
    op.create_index("ix_videos_completed_at", "videos", ["completed_at"])


def _create_watches() -> None:
    op.create_table(
        "watches",
        sa.Column("watch_id", BigId, autoincrement=True, nullable=False),
        sa.Column("kind", ascii_key(16), nullable=False),
        sa.Column("term", unicode_key(200), nullable=False),
        sa.Column("label", long_text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_due_at", Instant(), nullable=False),
        sa.Column("leased_until", Instant()),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("read_until", Instant(), nullable=False),
        sa.Column("feed_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_accessed_at", Instant()),
        sa.Column("last_success_at", Instant()),
        sa.Column("error_code", ascii_key(40)),
        sa.Column("error_since", Instant()),
        sa.Column("error_detail", long_text()),
        sa.PrimaryKeyConstraint("watch_id", name="pk_watches"),
        sa.UniqueConstraint("kind", "term", name="uq_watches_kind_term"),
        sqlite_autoincrement=True,  # an id names feeds and claims: it is never used again
    )
    op.create_index("ix_watches_next_due_at", "watches", ["next_due_at"])


def _create_watch_videos() -> None:
    op.create_table(
        "watch_videos",
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.Column("video_id", ascii_key(11), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("reason", ascii_key(24), nullable=False),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("excluded_by", ascii_key(40)),
        sa.PrimaryKeyConstraint("watch_id", "video_id", name="pk_watch_videos"),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.watch_id"], name="fk_watch_videos_watch_id"
        ),
        sa.ForeignKeyConstraint(["video_id"], ["videos.video_id"], name="fk_watch_videos_video_id"),
    )
    op.create_index(
        "ix_watch_videos_watch_id_published_at_video_id",
        "watch_videos",
        ["watch_id", "published_at", "video_id"],
    )
    op.create_index("ix_watch_videos_video_id", "watch_videos", ["video_id"])


def _create_ranges() -> None:
    op.create_table(
        "ranges",
        sa.Column("range_id", BigId, autoincrement=True, nullable=False),
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("reason", ascii_key(16), nullable=False),
        sa.PrimaryKeyConstraint("range_id", name="pk_ranges"),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.watch_id"], name="fk_ranges_watch_id"),
    )
    op.create_index("ix_ranges_watch_id_ends_at", "ranges", ["watch_id", "ends_at"])


def _create_hour_counts() -> None:
    op.create_table(
        "hour_counts",
        sa.Column("scope", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour_at", Instant(), nullable=False),
        sa.Column("videos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "hour_at", name="pk_hour_counts"),
    )


def _create_quota() -> None:
    op.create_table(
        "quota_usage",
        sa.Column("project", unicode_key(100), nullable=False),
        sa.Column("bucket", ascii_key(16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("day_limit", sa.BigInteger(), nullable=False),
        sa.Column("exhausted_at", Instant()),
        sa.PrimaryKeyConstraint("project", "bucket", "day", name="pk_quota_usage"),
    )
    op.create_table(
        "key_states",
        sa.Column("fingerprint", ascii_key(12), nullable=False),
        sa.Column("project", unicode_key(100), nullable=False),
        sa.Column("state", ascii_key(16), nullable=False),
        sa.Column("reason", long_text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("until", Instant()),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_key_states"),
    )


def _create_feed_version() -> None:
    table = op.create_table(
        "feed_version",
        sa.Column("feed_version_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("feed_version_id", name="pk_feed_version"),
    )
    op.bulk_insert(table, [{"feed_version_id": 1, "seq": 0}])
