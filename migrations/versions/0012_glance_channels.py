"""Keep what was seen of channels that are asked for and not watched.

Locks: none on what there is; the table is new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, ascii_key, long_text

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "channel_glances",
        sa.Column("channel_id", ascii_key(24), nullable=False),
        sa.Column("wanted", sa.SmallInteger(), nullable=False),
        sa.Column("next_try_at", Instant(), nullable=False),
        sa.Column("last_accessed_at", Instant(), nullable=False),
        sa.Column("fetched_at", Instant()),
        sa.Column("reach", sa.SmallInteger(), nullable=False),
        sa.Column("source", ascii_key(16), nullable=False),
        sa.Column("completed_at", Instant()),
        sa.Column("gone_until", Instant()),
        sa.Column("failing_since", Instant()),
        sa.Column("videos", long_text(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_channel_glances"),
    )
    op.create_index("ix_channel_glances_due", "channel_glances", ["wanted", "next_try_at"])
    op.create_index("ix_channel_glances_last_accessed_at", "channel_glances", ["last_accessed_at"])


def downgrade() -> None:
    """Drop the table: what is asked for again is fetched again."""
    op.drop_table("channel_glances")
