"""Keep how watched channels are followed, the hub's subscriptions and what its pushes named.

Locks: on watches, shared, for the moment its foreign key is made; all three tables are new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import BigId, Instant, ascii_key

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the tables; every channel is followed anew."""
    op.create_table(
        "channel_states",
        sa.Column("watch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("playlist_id", ascii_key(64), nullable=False),
        sa.Column("feed_read_at", Instant()),
        sa.Column("feed_failing_since", Instant()),
        sa.Column("feed_retry_at", Instant()),
        sa.Column("uploads_tried_at", Instant()),
        sa.Column("uploads_read_at", Instant()),
        sa.Column("walk_page_token", ascii_key(400)),
        sa.Column("walk_read_down_to", Instant()),
        sa.PrimaryKeyConstraint("watch_id", name="pk_channel_states"),
        sa.ForeignKeyConstraint(
            ["watch_id"],
            ["watches.watch_id"],
            name="fk_channel_states_watch_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "subscriptions",
        sa.Column("token", ascii_key(64), nullable=False),
        sa.Column("channel_id", ascii_key(24), nullable=False),
        sa.Column("secret", ascii_key(64), nullable=False),
        sa.Column("topic", ascii_key(200), nullable=False),
        sa.Column("mode", ascii_key(16), nullable=False),
        sa.Column("asked_at", Instant()),
        sa.Column("expires_at", Instant()),
        sa.Column("failing_since", Instant()),
        sa.Column("next_try_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("token", name="pk_subscriptions"),
        sa.UniqueConstraint("channel_id", name="uq_subscriptions_channel_id"),
    )
    op.create_index("ix_subscriptions_next_try_at", "subscriptions", ["next_try_at"])
    op.create_table(
        "push_hints",
        sa.Column("hint_id", BigId, autoincrement=True, nullable=False),
        sa.Column("channel_id", ascii_key(24), nullable=False),
        sa.Column("video_id", ascii_key(11), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hint_id", name="pk_push_hints"),
    )
    op.create_index("ix_push_hints_channel_id", "push_hints", ["channel_id"])


def downgrade() -> None:
    """Drop the tables: channels are not followed any more, and the hub's leases run out."""
    op.drop_table("push_hints")
    op.drop_table("subscriptions")
    op.drop_table("channel_states")
