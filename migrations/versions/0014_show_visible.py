"""Show no video that every watch excludes: note which are visible, and count those.

Locks: the column has a constant default, so every engine adds it without writing a row; PostgreSQL
then keeps everybody from videos until the migration is done, MySQL and MariaDB build the two
indexes beside readers and writers. Written are videos that are hidden or excluded, the one row of
feed_version and the counts of all videos and of channels. Writers of the release before know
nothing of the column: stop them first. Its readers go on meanwhile.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import ascii_key

revision = "0014"
down_revision = "0013"

_FEED = ["published_at", "video_id"]
_CHANNEL_FEED = ["channel_id", *_FEED]
_VIDEOS = sa.table(
    "videos",
    sa.column("video_id", ascii_key(11)),
    sa.column("seq", sa.BigInteger()),
    sa.column("visible", sa.Boolean()),
)
_EXCLUDED = sa.text(
    "SELECT videos.video_id FROM videos JOIN watch_videos USING (video_id) "
    "WHERE hidden_at IS NULL GROUP BY videos.video_id HAVING COUNT(excluded_by) = COUNT(*)"
)
_HOUR = {
    "sqlite": "strftime('%Y-%m-%d %H:00:00.000000', published_at)",
    "mysql": "DATE_FORMAT(published_at, '%Y-%m-%d %H:00:00')",
    "mariadb": "DATE_FORMAT(published_at, '%Y-%m-%d %H:00:00')",
    "postgresql": "date_trunc('hour', published_at)",
}
_MONTH = {
    "sqlite": "strftime('%Y-%m-01', published_at)",
    "mysql": "DATE_FORMAT(published_at, '%Y-%m-01')",
    "mariadb": "DATE_FORMAT(published_at, '%Y-%m-01')",
    "postgresql": "CAST(date_trunc('month', published_at) AS DATE)",
}


def upgrade() -> None:
    """Add the column, fill it and count anew; build the new indexes before the old go."""
    op.add_column("videos", sa.Column("visible", sa.Boolean(), nullable=False, server_default="1"))
    op.execute("UPDATE videos SET visible = false WHERE hidden_at IS NOT NULL")
    _tell_anew(visible=False)
    _count("visible = true")
    op.create_index("ix_videos_visible", "videos", [*_FEED, "visible"])
    op.create_index("ix_videos_channel_visible", "videos", [*_CHANNEL_FEED, "visible"])
    op.drop_index("ix_videos_feed", "videos")
    op.drop_index("ix_videos_channel_feed", "videos")


def downgrade() -> None:
    """Drop the column: feeds show what every watch excludes."""
    _tell_anew(visible=True)
    _count("hidden_at IS NULL")
    op.create_index("ix_videos_feed", "videos", [*_FEED, "hidden_at"])
    op.create_index("ix_videos_channel_feed", "videos", [*_CHANNEL_FEED, "hidden_at"])
    op.drop_index("ix_videos_channel_visible", "videos")
    op.drop_index("ix_videos_visible", "videos")
    op.drop_column("videos", "visible")


def _tell_anew(*, visible: bool) -> None:
    """Take the excluded videos out or back, each with a new seq: copies and caches follow."""
    connection = op.get_bind()
    video_ids = connection.execute(_EXCLUDED).scalars().all()
    seq = connection.execute(sa.text("SELECT seq FROM feed_version")).scalar_one()
    mine = sa.update(_VIDEOS).where(_VIDEOS.c.video_id == sa.bindparam("key"))
    change = mine.values(visible=visible, seq=sa.bindparam("new_seq"))
    rows = [{"key": key, "new_seq": n} for n, key in enumerate(sorted(video_ids), start=seq + 1)]
    if rows:
        connection.execute(change, rows)
        version = sa.text("UPDATE feed_version SET seq = :seq")
        connection.execute(version, {"seq": seq + len(rows)})


def _count(shown: str) -> None:
    dialect = op.get_bind().dialect.name
    hour, month = _HOUR[dialect], _MONTH[dialect]
    for stale in ("hour_counts WHERE scope = 0", "day_counts WHERE scope = 0", "channel_counts"):
        op.execute(f"DELETE FROM {stale}")  # noqa: S608 - our own words, as below
    op.execute(
        "INSERT INTO hour_counts (scope, hour_at, videos) "  # noqa: S608 - as above
        f"SELECT 0, {hour}, COUNT(*) FROM videos WHERE {shown} GROUP BY {hour}"
    )
    op.execute(
        "INSERT INTO day_counts (scope, day, videos) SELECT scope, DATE(hour_at), SUM(videos) "
        "FROM hour_counts WHERE scope = 0 GROUP BY scope, DATE(hour_at)"
    )
    op.execute(
        "INSERT INTO channel_counts (channel_id, month, videos) "  # noqa: S608 - as above
        f"SELECT channel_id, {month}, COUNT(*) FROM videos WHERE {shown} "
        f"GROUP BY channel_id, {month}"
    )
