"""A tick can be followed through the log of Celery's processes to what it committed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from app.store.database import Database
from app.store.store import Store
from tests.e2e.site import Simulated
from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.processes import ChildProcess, Processes

START_SECONDS = 60.0


def _lines(process: ChildProcess) -> list[dict[str, Any]]:
    found = []
    for line in process.output().splitlines():
        with suppress(ValueError):
            found.append(json.loads(line))
    return found


def _named(lines: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [line for line in lines if line.get("event") == event]


def test_a_tick_its_fetch_and_its_commits_carry_the_id_of_the_ticks_task(
    processes: Processes, redis_url: str, sqlite_url: str
) -> None:
    youtube = Simulated.start(processes, "--rate", "0", "--history-seconds", "600")
    env = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": sqlite_url,
        "YOUTUBE_API_KEYS": "some-key",
        "YOUTUBE_API_ENDPOINT": youtube.url,
        "KEYWORDS": "music",
        "FETCH_INTERVAL_SECONDS": "1",
    }
    store = Store(Database(sqlite_url))
    store.migrate()
    store.dispose()
    celery = "-A", "workers.celery_app"
    processes.python("celery", *celery, "beat", env=env)
    worker = processes.python("celery", *celery, "worker", "--concurrency", "1", env=env)
    wait_until(lambda: _named(_lines(worker), "fetch_over"), START_SECONDS)
    assert worker.stop() == 0
    lines = _lines(worker)
    ticked = _named(lines, "ticked")[0]
    assert (ticked["task"], ticked["tick_id"]) == ("newsreel.tick", ticked["task_id"])
    over = _named(lines, "fetch_over")[0]
    assert over["tick_id"] == ticked["tick_id"] != over["task_id"]
    assert (over["task"], over["watch_id"]) == ("newsreel.fetch", 1)
    same = [line for line in lines if line.get("task_id") == over["task_id"]]
    assert sum(line["added"] for line in _named(same, "committed")) == over["added"]
    assert "some-key" not in worker.output()
