"""Follow channels for keywords: which, what they brought, and how far their listings were seen.

Locks: on watches, shared, for the moment its foreign key is made; the new column has a constant
default, so every engine adds it without writing a row. Both tables are new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, ascii_key, ascii_text, long_text

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the option, which is on, and the tables; whom to follow is found out anew."""
    op.add_column("watches", sa.Column("follow", sa.Boolean(), nullable=False, server_default="1"))
    op.create_table(
        "follows",
        sa.Column("watch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", ascii_key(24), nullable=False),
        sa.Column("channel_title", long_text(), nullable=False),
        sa.Column("followed_since", Instant(), nullable=False),
        sa.Column("matches", sa.BigInteger(), nullable=False),
        sa.Column("last_match_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("watch_id", "channel_id", name="pk_follows"),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.watch_id"], name="fk_follows_watch_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_follows_channel_id", "follows", ["channel_id"])
    op.create_table(
        "followed_channels",
        sa.Column("channel_id", ascii_key(24), nullable=False),
        sa.Column("next_due_at", Instant(), nullable=False),
        sa.Column("feed_read_at", Instant()),
        sa.Column("feed_failing_since", Instant()),
        sa.Column("feed_retry_at", Instant()),
        sa.Column("uploads_tried_at", Instant()),
        sa.Column("seen", ascii_text(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_followed_channels"),
    )
    op.create_index("ix_followed_channels_next_due_at", "followed_channels", ["next_due_at"])


def downgrade() -> None:
    """Drop them: nobody is followed any more. What was found by following stays."""
    op.execute(sa.text("UPDATE fetches SET purpose = 'poll' WHERE purpose = 'follow'"))
    op.drop_table("followed_channels")
    op.drop_table("follows")
    op.drop_column("watches", "follow")
