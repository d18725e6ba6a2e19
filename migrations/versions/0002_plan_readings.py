"""Say of each range the how-manieth reading it is and when it is due, and measure delays.

Locks: MySQL and MariaDB add the columns in place; PostgreSQL locks each table for an instant;
SQLite copies both.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; ranges left open by the release before were due for their first reading."""
    with op.batch_alter_table("ranges") as table:
        table.add_column(
            sa.Column("reading", sa.SmallInteger(), nullable=False, server_default="1")
        )
        table.add_column(sa.Column("due_at", Instant()))
    op.execute("UPDATE ranges SET due_at = ends_at")
    with op.batch_alter_table("ranges") as table:
        table.alter_column(
            "reading", existing_type=sa.SmallInteger(), existing_nullable=False, server_default=None
        )
    with op.batch_alter_table("watch_videos") as table:
        table.add_column(sa.Column("delay_seconds", sa.BigInteger()))


def downgrade() -> None:
    """Drop the columns: second and later readings become first ones, delays are lost."""
    with op.batch_alter_table("watch_videos") as table:
        table.drop_column("delay_seconds")
    with op.batch_alter_table("ranges") as table:
        table.drop_column("due_at")
        table.drop_column("reading")
