"""The users of the stack's Redis: each role can do its work, and no more."""

import json
from collections.abc import Callable, Iterator
from typing import cast
from urllib.request import urlopen

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
    beat_knows, flower_knows = (
        {"REDIS_URL": server.url_of(name), "FETCH_INTERVAL_SECONDS": "1"}
        for name in (redis_users.BEAT, redis_users.FLOWER)
    )
    assert processes.python("app", "migrate", env=worker_knows).wait(START_SECONDS) == 0

    def celery(*arguments: str, env: dict[str, str]) -> ChildProcess:
        return processes.python("celery", "-A", "workers.celery_app", *arguments, env=env)

    port = free_port()
    worker = celery("worker", "--concurrency", "1", "--hostname", "celery@here", env=worker_knows)
    beat = celery("beat", env=beat_knows)
    flower = celery("flower", f"--port={port}", f"--address={HOST}", env=flower_knows)

    wait_until(lambda: "poll_failed" in worker.output(), START_SECONDS, claim="a watch is polled")
    wait_until(lambda: "Connected to redis" in flower.output(), START_SECONDS)
    figures = f"http://{HOST}:{port}/metrics"
    told = ('type="task-sent"', 'type="task-received"', 'worker_online{worker="celery@here"}')
    wait_until(lambda: all(it in _page(figures) for it in told), START_SECONDS, claim="it is heard")
    for question in ("ping", "active_queues", "stats"):
        asked = celery(
            *("inspect", question, "--timeout", "20", "--destination", "celery@here"),
            env=flower_knows,
        )
        assert asked.wait(START_SECONDS) == 0, asked.output()
        assert "1 node online" in asked.output()
    assert (worker.returncode, beat.returncode, flower.returncode) == (None, None, None)
    assert refusals(operator) == []


def _page(address: str) -> str:
    with urlopen(address, timeout=5) as answer:
        text: str = answer.read().decode()
        return text


def test_beat_counts_its_queue_and_sends_no_second_tick(
    server: GuardedRedis, operator: Redis, processes: Processes
) -> None:
    knows = {"REDIS_URL": server.url_of(redis_users.BEAT), "FETCH_INTERVAL_SECONDS": "1"}
    beat = processes.python("celery", "-A", "workers.celery_app", "beat", env=knows)

    wait_until(lambda: operator.llen("tick"), START_SECONDS, claim="a tick is sent")
    counted = wait_until(lambda: _calls(operator, "llen") > 3, START_SECONDS, claim="it is counted")

    assert (counted, operator.llen("tick"), beat.returncode) == (True, 1, None)
    assert refusals(operator) == []


def _calls(operator: Redis, command: str) -> int:
    told = cast("dict[str, dict[str, int]]", operator.info("commandstats"))
    return told.get(f"cmdstat_{command}", {"calls": 0})["calls"]


def test_flower_counts_the_queues_that_it_cannot_read(
    server: GuardedRedis, operator: Redis
) -> None:
    operator.lpush("fetch", "a message")

    with connect(server.url_of(redis_users.FLOWER)) as client:
        assert client.pipeline().llen("tick").llen("fetch").execute() == [0, 1]


def test_flower_puts_back_what_a_dead_worker_had_in_hand(
    server: GuardedRedis, operator: Redis, processes: Processes
) -> None:
    """Whoever listens does so; if Flower could not, it would hear nothing until another had."""
    message = {"body": "", "headers": {}, "properties": {"delivery_info": {}, "priority": 0}}
    operator.sadd("_kombu.binding.fetch", "fetch\x06\x16\x06\x16fetch")
    operator.hset("unacked", "some-tag", json.dumps([message, "fetch", "fetch"]))
    operator.zadd("unacked_index", {"some-tag": 1})
    flower_knows = {"REDIS_URL": server.url_of(redis_users.FLOWER)}

    celery = ("celery", "-A", "workers.celery_app")
    asked = processes.python(*celery, "inspect", "ping", "--timeout", "0.5", env=flower_knows)

    assert asked.wait(START_SECONDS) == 69, asked.output()
    assert "No nodes replied" in asked.output()
    assert (operator.llen("fetch"), operator.hlen("unacked")) == (1, 0)
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


@pytest.mark.parametrize("name", [redis_users.BEAT, redis_users.FLOWER])
@pytest.mark.parametrize(
    "attempt",
    [
        lambda client: client.get("newsreel:head:all"),
        lambda client: client.set("newsreel:head:all", "forged"),
        lambda client: client.delete("newsreel:head:all"),
        lambda client: client.publish("elsewhere", "x"),
        lambda client: client.rpop("tick"),
        lambda client: client.brpop("fetch", 0.01),
        lambda client: client.lrange("tick", 0, -1),
        lambda client: client.delete("elsewhere"),
        lambda client: client.eval("return redis.call('GET', KEYS[1])", 1, "newsreel:head:all"),
        lambda client: client.keys(),
        lambda client: client.config_get("*"),
        lambda client: client.flushall(),
    ],
)
def test_beat_and_flower_see_nothing_of_what_is_kept_and_take_nothing(
    server: GuardedRedis, name: str, attempt: Callable[[Redis], object]
) -> None:
    with connect(server.url_of(name)) as client, pytest.raises(NoPermissionError):
        attempt(client)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda client: client.lpush("fetch", "x"),
        lambda client: client.publish("/0.celery.pidbox", "x"),
        lambda client: client.smembers("_kombu.binding.celeryev"),
        lambda client: client.hgetall("unacked"),
        lambda client: client.evalsha("0" * 40, 0),
    ],
)
def test_beat_has_the_queue_of_ticks_alone(
    server: GuardedRedis, attempt: Callable[[Redis], object]
) -> None:
    with connect(server.url_of(redis_users.BEAT)) as client, pytest.raises(NoPermissionError):
        attempt(client)


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
