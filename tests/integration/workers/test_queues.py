"""Celery's processes over a real Redis: what waits in the queues and what becomes of it."""

import base64
import json
import socket
from collections.abc import Iterator

import pytest
import redis
from celery import Celery

from tests.processes import ChildProcess, Processes
from tests.waiting import wait_until

START_SECONDS = 30.0
TICK, FETCH = "tick", "fetch"


class Queues:
    """The lists that Celery keeps in Redis."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url)

    def length(self, name: str) -> int:
        return int(self.client.llen(name))

    def arguments(self, name: str) -> list[object]:
        messages = [json.loads(message) for message in self.client.lrange(name, 0, -1)]
        return [json.loads(base64.b64decode(message["body"]))[0] for message in messages]


@pytest.fixture
def queues(redis_url: str) -> Iterator[Queues]:
    found = Queues(redis_url)
    yield found
    found.client.close()


@pytest.fixture
def env(processes: Processes, redis_url: str, sqlite_url: str) -> dict[str, str]:
    """Settings over a migrated database; every fetch would fail for want of YouTube."""
    settings = {
        "REDIS_URL": redis_url,
        "DATABASE_URL": sqlite_url,
        "YOUTUBE_API_KEYS": "some-key",
        "YOUTUBE_API_ENDPOINT": "http://127.0.0.1:1",
        "KEYWORDS": "music,boats",
        "FETCH_INTERVAL_SECONDS": "1",
    }
    assert processes.python("app", "migrate", env=settings).wait() == 0
    return settings


def _celery(processes: Processes, env: dict[str, str], *arguments: str) -> ChildProcess:
    return processes.python("celery", "-A", "workers.celery_app", *arguments, env=env)


def test_without_a_worker_one_tick_waits_and_no_more(
    processes: Processes, env: dict[str, str], queues: Queues
) -> None:
    beat = _celery(processes, env, "beat")
    wait_until(lambda: queues.length(TICK) == 1, START_SECONDS)
    schedule = processes.folder / "celerybeat-schedule"
    touched = {schedule.stat().st_mtime_ns}

    def three_turns_later() -> bool:
        touched.add(schedule.stat().st_mtime_ns)
        return len(touched) > 3

    wait_until(three_turns_later, START_SECONDS)
    assert queues.length(TICK) == 1
    assert beat.stop() == 0
    worker = _celery(processes, env, "worker", "--concurrency", "1")
    wait_until(lambda: queues.length(TICK) == 0, START_SECONDS)
    assert worker.stop() == 0


def test_what_no_process_of_a_worker_is_free_for_waits_in_the_queue(
    processes: Processes, env: dict[str, str], queues: Queues
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as youtube:  # takes requests, answers none
        slow = {**env, "YOUTUBE_API_ENDPOINT": f"http://127.0.0.1:{youtube.getsockname()[1]}"}
        _celery(processes, slow, "beat")
        _celery(processes, slow, "worker", "--concurrency", "1")
        youtube.settimeout(START_SECONDS)
        asked, _ = youtube.accept()
        with asked:
            wait_until(lambda: queues.length(TICK) == 1, START_SECONDS)  # the next one
            with Celery(broker=slow["REDIS_URL"], set_as_current=False) as celery:
                kept = wait_until(celery.control.inspect(timeout=5).reserved)
        assert kept is not None
        assert list(kept.values()) == [[]]


def test_a_fetch_in_the_queue_names_a_watch_and_a_fence_and_nothing_else(
    processes: Processes, env: dict[str, str], queues: Queues
) -> None:
    _celery(processes, env, "beat")
    ticker = _celery(processes, env, "worker", "--concurrency", "1", "--queues", TICK)
    wait_until(lambda: queues.length(FETCH) >= 2, START_SECONDS)
    assert ticker.returncode is None
    fetches = [sent for sent in queues.arguments(FETCH) if sent != [None]]  # but the scout's
    assert sorted(fetches, key=str) == [[1, 1], [2, 1]]


def test_a_worker_and_a_beat_wait_for_a_redis_that_is_not_there_yet(
    processes: Processes, env: dict[str, str]
) -> None:
    nowhere = {**env, "REDIS_URL": "redis://127.0.0.1:1/0"}
    worker = _celery(processes, nowhere, "worker", "--concurrency", "1")
    beat = _celery(processes, nowhere, "beat")
    wait_until(lambda: worker.output().count("Cannot connect to redis") >= 2, START_SECONDS)
    wait_until(lambda: "Connection refused" in beat.output(), START_SECONDS)
    assert (worker.returncode, beat.returncode) == (None, None)
    worker.kill()


@pytest.mark.parametrize("part", ["worker", "beat"])
def test_a_wrong_setting_stops_the_start_with_one_line_that_names_it(
    processes: Processes, env: dict[str, str], part: str
) -> None:
    process = _celery(processes, {**env, "FETCH_INTERVAL_SECONDS": "often"}, part)
    assert process.wait() == 2
    [line] = process.output().splitlines()
    assert line.startswith("newsreel: FETCH_INTERVAL_SECONDS: Input should be a valid integer")
