"""Beat, workers, gunicorn and Flower over MariaDB and Redis, against a simulated YouTube.

The tests share one stack and leave it well: each starts when nothing is wrong.
"""

import base64
import os
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.site import Reply, Simulated, items_of
from tests.e2e.stack import FLOWER_PASSWORD, READY_SECONDS, Stack, new_stack
from tests.e2e.tollgate import Tollgate, tollgate
from tests.processes import Processes
from tests.servers.mariadb import MariaDB
from tests.servers.redis import Redis
from tests.servers.server import running
from tests.waiting import wait_until

RECOVERY_SECONDS = 35.0
# What Flower's page of tasks asks for to fill its table.
TASK_TABLE = (
    "/tasks/datatable?draw=1&start=0&length=100&search[value]=&order[0][column]=0"
    "&order[0][dir]=asc&columns[0][data]=name"
)
PLENTY = ("--search-calls-per-day", "1000000", "--units-per-day", "1000000")


@pytest.fixture(scope="module")
def database() -> Iterator[MariaDB]:
    with running(MariaDB) as server:
        yield server


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    with running(Redis) as server:
        yield server


@pytest.fixture(scope="module")
def gate_and_stack(
    tmp_path_factory: pytest.TempPathFactory, database: MariaDB, redis: Redis
) -> Iterator[tuple[Tollgate, Stack]]:
    processes = Processes(tmp_path_factory.mktemp("stack"))
    youtube = Simulated.start(processes, *PLENTY, "--rate", "1", "--history-seconds", "7200")
    with tollgate(youtube.url) as (endpoint, gate):
        stack = new_stack(
            processes,
            database_url=database.url,
            redis_url=redis.url,
            youtube=youtube,
            YOUTUBE_API_ENDPOINT=endpoint,
        )
        stack.migrate()
        stack.start_beat()
        stack.start_worker()
        stack.start_web()
        yield gate, stack
        processes.close()


@pytest.fixture
def stack(gate_and_stack: tuple[Tollgate, Stack], database: MariaDB, redis: Redis) -> Stack:
    """The stack, with nothing wrong; whatever a failed test left stopped runs again."""
    for server in (database, redis):
        if not server.answers():
            server.start()
    _, stack = gate_and_stack
    wait_until(stack.well, READY_SECONDS, claim="nothing is wrong")
    return stack


@pytest.fixture
def gate(gate_and_stack: tuple[Tollgate, Stack]) -> Tollgate:
    return gate_and_stack[0]


def test_every_video_that_youtube_shows_arrives_over_http(stack: Stack) -> None:
    stack.delivers("Boats & harbours", 15)
    shown = stack.youtube.shown("'music'") | stack.youtube.shown("boats")
    wait_until(lambda: shown <= set(stack.site.ids()), 15, claim="all that is shown is served")
    ids = stack.site.ids()
    assert len(ids) == len(set(ids))
    page = stack.site.get("/videos?keyword=boats&limit=100").json
    assert {str(item["title"]) for item in items_of(page)} == {"Boats & harbours"}


def test_flower_shows_the_tasks_by_name_to_those_with_the_password(stack: Stack) -> None:
    flower = stack.start_flower()
    word = base64.b64encode(f"newsreel:{FLOWER_PASSWORD}".encode()).decode()
    allowed = {"Authorization": f"Basic {word}"}

    def names() -> set[str]:
        reply = flower.get(
            "/tasks/datatable?draw=1&start=0&length=100&search[value]=&order[0][column]=0&order[0][dir]=asc&columns[0][data]=name",
            allowed,
        )
        return (
            {str(task["name"]) for task in items_of(reply.json, "data")}
            if reply.status == 200
            else set()
        )

    wait_until(lambda: names() >= {"newsreel.tick", "newsreel.fetch"}, 30)
    for path in ("/", "/tasks", "/workers"):
        assert flower.get(path).status == 401
        assert flower.get(path, allowed).status == 200
    stack.others["flower"].stop()


