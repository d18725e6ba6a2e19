"""Count days beside hours and a channel's months, and pass over rows of a feed within its index.

Locks: PostgreSQL locks videos against writes while it builds the two indexes; MySQL and MariaDB
build them beside writes. The tables of counts are new; hour_counts and an index of videos are read
once to fill them. Writers of the release before know nothing of them: stop them first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import ascii_key

revision = "0007"
down_revision = "0006"

_FEED = ["published_at", "video_id"]
_CHANNEL_FEED = ["channel_id", *_FEED]
_MONTH = {
    "sqlite": "strftime('%Y-%m-01', published_at)",
    "mysql": "DATE_FORMAT(published_at, '%Y-%m-01')",
    "mariadb": "DATE_FORMAT(published_at, '%Y-%m-01')",
    "postgresql": "CAST(date_trunc('month', published_at) AS DATE)",
}


def upgrade() -> None:
    """Create the counts and fill them; build the new indexes before the old go."""
    op.create_table(
        "day_counts",
        sa.Column("scope", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("videos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "day", name="pk_day_counts"),
    )
    op.execute(
        "INSERT INTO day_counts (scope, day, videos) "
        "SELECT scope, DATE(hour_at), SUM(videos) FROM hour_counts GROUP BY scope, DATE(hour_at)"
    )
    op.create_index("ix_videos_feed", "videos", [*_FEED, "hidden_at"])
    op.create_index("ix_videos_channel_feed", "videos", [*_CHANNEL_FEED, "hidden_at"])
    _count_channels()
    op.drop_index("ix_videos_published_at_video_id", "videos")
    op.drop_index("ix_videos_channel_id_published_at_video_id", "videos")


def downgrade() -> None:
    """Drop the counts and what the indexes hold more: depth costs what it did."""
    op.drop_table("channel_counts")
    op.create_index("ix_videos_published_at_video_id", "videos", _FEED)
    op.create_index("ix_videos_channel_id_published_at_video_id", "videos", _CHANNEL_FEED)
    op.drop_index("ix_videos_channel_feed", "videos")
    op.drop_index("ix_videos_feed", "videos")
    op.drop_table("day_counts")


def _count_channels() -> None:
    op.create_table(
        "channel_counts",
        sa.Column("channel_id", ascii_key(24), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("videos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "month", name="pk_channel_counts"),
    )
    month = _MONTH[op.get_bind().dialect.name]
    op.execute(
        "INSERT INTO channel_counts (channel_id, month, videos) "  # noqa: S608 - our own words
        f"SELECT channel_id, {month}, COUNT(*) FROM videos WHERE hidden_at IS NULL "
        f"GROUP BY channel_id, {month}"
    )
