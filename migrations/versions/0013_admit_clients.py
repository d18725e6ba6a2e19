"""Keep the API's clients, revocations of their tokens, and the tokens of feed readers.

Locks: on watches, shared, for the moment its foreign key is made; all three tables are new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import BigId, Instant, ascii_key, unicode_key

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the tables; there are no clients yet."""
    op.create_table(
        "clients",
        sa.Column("client_id", ascii_key(40), nullable=False),
        sa.Column("name", unicode_key(100), nullable=False),
        sa.Column("scopes", ascii_key(200), nullable=False),
        sa.Column("secret_hash", ascii_key(64), nullable=False),
        sa.Column("previous_hash", ascii_key(64)),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("rotated_at", Instant()),
        sa.PrimaryKeyConstraint("client_id", name="pk_clients"),
        sa.UniqueConstraint("name", name="uq_clients_name"),
    )
    op.create_table(
        "revocations",
        sa.Column("revoked", ascii_key(40), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("revoked", name="pk_revocations"),
    )
    op.create_index("ix_revocations_expires_at", "revocations", ["expires_at"])
    op.create_table(
        "feed_tokens",
        sa.Column("feed_token_id", BigId, autoincrement=True, nullable=False),
        sa.Column("token_hash", ascii_key(64), nullable=False),
        sa.Column("watch_id", sa.BigInteger()),
        sa.Column("channel_id", ascii_key(24)),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("feed_token_id", name="pk_feed_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_feed_tokens_token_hash"),
        sa.ForeignKeyConstraint(
            ["watch_id"],
            ["watches.watch_id"],
            name="fk_feed_tokens_watch_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_feed_tokens_watch_id", "feed_tokens", ["watch_id"])


def downgrade() -> None:
    """Drop the tables: every client and every feed reader loses its access."""
    op.drop_table("feed_tokens")
    op.drop_table("revocations")
    op.drop_table("clients")