def test_two_beats_and_two_workers_never_poll_one_watch_twice_at_once(
    stack: Stack, gate: Tollgate
) -> None:
    beat, worker = stack.start_beat("second"), stack.start_worker()
    wait_until(lambda: " ready." in worker.output(), READY_SECONDS)
    wait_until(lambda: "is starting." in beat.output(), READY_SECONDS)
    gate.forget()
    gate.delay_seconds = 0.4
    wait_until(lambda: min(gate.finished["music"], gate.finished["boats"]) >= 6, 40)
    gate.delay_seconds = 0.0
    assert gate.most_at_once["music"] == gate.most_at_once["boats"] == 1
    assert beat.stop() == 0
    assert worker.stop() == 0


def test_reads_go_on_without_redis_and_ingest_comes_back_by_itself(
    stack: Stack, redis: Redis
) -> None:
    total = stack.site.total()
    redis.stop()
    wait_until(lambda: "cache_unavailable" in stack.site.problems(), 10)
    for path in ("/videos", "/videos?page=2&limit=20", "/ready", "/"):
        assert stack.site.get(path).status == 200
    assert stack.site.total() >= total
    redis.start()
    stack.delivers("Boats after Redis came back", RECOVERY_SECONDS)
    wait_until(stack.well, READY_SECONDS)


def test_page_one_goes_on_without_the_database_and_ingest_comes_back_by_itself(
    stack: Stack, database: MariaDB
) -> None:
    assert stack.site.get("/videos").status == 200
    database.kill()
    wait_until(lambda: "database_unavailable" in stack.site.problems(), 20)
    assert stack.site.get("/ready").status == 200
    assert stack.site.get("/videos?limit=5").status == 200
    deep = stack.site.get("/videos?page=2")
    assert (deep.status, deep.headers["Retry-After"] is not None) == (503, True)
    database.start()
    stack.delivers("Boats after the database came back", RECOVERY_SECONDS)
    wait_until(stack.well, READY_SECONDS)


def test_without_database_and_redis_readiness_fails_or_a_kept_page_is_marked_stale(
    stack: Stack, database: MariaDB, redis: Redis
) -> None:
    assert stack.site.get("/videos").status == 200
    database.kill()
    redis.kill()

    def noticed() -> list[Reply]:
        replies = [stack.site.get("/videos") for _ in range(12)]  # each process for itself
        return [] if any(it.headers["X-Cache"] == "hit" for it in replies) else replies

    for reply in wait_until(noticed, 20):
        assert reply.status in (200, 503)
        assert (reply.headers["X-Cache"] == "stale") == (reply.status == 200)
        assert ("Age" if reply.status == 200 else "Retry-After") in reply.headers
    away = {"cache_unavailable", "database_unavailable"}
    wait_until(lambda: stack.site.problems() >= away, 5, claim="/ready says so within a second")
    database.start()
    redis.start()
    stack.delivers("Boats after both came back", RECOVERY_SECONDS)


def test_a_worker_killed_during_its_polls_loses_nothing(
    stack: Stack, gate: Tollgate, database: MariaDB
) -> None:
    gate.forget()
    gate.delay_seconds = 0.5
    published = [stack.youtube.publish(f"Boats, part {n}") for n in range(120)]
    wait_until(lambda: gate.most_at_once["boats"] > 0, 20)
    worker = stack.workers[0]
    os.killpg(worker.pid, signal.SIGKILL)
    gate.delay_seconds = 0.0
    # As if the 30 s of the dead worker's leases had passed.
    database.execute("UPDATE newsreel.watches SET leased_until = UTC_TIMESTAMP(6)")
    stack.start_worker()
    wait_until(lambda: set(published) <= set(stack.site.ids()), RECOVERY_SECONDS)
    wait_until(lambda: len(stack.site.ids()) == stack.site.total(), claim="each is served once")


def test_what_sigterm_ends_it_ends_cleanly(stack: Stack) -> None:
    worker, web, beat = stack.workers[-1], stack.others["web"], stack.others["beat"]
    for process in (beat, worker, web):
        assert process.stop() == 0
        assert process.survivors() == []
    for process in (web, worker):
        assert process.output().partition("Traceback")[2][:4000] == ""
