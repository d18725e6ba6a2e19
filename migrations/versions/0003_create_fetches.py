"""Create the log of fetches.

Locks: none that matter, the tables are new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import BigId, Instant, ascii_key, long_text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create both tables; the log begins empty."""
    op.create_table(
        "fetches",
        sa.Column("fetch_id", BigId, autoincrement=True, nullable=False),
        sa.Column("source", ascii_key(16), nullable=False),
        sa.Column("purpose", ascii_key(16), nullable=False),
        sa.Column("range_starts_at", Instant()),
        sa.Column("range_ends_at", Instant()),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=False),
        sa.Column("pages", sa.BigInteger(), nullable=False),
        sa.Column("search_calls", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("error_code", ascii_key(40)),
        sa.Column("error_detail", long_text()),
        sa.PrimaryKeyConstraint("fetch_id", name="pk_fetches"),
    )
    op.create_table(
        "fetch_watches",
        sa.Column("fetch_id", sa.BigInteger(), nullable=False),
        sa.Column("watch_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fetch_id", "watch_id", name="pk_fetch_watches"),
        sa.ForeignKeyConstraint(
            ["fetch_id"], ["fetches.fetch_id"], name="fk_fetch_watches_fetch_id"
        ),
    )
    op.create_index("ix_fetch_watches_watch_id_fetch_id", "fetch_watches", ["watch_id", "fetch_id"])


def downgrade() -> None:
    """Drop both tables: the log is lost, and nothing else."""
    op.drop_table("fetch_watches")
    op.drop_table("fetches")
