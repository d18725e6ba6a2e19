from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import inspect

from app.domain.errors import StoreUnavailableError
from app.store.database import Database
from app.store.models import Base
from app.store.schema import downgrade, migrate
from app.store.store import Store
from tests.contract.store.tellings import VIDEO, get_video, record

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def empty_database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.dispose()


def _tables(database: Database) -> set[str]:
    with database.connection() as connection:
        names = inspect(connection).get_table_names()
    return {name for name in names if not name.startswith("ft_")}  # SQLite's index of texts


def test_the_schema_goes_up_down_and_up_again(empty_database: Database) -> None:
    migrate(empty_database)
    assert _tables(empty_database) == {*Base.metadata.tables, "alembic_version"}
    record(Store(empty_database), [VIDEO])

    downgrade(empty_database)
    assert _tables(empty_database) == {"alembic_version"}

    migrate(empty_database)
    assert record(Store(empty_database), [VIDEO]).added == (VIDEO.video_id,)


def test_migrating_again_changes_nothing(empty_database: Database) -> None:
    store = Store(empty_database)
    store.migrate()
    record(store, [VIDEO])
    store.migrate()
    assert get_video(store, VIDEO.video_id).video == VIDEO


def test_a_database_that_was_never_migrated_counts_as_away(empty_database: Database) -> None:
    with pytest.raises(StoreUnavailableError):
        record(Store(empty_database), [VIDEO])
