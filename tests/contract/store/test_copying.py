"""A database that is copied into one of another kind is the same there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Column, delete, func, insert, select, text, update

from app.domain.errors import StoreUnavailableError
from app.domain.feeds import ALL
from app.store import bulk, revisions
from app.store import copying as copying_module
from app.store.copying import Copied, CopyError, Copying
from app.store.database import Database
from app.store.drafts import DraftError
from app.store.models import Base, WatchRow
from app.store.store import Store
from tests.contract.store.any_rows import fill_every_table
from tests.contract.store.tellings import add_watch, list_feed, record, video, wipe

ROWS = 60
PAIRS = [("sqlite", "mariadb"), ("mariadb", "postgresql")]
"""Each kind is read (also to verify it), and each is written: SQLite by the tests below."""


@pytest.fixture
def source(request: pytest.FixtureRequest) -> Database:
    """A migrated one of a kind, every table of it filled."""
    database: Database = request.getfixturevalue(f"migrated_{request.param}")
    wipe(database)
    with database.connection() as connection:
        fill_every_table(connection, ROWS)
        # The last of each was used and is gone: its id must not come again.
        connection.execute(text("DELETE FROM audit WHERE audit_id > 50"))
    return database


@pytest.fixture
def destination(request: pytest.FixtureRequest) -> Iterator[Database]:
    """One that a copy is made into: on a server with empty tables, which cost much; else none."""
    if request.param == "sqlite":
        url = request.getfixturevalue("sqlite_url")
    else:
        migrated = request.getfixturevalue(f"migrated_{request.param}")
        wipe(migrated)
        url = _url(migrated)
    database = Database(url, takes_drafts=True)
    yield database
    with database.connection() as connection:
        connection.execute(text("DROP TABLE IF EXISTS copy_draft"))
    database.dispose()


def _copy(source: Database, destination: Database, batch: int = 25) -> list[Copied]:
    copying = Copying(source, destination, batch)
    total = copying.prepare()
    told: list[int] = []
    copied = copying.run(told.append)
    assert sum(told) == total == sum(table.rows for table in copied)
    return copied


def _rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.snapshot() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


@contextmanager
def disposing(store: Store) -> Iterator[None]:
    try:
        yield
    finally:
        store.dispose()


def _url(database: Database) -> str:
    return database._url.render_as_string(hide_password=False)


@pytest.mark.parametrize(("source", "destination"), PAIRS, indirect=True)
def test_every_row_arrives_and_ids_go_on(source: Database, destination: Database) -> None:
    copied = _copy(source, destination)
    assert [table.table for table in copied] == [t.name for t in Base.metadata.sorted_tables]
    assert {table.rows for table in copied} == {ROWS, 50, 1}
    assert _rows(destination) == _rows(source)

    store = Store(Database(_url(destination)))
    with disposing(store):
        assert add_watch(store, "the next").watch_id > ROWS
        with store._primary.connection() as connection:
            added = connection.execute(
                insert(Base.metadata.tables["audit"]).values(
                    at=func.now(), actor="a", action="b", subject="c", details="{}"
                )
            )
            assert added.inserted_primary_key is not None
            assert added.inserted_primary_key[0] > ROWS


@pytest.mark.parametrize(("source", "destination"), [("sqlite", "sqlite")], indirect=True)
def test_a_copy_that_broke_off_goes_on_and_nobody_uses_it_before(
    source: Database, destination: Database
) -> None:
    class BrokenOffError(Exception):
        pass

    done: list[int] = []

    def break_off(rows: int) -> None:
        done.append(rows)
        if sum(done) > 300:
            raise BrokenOffError

    copying = Copying(source, destination, 25)
    total = copying.prepare()
    with pytest.raises(BrokenOffError):
        copying.run(break_off)

    other = Store(Database(_url(destination)))
    for use in (other.migrate, lambda: list_feed(other, ALL), lambda: add_watch(other)):
        with pytest.raises(DraftError, match="run `copy` again"):
            use()
    assert issubclass(DraftError, StoreUnavailableError)

    told: list[int] = []
    again = Copying(source, destination, 25)
    again.prepare()
    again.run(told.append)
    assert sum(told) == total
    assert _rows(destination) == _rows(source)
    add_watch(other, "the next")  # the process that waited goes on by itself
    other.dispose()


@pytest.mark.parametrize(("source", "destination"), [("sqlite", "sqlite")], indirect=True)
def test_a_source_that_moved_since_is_refused(source: Database, destination: Database) -> None:
    Copying(source, destination).prepare()
    with source.connection() as connection:
        connection.execute(update(WatchRow).values(fence=WatchRow.fence + 1))
    with pytest.raises(CopyError, match="moved since"):
        Copying(source, destination).prepare()


@pytest.mark.parametrize(("source", "destination"), [("sqlite", "sqlite")], indirect=True)
def test_a_source_that_moves_meanwhile_is_refused(source: Database, destination: Database) -> None:
    copying = Copying(source, destination)
    copying.prepare()

    def move(_: int) -> None:
        with source.connection() as connection:
            connection.execute(update(WatchRow).values(fence=WatchRow.fence + 1))

    with pytest.raises(CopyError, match="moved meanwhile"):
        copying.run(move)
    with pytest.raises(DraftError):
        Store(Database(_url(destination))).migrate()


@pytest.mark.parametrize(("source", "destination"), [("sqlite", "sqlite")], indirect=True)
def test_a_row_of_any_table_that_is_changed_meanwhile_is_noticed(
    source: Database, destination: Database
) -> None:
    copying = Copying(source, destination)
    copying.prepare()
    with source.snapshot() as connection:
        copied = [copying._copy(connection, table, lambda _: None) for table in copying._tables]
    copying._check_unmoved(copied)
    for table in Base.metadata.sorted_tables:
        with source.connection() as connection:
            row = connection.execute(select(table).limit(1)).one()._mapping
            here = [key == row[key] for key in table.primary_key]
            column = next((it for it in table.columns if _is_free(it, row[it])), None)
            if column is None:  # it is all key
                connection.execute(delete(table).where(*here))
            else:
                connection.execute(update(table).where(*here).values({column: _other(row[column])}))
        with pytest.raises(CopyError, match="moved meanwhile"):
            copying._check_unmoved(copied)
        with source.connection() as connection:
            if column is None:
                connection.execute(insert(table).values(dict(row)))
            else:
                connection.execute(update(table).where(*here).values({column: row[column]}))
    copying._check_unmoved(copied)  # all is as it was


def _is_free(column: Column[object], value: object) -> bool:
    """Tell whether it may be given another value."""
    return not column.primary_key and not column.foreign_keys and value is not None


def _other(value: object) -> object:
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, bool):
        return not value
    return value + 1000 if isinstance(value, int | float) else "0"


@pytest.mark.parametrize(("source", "destination"), [("sqlite", "sqlite")], indirect=True)
def test_a_video_that_is_edited_between_two_runs_is_noticed_at_the_end(
    source: Database, destination: Database
) -> None:
    copying = Copying(source, destination)
    copying.prepare()
    with source.snapshot() as connection:
        for table in copying._tables:
            copying._copy(connection, table, lambda _: None)
    with source.connection() as connection:
        connection.execute(text("UPDATE videos SET title = 'Another'"))
    again = Copying(source, destination)
    again.prepare()
    with pytest.raises(CopyError, match=r"moved meanwhile \(its table videos\)"):
        again.run(lambda _: None)
    with pytest.raises(DraftError):
        Store(Database(_url(destination))).migrate()


@pytest.mark.parametrize(("source", "destination"), [("sqlite", "sqlite")], indirect=True)
def test_a_row_that_is_not_the_same_ends_the_copy(
    source: Database, destination: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying = Copying(source, destination)
    copying.prepare()
    right = bulk.insert_rows

    def wrong(connection: object, table: object, rows: list[dict[str, object]]) -> None:
        spoilt = [row | {"title": "spoilt"} if "title" in row else row for row in rows]
        right(connection, table, spoilt)  # type: ignore[arg-type] # passed on as it came

    monkeypatch.setattr(copying_module, "insert_rows", wrong)
    with pytest.raises(CopyError, match="table videos is not the same"):
        copying.run(lambda _: None)
    with pytest.raises(DraftError):
        Store(Database(_url(destination))).migrate()


@pytest.mark.parametrize(("source", "destination"), [("sqlite", "sqlite")], indirect=True)
def test_a_destination_with_rows_or_of_another_source_is_refused(
    source: Database, destination: Database
) -> None:
    store = Store(destination)
    store.migrate()
    watch = add_watch(store)
    with pytest.raises(CopyError, match="its table watches has rows"):
        Copying(source, destination).prepare()
    assert add_watch(store).watch_id == watch.watch_id  # it is as it was, and no draft
    with destination.connection() as connection:
        connection.execute(delete(WatchRow))
    record(store, [video(1)])
    with pytest.raises(CopyError, match="not empty"):
        Copying(source, destination).prepare()


@pytest.mark.parametrize("source", ["sqlite"], indirect=True)
def test_a_source_of_another_schema_is_refused(source: Database, sqlite_url: str) -> None:
    with source.connection() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        destination = Database(sqlite_url, takes_drafts=True)
        with pytest.raises(CopyError, match="run `migrate` on it"):
            Copying(source, destination).prepare()
        destination.dispose()
    finally:
        with source.connection() as connection:
            newest = revisions.newest_revision()
            connection.execute(text(f"UPDATE alembic_version SET version_num = '{newest}'"))


@pytest.mark.parametrize("destination", ["sqlite"], indirect=True)
def test_what_was_served_before_is_served_after(
    migrated_sqlite: Database, destination: Database
) -> None:
    wipe(migrated_sqlite)
    before = Store(migrated_sqlite)
    watch = add_watch(before)
    record(before, [replace(video(n), title=f"Ünï {n} 🎬") for n in range(30)], watch.watch_id)
    _copy(migrated_sqlite, destination)
    after = Store(Database(_url(destination)))
    with disposing(after):
        assert list_feed(after, ALL) == list_feed(before, ALL)
        assert record(after, [video(31)], watch.watch_id).added == ("video-00031",)
