"""Note when videos come into feeds, and keep who is told of that, and of trouble.

What is stored already came in before and is told to nobody: the columns are null for it.

Locks: on videos and watch_videos, against writes, while their indexes are built: for a moment on
MySQL and MariaDB, as long as it takes on PostgreSQL and SQLite. Columns that are null are added
without a copy. On watches, shared, for the moment a foreign key to it is made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import BigId, Instant, ascii_key, long_text

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the columns and create the tables."""
    op.add_column("videos", sa.Column("first_seq", sa.BigInteger()))
    op.create_index("ix_videos_first_seq", "videos", ["first_seq"])
    op.add_column("watch_videos", sa.Column("entered_seq", sa.BigInteger()))
    op.create_index(
        "ix_watch_videos_watch_id_entered_seq", "watch_videos", ["watch_id", "entered_seq"]
    )
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", BigId, autoincrement=True, nullable=False),
        sa.Column("watch_id", sa.BigInteger()),
        sa.Column("url", long_text(), nullable=False),
        sa.Column("secret", ascii_key(64), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_try_at", Instant(), nullable=False),
        sa.Column("failing_since", Instant()),
        sa.Column("paused", ascii_key(16)),
        sa.Column("paused_at", Instant()),
        sa.PrimaryKeyConstraint("webhook_id", name="pk_webhooks"),
        sa.ForeignKeyConstraint(
            ["watch_id"], ["watches.watch_id"], name="fk_webhooks_watch_id", ondelete="CASCADE"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhooks_next_try_at", "webhooks", ["next_try_at"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("number", BigId, autoincrement=True, nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", ascii_key(32), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.Column("videos", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("error", long_text()),
        sa.PrimaryKeyConstraint("number", name="pk_webhook_deliveries"),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["webhooks.webhook_id"],
            name="fk_webhook_deliveries_webhook_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_webhook_id", "webhook_deliveries", ["webhook_id", "number"]
    )
    op.create_table(
        "alerts",
        sa.Column("code", ascii_key(80), nullable=False),
        sa.Column("detail", long_text(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.Column("told_at", Instant()),
        sa.Column("failing_since", Instant()),
        sa.Column("next_try_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_alerts"),
    )


def downgrade() -> None:
    """Drop them: nobody is told any more."""
    op.drop_table("alerts")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
    op.drop_index("ix_watch_videos_watch_id_entered_seq", "watch_videos")
    op.drop_column("watch_videos", "entered_seq")
    op.drop_index("ix_videos_first_seq", "videos")
    op.drop_column("videos", "first_seq")
