"""The schema's version: bring a database up (or down) through the migrations."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from app.domain.errors import NewsreelError
from app.store.revisions import MIGRATIONS, newest_revision, revision_of, tables_of
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app.store.database import Database

MOST_OF_A_RELEASE = 20
"""How many migrations a release adds at most: one further ahead is of a later release still."""

_VERSIONS = "alembic_version"


class SchemaError(NewsreelError):
    """The database is there, but its schema cannot be brought to this release's."""

    code = "schema_unusable"


def migrate(database: Database, revision: str = "head") -> None:
    """Bring the schema up to `revision`; harmless when it is there already.

    One that the next release has already brought up is left as it is: it only adds (ADR 0029), so
    that release can be taken back.

    Raises:
        StoreUnavailableError: the database cannot be reached.
        SchemaError: it is of another release, or a migration failed.
    """
    with _told(), database.patient_connection() as connection:
        if revision == "head" and (found := _of_next_release(connection)):
            get_logger(__name__).warning("schema_newer", found=found, known=newest_revision())
            return
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str = "base") -> None:
    """Take the schema back to `revision`; `base` drops everything.

    Raises:
        StoreUnavailableError: the database cannot be reached.
        SchemaError: it is of another release, or a migration failed.
    """
    with _told(), database.patient_connection() as connection:
        command.downgrade(_config(connection), revision)


def _of_next_release(connection: Connection) -> str | None:
    """Return the migration a database has come to, if it is one of the next release's."""
    if _VERSIONS not in tables_of(connection):
        return None
    found, newest = revision_of(connection) or "", newest_revision()
    is_next = found.isdecimal() and 0 < int(found) - int(newest) <= MOST_OF_A_RELEASE
    return found if is_next else None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise SchemaError(
            f"the database's schema is not one that this release of Newsreel knows: {error}"
        ) from None
    except DBAPIError as error:
        words = str(error.orig).partition("\n")[0]
        raise SchemaError(f"the database's schema cannot be changed: {words}") from None


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))  # as INI has it
    config.attributes["connection"] = connection
    return config
