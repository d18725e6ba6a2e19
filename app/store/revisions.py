"""Which migration a database has come to, and which this release has; without Alembic.

Every process asks this; only one that migrates needs Alembic, which is slow to import.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

if TYPE_CHECKING:
    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def revision_of(connection: Connection) -> str | None:
    """Return which migration a database has come to; None if it has come to none."""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def tables_of(connection: Connection) -> frozenset[str]:
    """Return the names of the tables that are there, whoever made them."""
    return frozenset(inspect(connection).get_table_names())


def newest_revision() -> str:
    """Return the last migration of this release; files are named by their numbers."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("0*.py"))
