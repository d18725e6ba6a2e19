"""Index what fetches cost by when they began, so that a day is summed up without reading the log.

Locks: fetches cannot be written while the index is built (not on MySQL and MariaDB); a second for
a million of them.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_fetches_costs", "fetches", ["started_at", "search_calls", "units"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_fetches_costs", "fetches")
