"""Say of each video when it is to be asked about again.

Locks: PostgreSQL locks videos while it writes every row and builds both indexes; MySQL and MariaDB
add the column in place and build the indexes beside writes, and lock each row they fill in.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; what is stored is due at once, the longest unrefreshed first."""
    op.add_column("videos", sa.Column("refresh_due_at", Instant()))
    op.execute("UPDATE videos SET refresh_due_at = refreshed_at")
    op.create_index("ix_videos_refresh_due_at", "videos", ["refresh_due_at"])
    op.create_index("ix_videos_refreshed_at", "videos", ["refreshed_at"])


def downgrade() -> None:
    """Drop the column: nothing is refreshed any more."""
    op.drop_index("ix_videos_refreshed_at", "videos")
    op.drop_index("ix_videos_refresh_due_at", "videos")
    op.drop_column("videos", "refresh_due_at")
