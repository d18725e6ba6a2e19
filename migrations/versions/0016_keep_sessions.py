"""Keep the sessions of browsers.

Locks: none; the table is new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, ascii_key

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Create the table; nobody has logged in yet."""
    op.create_table(
        "sessions",
        sa.Column("session_hash", ascii_key(64), nullable=False),
        sa.Column("password_tag", ascii_key(64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("session_hash", name="pk_sessions"),
    )


def downgrade() -> None:
    """Drop the table: everybody is logged out."""
    op.drop_table("sessions")
