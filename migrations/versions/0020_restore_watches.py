"""Keep what removed watches were for, so that they can be brought back for a while.

Watches that were removed before this cannot be: their links go as they would have.

Locks: none; the table is new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, ascii_key, unicode_key

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "removed_watches",
        sa.Column("watch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", ascii_key(16), nullable=False),
        sa.Column("term", unicode_key(200), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["watch_id"],
            ["watches.watch_id"],
            name="fk_removed_watches_watch_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("watch_id", name="pk_removed_watches"),
    )


def downgrade() -> None:
    """Drop the table: what was removed stays removed."""
    op.drop_table("removed_watches")
