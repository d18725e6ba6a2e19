"""`python -m app doctor`, as an operator calls it, on real servers."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import text, update

from app.cache.inspecting import inspect_redis
from app.cli import main
from app.domain.clock import system_clock
from app.store.database import Database
from app.store.models import QuotaUsageRow, WatchRow
from app.store.schema import migrate
from app.store.store import Store
from tests.contract.store.tellings import add_watch
from tests.processes import Processes
from tests.waiting import wait_until

ERRORS, WARNINGS = 1, 3
SECRET = "0123456789abcdef0123456789abcdef"
KEY = "a-canary-key"
Levels = dict[str, str]
Doctor = Callable[..., tuple[int, Levels]]


@pytest.fixture
def doctor(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Runs it with these settings; gives its exit code and the level of each finding."""

    def run(*arguments: str, **values: str) -> tuple[int, Levels]:
        for name, value in values.items():
            environment.setenv(name, value)
        code = main(["doctor", "--json", *arguments])
        said = capsys.readouterr()
        assert said.err == ""
        assert "canary" not in said.out
        return code, {it["code"]: it["level"] for it in json.loads(said.out)["findings"]}

    return run


@pytest.fixture
def youtube(processes: Processes) -> str:
    """The address of a simulator that takes KEY."""
    simulator = processes.python("simulator", "--port=0", "--key", f"{KEY}:p")
    found = wait_until(
        lambda: re.search(r"listening on (\S+)\n", simulator.output()), claim="it listens"
    )
    assert found is not None
    return found[1]


def _units(database: Database) -> int:
    with database.snapshot() as connection:
        query = QuotaUsageRow.__table__.select().where(QuotaUsageRow.bucket == "units")
        return sum(row.used for row in connection.execute(query))


def test_a_full_stack_is_well_and_each_key_cost_one_unit(
    doctor: Doctor, mariadb_url: str, redis_url: str, youtube: str
) -> None:
    settings = {
        "DATABASE_URL": mariadb_url,
        "REDIS_URL": redis_url,
        "YOUTUBE_API_KEYS": f"p:{KEY}",
        "YOUTUBE_API_ENDPOINT": youtube,
        "SECRET_KEY": SECRET,
    }
    database = Database(mariadb_url)
    store = Store(database)
    store.migrate()
    add_watch(store, now=system_clock())

    code, levels = doctor(**settings)
    assert code == ERRORS
    assert [it for it, level in levels.items() if level != "ok"] == ["workers"]
    assert _units(database) == 1

    # As each of Celery's workers does, for commands to all of them.
    with Redis.from_url(redis_url) as client, client.pubsub() as worker:
        worker.psubscribe("/0.celery.pidbox")
        wait_until(lambda: inspect_redis(redis_url).workers == 1, claim="the worker listens")
        assert set(doctor("--no-calls")[1].values()) == {"ok"}
    assert _units(database) == 1  # no call was made
    database.dispose()


def test_a_demo_that_never_ran_is_no_error(doctor: Doctor) -> None:
    code, levels = doctor()
    assert (code, levels) == (WARNINGS, {"settings": "ok", "keys": "ok", "database": "warning"})
    assert not Path("var").exists()


def test_with_everything_away_each_part_is_a_finding(doctor: Doctor) -> None:
    code, levels = doctor(
        DATABASE_URL="mysql+pymysql://u:canary@127.0.0.1:1/news",
        DATABASE_REPLICA_URL="mysql+pymysql://u:canary@127.0.0.1:2/news",
        REDIS_URL="redis://:canary@127.0.0.1:1/0",
        REDIS_READ_URL="redis://:canary@127.0.0.1:2/0",
        SECRET_KEY=SECRET,
        YOUTUBE_API_KEYS=KEY,
    )
    assert code == ERRORS
    away = {name for name, level in levels.items() if level == "error"}
    assert away == {"database", "replica", "redis", "redis_replica", "broker"}


def test_a_call_that_gets_no_answer_is_charged_all_the_same(
    doctor: Doctor, sqlite_url: str
) -> None:
    Store(Database(sqlite_url)).migrate()
    settings = {
        "DATABASE_URL": sqlite_url,
        "YOUTUBE_API_KEYS": KEY,
        "YOUTUBE_API_ENDPOINT": "http://127.0.0.1:1/",
    }
    code, levels = doctor(**settings)
    assert code == ERRORS
    assert [level for name, level in levels.items() if name.startswith("key_")] == ["error"]
    assert levels["watches"] == "warning"
    assert _units(Database(sqlite_url)) == 1


def test_ticks_that_do_not_come_and_data_that_is_old_are_told(
    doctor: Doctor, sqlite_url: str
) -> None:
    store = Store(Database(sqlite_url))
    store.migrate()
    add_watch(store, now=system_clock() - timedelta(days=2))
    code, levels = doctor("--no-calls", DATABASE_URL=sqlite_url, YOUTUBE_API_KEYS=KEY)
    assert (code, levels["tick"], levels["data"]) == (ERRORS, "error", "warning")
    with store._primary.connection() as connection:
        soon = system_clock() + timedelta(hours=1)
        connection.execute(update(WatchRow).values(next_due_at=soon))
    code, levels = doctor("--no-calls")
    assert (code, levels["tick"], levels["data"]) == (WARNINGS, "ok", "warning")


def test_a_schema_that_is_behind_is_an_error(doctor: Doctor, sqlite_url: str) -> None:
    migrate(Database(sqlite_url), "0019")
    code, levels = doctor(DATABASE_URL=sqlite_url, YOUTUBE_API_KEYS=KEY)
    assert (code, levels["database_schema"]) == (ERRORS, "error")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("mariadb", "ALTER TABLE videos MODIFY channel_id VARCHAR(24) CHARACTER SET latin1"),
        ("postgresql", 'ALTER TABLE videos ALTER channel_id TYPE VARCHAR(24) COLLATE "en-x-icu"'),
    ],
)
def test_texts_that_compare_otherwise_are_an_error(
    doctor: Doctor, request: pytest.FixtureRequest, kind: str, change: str
) -> None:
    url = request.getfixturevalue(f"{kind}_url")
    database = Database(url)
    migrate(database)
    code, levels = doctor("--no-calls", DATABASE_URL=url, YOUTUBE_API_KEYS=KEY)
    well = {f"database{part}" for part in ("", "_version", "_charset", "_schema", "_clock")}
    assert {levels[name] for name in well} == {"ok"}
    with database.connection() as connection:
        connection.execute(text(change))
    code, levels = doctor("--no-calls")
    assert (code, levels["database_charset"]) == (ERRORS, "error")
    database.dispose()
