"""Give watches options and filters, and count what is fetched on demand.

Locks: the new columns may be null or have a constant default, so every engine adds them without
writing a row. The table is new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from app.store.types import Instant, ascii_key, long_text

revision = "0009"
down_revision = "0008"

_COLUMNS = (
    ("min_interval_seconds", sa.BigInteger()),
    ("region", ascii_key(2)),
    ("language", ascii_key(8)),
    ("filters", long_text()),
    ("refilter_after", ascii_key(11)),
    ("wanted_at", Instant()),
)


def upgrade() -> None:
    """Add the columns: every watch wants all it finds and counts as much as any other."""
    for name, type_ in _COLUMNS:
        op.add_column("watches", sa.Column(name, type_))
    op.add_column("watches", sa.Column("weight", sa.Double(), nullable=False, server_default="1"))
    op.create_table(
        "reserve_usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_reserve_usage"),
    )


def downgrade() -> None:
    """Drop the columns; refused while a removed watch still has videos, which would be orphans.

    What a filter excluded stays excluded: the release before knows the mark, and no way to lift it.
    """
    removed = sa.text("SELECT COUNT(*) FROM watches WHERE kind = 'removed'")
    if op.get_bind().execute(removed).scalar_one():
        raise CommandError("a watch is still being removed: let it fetch until that is done")
    op.drop_table("reserve_usage")
    op.drop_column("watches", "weight")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("watches", name)
