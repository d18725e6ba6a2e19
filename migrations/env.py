"""Alembic's entry: runs the migrations over the connection that app.store.schema hands it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import context

from app.store import access_models, notice_models  # noqa: F401 - add their tables to the metadata
from app.store.models import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection


def run(connection: Connection) -> None:
    """Run the migrations in one transaction where the database can (MySQL cannot)."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
