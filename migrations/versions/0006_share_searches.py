"""Note which watches shared a search, and how far it looked.

Locks: the columns may be null, so every engine adds them without writing a row.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns: no watch has shared a search yet."""
    op.add_column("watches", sa.Column("packed_at", Instant()))
    op.add_column("watches", sa.Column("packed_until", Instant()))


def downgrade() -> None:
    """Drop the columns: every watch is searched for by itself again."""
    op.drop_column("watches", "packed_until")
    op.drop_column("watches", "packed_at")
