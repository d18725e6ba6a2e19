"""Sum the counts of hours up by day, so that deep pages and totals cost a few rows.

Locks: none that matter, the table is new; hour_counts is read once.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table and fill it from the hours."""
    op.create_table(
        "day_counts",
        sa.Column("scope", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("videos", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "day", name="pk_day_counts"),
    )
    op.execute(
        "INSERT INTO day_counts (scope, day, videos) "
        "SELECT scope, DATE(hour_at), SUM(videos) FROM hour_counts GROUP BY scope, DATE(hour_at)"
    )


def downgrade() -> None:
    """Drop the days: totals and page numbers walk hours again."""
    op.drop_table("day_counts")
