from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, inspect

from app.domain.errors import StoreUnavailableError
from app.store import hour_counts
from app.store.database import Database
from app.store.hour_counts import Seek
from app.store.models import ALL_VIDEOS, Base, HourCountRow
from app.store.schema import downgrade, migrate
from app.store.store import Store
from tests.contract.store.tellings import NOW, VIDEO, get_video, record

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


def test_days_are_summed_from_the_hours_counted_before(empty_database: Database) -> None:
    migrate(empty_database, "0006")
    hours = [
        {"scope": scope, "hour_at": NOW.replace(hour=0) + timedelta(hours=hour), "videos": 2}
        for scope in (ALL_VIDEOS, 7)
        for hour in (0, 23, 24, 47, 48)
    ]
    with empty_database.connection() as connection:
        connection.execute(insert(HourCountRow), hours)
    migrate(empty_database)
    with empty_database.connection() as connection:
        for scope in (ALL_VIDEOS, 7):
            assert hour_counts.total(connection, scope) == 10
            assert hour_counts.seek(connection, scope, 3) == Seek(
                NOW.replace(hour=0) + timedelta(hours=48), 1
            )
            assert hour_counts.seek(connection, scope, 10) is None


def test_a_database_that_was_never_migrated_counts_as_away(empty_database: Database) -> None:
    with pytest.raises(StoreUnavailableError):
        record(Store(empty_database), [VIDEO])
