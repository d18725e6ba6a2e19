"""The users of the stack's Redis: the service and its queue can do their work, and no more."""

from collections.abc import Callable, Iterator
from typing import cast

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from app.cache.redis import RedisFeedCache, RedisKeyIndex, connect
from app.cache.redis_buckets import RedisBuckets
from app.domain.feeds import ALL, Head
from deploy.compose import redis_users
from tests.contract.deploy.guarded_redis import GuardedRedis
from tests.processes import ChildProcess, Processes, free_port
from tests.servers.server import HOST, running
from tests.waiting import wait_until

START_SECONDS = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[GuardedRedis]:
    with running(GuardedRedis) as started:
        yield started


@pytest.fixture
def service(server: GuardedRedis) -> Iterator[Redis]:
    with connect(server.url) as client:
        yield client


@pytest.fixture
def operator(server: GuardedRedis) -> Iterator[Redis]:
    with connect(server.url_of(redis_users.OPERATOR)) as client:
        client.flushall()
        client.acl_log_reset()
        yield client


def refusals(operator: Redis) -> list[tuple[str, str]]:
    """Return what was refused to anybody, as Redis notes it."""
    log = cast("list[dict[str, str]]", operator.acl_log())
    return [(entry["reason"], entry["object"]) for entry in log]


def test_the_cache_the_key_index_and_the_buckets_work(service: Redis, operator: Redis) -> None:
    cache = RedisFeedCache(service)
    head = Head(7, 0, (), ())
    assert cache.put(ALL, head)
    assert cache.get(ALL) == head
    assert cache.version(ALL) == 7
    cache.learn_site("here")
    assert cache.put(ALL, head)
    cache.drop(ALL)
    cache.check_writes()
    assert RedisKeyIndex(service).next() == 1
    assert RedisBuckets(service).take("address", 1, 60) == (True, 1)
    assert refusals(operator) == []


def test_a_tick_goes_by_the_queue_and_the_worker_is_heard_of(
    server: GuardedRedis, operator: Redis, processes: Processes, sqlite_url: str
) -> None:
    worker_knows = {
        "REDIS_URL": server.url,
        "DATABASE_URL": sqlite_url,
        "YOUTUBE_API_KEYS": "some-key",
        "YOUTUBE_API_ENDPOINT": "http://127.0.0.1:1",
        "KEYWORDS": "boats",
        "FETCH_INTERVAL_SECONDS": "1",
    }
    queue_alone = {"REDIS_URL": server.url, "FETCH_INTERVAL_SECONDS": "1"}
    assert processes.python("app", "migrate", env=worker_knows).wait(START_SECONDS) == 0

    def celery(*arguments: str, env: dict[str, str]) -> ChildProcess:
        return processes.python("celery", "-A", "workers.celery_app", *arguments, env=env)

    port = free_port()
    worker = celery("worker", "--concurrency", "1", "--hostname", "celery@here", env=worker_knows)
    beat = celery("beat", env=queue_alone)
    flower = celery("flower", f"--port={port}", f"--address={HOST}", env=queue_alone)

    wait_until(lambda: "poll_failed" in worker.output(), START_SECONDS, claim="a watch is polled")
    wait_until(lambda: "Connected to redis" in flower.output(), START_SECONDS)
    ping = celery(
        "inspect", "ping", "--timeout", "20", "--destination", "celery@here", env=queue_alone
    )
    assert ping.wait(START_SECONDS) == 0, ping.output()
    assert "pong" in ping.output()
    assert (worker.returncode, beat.returncode, flower.returncode) == (None, None, None)
    assert refusals(operator) == []


@pytest.mark.parametrize(
    "attempt",
    [
        lambda client: client.config_get("*"),
        lambda client: client.flushall(),
        lambda client: client.keys(),
        lambda client: client.scan(),
        lambda client: client.set("elsewhere", 1),
        lambda client: client.get("elsewhere"),
        lambda client: client.acl_list(),
        lambda client: client.client_list(),
        lambda client: client.execute_command("CLIENT", "KILL", "TYPE", "normal"),
        lambda client: client.execute_command("MODULE", "LIST"),
        lambda client: client.execute_command("REPLICAOF", "NO", "ONE"),
        lambda client: client.execute_command("FUNCTION", "LIST"),
        lambda client: client.execute_command("SHUTDOWN", "NOSAVE"),
        lambda client: client.execute_command("PUBLISH", "elsewhere", "x"),
    ],
)
def test_the_service_s_user_can_do_nothing_beside_its_work(
    service: Redis, attempt: Callable[[Redis], object]
) -> None:
    with pytest.raises(NoPermissionError):
        attempt(service)


def test_the_operator_can_do_everything(operator: Redis) -> None:
    operator.config_set("maxmemory-policy", "volatile-lru")
    operator.set("elsewhere", 1)
    assert operator.keys() == [b"elsewhere"]


def test_nobody_else_is_let_in(server: GuardedRedis) -> None:
    with Redis(port=server.port) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
    guess = f"redis://default:x@{HOST}:{server.port}/0"
    with Redis.from_url(guess) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()
