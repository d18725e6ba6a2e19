"""The throwaway servers keep what they promise to the tests that use them."""

import pymysql
import pytest
from redis import Redis as RedisClient
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import create_engine, inspect, text

from tests.servers.database import DatabaseServer
from tests.servers.redis import Redis


def test_a_database_is_empty_and_stores_any_character(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE titles (title VARCHAR(20))"))
        connection.execute(text("INSERT INTO titles VALUES (:title)"), {"title": "𝄞 日本 🎬"})
        assert connection.scalar(text("SELECT title FROM titles")) == "𝄞 日本 🎬"
    engine.dispose()


@pytest.fixture(params=["mariadb", "postgresql"])
def own_database(request: pytest.FixtureRequest) -> DatabaseServer:
    server: DatabaseServer = request.getfixturevalue(f"own_{request.param}")
    return server


def test_a_killed_database_returns_at_the_same_url_with_what_it_committed(
    own_database: DatabaseServer,
) -> None:
    engine = create_engine(own_database.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE numbers (number INTEGER)"))
        connection.execute(text("INSERT INTO numbers VALUES (7)"))
    engine.dispose()
    own_database.kill()
    assert not own_database.answers()
    own_database.start()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT number FROM numbers")) == 7
    engine.dispose()


def test_a_stopped_redis_refuses_clients_and_returns_empty(own_redis: Redis) -> None:
    with RedisClient.from_url(own_redis.url) as client:
        client.set("key", "value")
        own_redis.stop()
        with pytest.raises(RedisConnectionError):
            client.get("key")
        own_redis.start()
        assert client.get("key") is None


def test_the_application_can_not_administer_mariadb(mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    with engine.connect() as connection, pytest.raises(Exception, match="denied") as refused:
        connection.execute(text("CREATE DATABASE elsewhere"))
    assert isinstance(refused.value.__cause__, pymysql.err.OperationalError)
    engine.dispose()
