"""Give each database a name of its own, so that two sites may share a Redis.

Locks: feed_version, one row, for an instant. Releases before this one leave the column alone.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from app.store.types import ascii_key

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Add the column and draw the name."""
    op.add_column("feed_version", sa.Column("site", ascii_key(32), nullable=True))
    row = sa.table("feed_version", sa.column("site", ascii_key(32)))
    op.execute(row.update().values(site=secrets.token_hex(8)))


def downgrade() -> None:
    """Drop the column: heads are then published under no name, and made anew."""
    op.drop_column("feed_version", "site")
