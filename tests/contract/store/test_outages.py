"""A database that goes away and comes back, without a restart of ours."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import make_url

from app.bootstrap import build_services
from app.domain.errors import StatementTimeoutError, StoreUnavailableError
from app.domain.feeds import ALL
from app.settings import Settings
from app.store.database import Database
from app.store.store import Store
from tests.contract.store.tellings import NOW, VIDEO, found, get_total, list_feed, record, video
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app.store.store import Transaction
    from tests.servers.database import DatabaseServer


@pytest.fixture(params=["mariadb", "postgresql"])
def own_server(request: pytest.FixtureRequest) -> DatabaseServer:
    server: DatabaseServer = request.getfixturevalue(f"own_{request.param}")
    return server


@pytest.fixture
def own_store(own_server: DatabaseServer) -> Iterator[Store]:
    store = Store(Database(own_server.url))
    store.migrate()
    yield store
    store.dispose()


def test_a_server_that_dies_in_the_middle_is_told_and_used_again_when_it_is_back(
    own_store: Store, own_server: DatabaseServer
) -> None:
    record(own_store, [VIDEO])

    def die(transaction: Transaction) -> None:
        transaction.record(found([video(2)]), NOW)
        own_server.kill()
        transaction.record(found([video(3)]), NOW)

    with pytest.raises(StoreUnavailableError):
        own_store.write(die)
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        get_total(own_store, ALL)
    assert time.monotonic() - began < 5
    own_server.start()
    assert [row.video for row in list_feed(own_store, ALL)] == [VIDEO]
    assert record(own_store, [video(2)]).added == (video(2).video_id,)


KILL_OTHERS = {
    "mariadb": "KILL CONNECTION {}",
    "postgresql": "SELECT pg_terminate_backend({})",
}
OWN_ID = {"mariadb": "SELECT connection_id()", "postgresql": "SELECT pg_backend_pid()"}


@pytest.mark.parametrize("kind", KILL_OTHERS)
def test_work_whose_connection_was_lost_is_done_again_on_a_new_one(
    request: pytest.FixtureRequest, kind: str
) -> None:
    server: DatabaseServer = request.getfixturevalue(kind)
    store: Store = request.getfixturevalue(f"{kind}_store")
    attempts = []

    def work(transaction: Transaction) -> None:
        transaction.record(found([VIDEO]), NOW)
        own_id = transaction._connection.exec_driver_sql(OWN_ID[kind]).scalar_one()
        attempts.append(own_id)
        if len(attempts) == 1:
            server.execute(KILL_OTHERS[kind].format(own_id))
        transaction.record(found([video(2)]), NOW)

    store.write(work)
    assert len(attempts) == 2
    assert get_total(store, ALL) == 2


@pytest.mark.parametrize("scheme", ["mysql+pymysql", "postgresql+psycopg"])
def test_a_process_starts_while_its_database_is_away_and_tells_no_password(scheme: str) -> None:
    store = Store(Database(f"{scheme}://newsreel:s3cret@127.0.0.1:{free_port()}/newsreel"))
    with pytest.raises(StoreUnavailableError) as told:
        get_total(store, ALL)
    assert "s3cret" not in str(told.value)
    assert "\n" not in str(told.value)


_ENDLESS = {
    "mysql": "SELECT count(*) FROM "
    + ", ".join(f"information_schema.collations {n}" for n in "abcd"),
    "postgresql": "SELECT pg_sleep(60)",
    "sqlite": (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1e12)"
        " SELECT max(i) FROM n"
    ),
}

_LONG = {
    "mysql": "SELECT sleep(0.3)",
    "postgresql": "SELECT pg_sleep(0.3)",
    "sqlite": _ENDLESS["sqlite"].replace("1e12", "2e6"),
}


def test_a_read_that_takes_too_long_is_ended_by_the_database(module_url: str) -> None:
    impatient = Database(module_url, read_seconds=0.2)
    began = time.monotonic()
    with pytest.raises(StatementTimeoutError):
        impatient.read(lambda c: c.exec_driver_sql(_ENDLESS[impatient.dialect]).all())
    assert time.monotonic() - began < 4, "and it is not tried again"
    assert impatient.read(lambda c: c.exec_driver_sql("SELECT 1").scalar_one()) == 1
    impatient.dispose()


def test_a_feed_is_waited_for_less_long_than_the_services_own_reads(
    module_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.parts._FEED_SECONDS", 0.1)
    services = build_services(Settings(database_url=module_url))
    slow = _LONG[make_url(module_url).get_backend_name()]
    with pytest.raises(StoreUnavailableError):
        services.store.read_replica(lambda t: t._connection.exec_driver_sql(slow).all())
    assert services.store.read(lambda t: t._connection.exec_driver_sql(slow).all())
    services.close()


def test_a_write_that_takes_too_long_is_ended_and_undone(module_url: str) -> None:
    impatient = Database(module_url, write_seconds=0.5)
    began = time.monotonic()

    def work(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE kept (it INTEGER)")
        connection.exec_driver_sql(_ENDLESS[impatient.dialect]).all()

    with pytest.raises(StatementTimeoutError):
        impatient.write(work)
    assert time.monotonic() - began < 4, "and it is not tried again"
    assert impatient.write(lambda c: c.exec_driver_sql("SELECT 1").scalar_one()) == 1
    impatient.dispose()


def test_a_migration_takes_as_long_as_it_takes(module_url: str) -> None:
    impatient = Database(module_url, write_seconds=0.1)
    with impatient.patient_connection() as connection:
        assert connection.exec_driver_sql(_LONG[impatient.dialect]).all()
    impatient.dispose()
