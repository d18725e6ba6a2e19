"""Remember deletions, so that copies can follow them.

Locks: feed_version, one row, for an instant; the table of tombstones is new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, ascii_key

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table; nothing was ever deleted before."""
    op.create_table(
        "tombstones",
        sa.Column("video_id", ascii_key(11), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("deleted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("video_id", name="pk_tombstones"),
    )
    op.create_index("ix_tombstones_seq", "tombstones", ["seq"])
    op.create_index("ix_tombstones_deleted_at", "tombstones", ["deleted_at"])
    op.add_column(
        "feed_version", sa.Column("pruned_seq", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Drop the table: copies no longer learn of the deletions it held."""
    op.drop_column("feed_version", "pruned_seq")
    op.drop_table("tombstones")
