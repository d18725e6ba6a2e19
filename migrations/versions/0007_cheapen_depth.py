"""Count days beside hours, and pass over rows of a feed within its index.

Locks: PostgreSQL locks videos against writes while it builds the two indexes; MySQL and MariaDB
build them beside writes. The table of days is new; hour_counts is read once to fill it. Writers
of the release before know nothing of days: stop them first.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_FEED = ["published_at", "video_id"]
_CHANNEL_FEED = ["channel_id", *_FEED]


def upgrade() -> None:
    """Create the days and fill them from the hours; build the new indexes before the old go."""
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
    op.drop_index("ix_videos_published_at_video_id", "videos")
    op.drop_index("ix_videos_channel_id_published_at_video_id", "videos")


def downgrade() -> None:
    """Drop the days and what the indexes hold more: depth costs what it did."""
    op.create_index("ix_videos_published_at_video_id", "videos", _FEED)
    op.create_index("ix_videos_channel_id_published_at_video_id", "videos", _CHANNEL_FEED)
    op.drop_index("ix_videos_channel_feed", "videos")
    op.drop_index("ix_videos_feed", "videos")
    op.drop_table("day_counts")
