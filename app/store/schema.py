"""The schema's version: bring a database up (or down) through the migrations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    from app.store.database import Database

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the schema up to `revision`; harmless when it is there already.

    Raises:
        StoreUnavailableError: the database cannot be reached.
    """
    with database.connection() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Take the schema back to `revision`; `base` drops everything.

    Raises:
        StoreUnavailableError: the database cannot be reached.
    """
    with database.connection() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def is_current(database: Database) -> bool:
    """Tell whether every migration has been run.

    Raises:
        StoreUnavailableError: the database cannot be reached.
    """
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with database.connection() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
