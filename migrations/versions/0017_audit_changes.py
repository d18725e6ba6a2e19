"""Keep who changed what, and which videos are hidden apart from the videos themselves.

What is hidden now keeps no note, and nobody knows who hid it.

Locks: none on tables that there are; videos is read once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import BigId, Instant, ascii_key, long_text

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "audit",
        sa.Column("audit_id", BigId, autoincrement=True, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", ascii_key(60), nullable=False),
        sa.Column("address", ascii_key(45)),
        sa.Column("action", ascii_key(40), nullable=False),
        sa.Column("subject", ascii_key(80), nullable=False),
        sa.Column("details", long_text(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hidden_videos",
        sa.Column("video_id", ascii_key(11), nullable=False),
        sa.Column("note", long_text(), nullable=False),
        sa.Column("hidden_by", ascii_key(60), nullable=False),
        sa.Column("hidden_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("video_id", name="pk_hidden_videos"),
    )
    op.execute(
        "INSERT INTO hidden_videos (video_id, note, hidden_by, hidden_at) "
        "SELECT video_id, '', 'newsreel', hidden_at FROM videos WHERE hidden_at IS NOT NULL"
    )


def downgrade() -> None:
    """Drop them: what is stored stays hidden, what is not will be shown when it comes."""
    op.drop_table("hidden_videos")
    op.drop_table("audit")
