"""The migrations are one numbered line, and they build what the models describe."""

import re
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, inspect

from app.store.database import Database
from app.store.models import Base
from app.store.revisions import MIGRATIONS
from app.store.store import Store  # which knows every table

SCRIPTS: list[Script] = list(reversed(list(ScriptDirectory(MIGRATIONS).walk_revisions())))


@pytest.fixture
def migrated(database_url: str) -> Iterator[Connection]:
    """A connection to a database that every migration has run on."""
    database = Database(database_url)
    Store(database).migrate()
    with database.connection() as connection:
        yield connection
    database.dispose()


def test_a_migrated_database_is_what_the_models_describe(migrated: Connection) -> None:
    context = MigrationContext.configure(
        migrated,
        opts={
            "compare_type": True,
            "compare_server_default": True,
            "include_name": _is_of_the_models,
        },
    )
    assert compare_metadata(context, Base.metadata) == []


def test_migrated_columns_have_the_types_and_collations_of_the_models(
    migrated: Connection,
) -> None:
    by_migrations = _columns(migrated)
    Base.metadata.drop_all(migrated)
    Base.metadata.create_all(migrated)
    assert by_migrations == _columns(migrated)


def test_the_migrations_are_one_numbered_line() -> None:
    numbers = [f"{number:04}" for number in range(1, len(SCRIPTS) + 1)]
    assert [script.revision for script in SCRIPTS] == numbers
    assert [script.down_revision for script in SCRIPTS] == [None, *numbers[:-1]]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.revision)
def test_a_migration_is_named_for_what_it_does_and_states_its_locks(script: Script) -> None:
    name = script.path.rpartition("/")[2]
    assert re.fullmatch(rf"{script.revision}_[a-z]+(_[a-z]+)+\.py", name)
    assert re.search(r"^Locks: ", script.module.__doc__ or "", flags=re.MULTILINE)


def _is_of_the_models(name: str | None, _kind: str, _parents: object) -> bool:
    """The index of texts is a kind of its own on every database, on SQLite even tables."""
    return name is None or not name.startswith("ft_")


def _columns(connection: Connection) -> dict[str, dict[str, str]]:
    inspector = inspect(connection)
    return {
        table: {column["name"]: repr(column["type"]) for column in inspector.get_columns(table)}
        for table in Base.metadata.tables
    }
