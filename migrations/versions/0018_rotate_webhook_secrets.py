"""Let webhooks change their secrets, and count how often in a row one has failed.

Webhooks that fail while this runs count from nothing, so that they are given up a little later.

Locks: on webhooks, for the moment the columns are added; all have a constant default or none, so
no row is written.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.types import Instant, ascii_key

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("webhooks", sa.Column("previous_secret", ascii_key(64)))
    op.add_column("webhooks", sa.Column("previous_until", Instant()))
    op.add_column(
        "webhooks", sa.Column("failures", sa.Integer(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Drop them: only the newest secrets sign."""
    for name in ("failures", "previous_until", "previous_secret"):
        op.drop_column("webhooks", name)
