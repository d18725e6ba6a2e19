"""Buckets of each kind, in memory and in Redis, judge alike: as water in a bucket would."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from fractions import Fraction
from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.cache.redis import connect
from app.cache.redis_buckets import RedisBuckets
from app.domain.errors import LimiterUnavailableError
from app.limits.allowance import MICROS, Allowance
from app.limits.limiter import Limiter
from app.limits.memory import MemoryBuckets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from app.limits.base import Buckets

STARTS_AT = 1_767_373_200 * MICROS
NAMES = count()

requests = st.lists(
    st.tuples(
        st.integers(-2 * MICROS, 90 * MICROS),  # since the last one; clocks are put back, too
        st.sampled_from("ab"),
        st.sampled_from([0.02, 0.2, 1, 3, 10, 30, 10_000]),
    ),
    max_size=40,
)
allowances = st.builds(
    Allowance, st.just("test"), st.integers(1, 2_000), st.sampled_from([1, 60, 3600])
)


class Model:
    """A bucket as the textbook has it: so many tokens, filled up by time, in exact fractions."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._tokens = Fraction(allowance.units)
        self._at: int | None = None

    def take(self, cost: float, now: int) -> tuple[bool, int]:
        """Return whether a request goes through, and how many whole tokens are left."""
        limit, units = self._allowance.limit, self._allowance.units
        passed = 0 if self._at is None else now - self._at
        self._at = now
        # A clock that is put back takes tokens away: nobody knows that they were earned.
        filled = self._tokens + Fraction(passed * units, limit)
        self._tokens = min(max(filled, Fraction(0)), Fraction(units))
        # What a request takes is known to the microsecond.
        weight = max(1, min(limit, round(cost * limit / units)))
        takes = Fraction(weight * units, limit)
        if allowed := takes <= self._tokens:
            self._tokens -= takes
        return allowed, int(self._tokens)


class Clock:
    """A clock that is set by hand; microseconds."""

    now = STARTS_AT

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    opened = connect(redis_url)
    yield opened
    opened.close()


@pytest.fixture(params=["memory", "redis"])
def buckets(request: pytest.FixtureRequest, clock: Clock) -> Buckets:
    if request.param == "memory":
        return MemoryBuckets(clock=clock)
    return RedisBuckets(request.getfixturevalue("client"), clock)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(allowance=allowances, asked=requests)
def test_every_keeper_judges_as_the_model_does(
    buckets: Buckets, clock: Clock, allowance: Allowance, asked: list[tuple[int, str, float]]
) -> None:
    run = next(NAMES)
    models = {name: Model(allowance) for name in "ab"}
    for passed, name, cost in asked:
        clock.now += passed
        weight = allowance.weigh(cost)
        allowed, backlog = buckets.take(f"{run}:{name}", weight, allowance.limit)
        verdict = allowance.verdict(cost, backlog, allowed=allowed)
        assert (verdict.allowed, verdict.remaining) == models[name].take(cost, clock.now)


def test_a_bucket_in_redis_goes_when_it_is_full(client: Redis) -> None:
    kept = RedisBuckets(client)
    kept.take("address:203.0.113.7", 3 * MICROS, 60 * MICROS)
    [key] = client.scan_iter()
    assert 3_000 < client.pttl(key) <= 4_000
    assert kept.take("address:203.0.113.7", 58 * MICROS, 60 * MICROS)[0] is False
    assert client.pttl(key) <= 4_000, "a refusal keeps it no longer"


def test_all_processes_share_what_redis_keeps(redis_url: str) -> None:
    processes = [RedisBuckets(connect(redis_url)) for _ in range(3)]
    taken = [kept.take("client:nrc_1", 20 * MICROS, 60 * MICROS)[0] for kept in processes * 2]
    assert taken == [True, True, True, False, False, False]


def test_a_redis_that_hangs_holds_one_request_and_nobody_after_it() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        buckets = RedisBuckets(connect(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
        limiter = Limiter(buckets, per_address=5, per_client=5)
        began = time.monotonic()
        first = limiter.judge_address("203.0.113.7", 1)
        held = time.monotonic()
        others = [limiter.judge_address("203.0.113.7", 1) for _ in range(5)]
        with pytest.raises(LimiterUnavailableError):
            limiter.judge_credentials("203.0.113.7", 1, guessable=True)
        assert time.monotonic() - held < 0.2
    assert held - began < 2.5, "a second to connect, and one for the reply"
    allowed = [verdict.allowed for verdict in (first, *others) if verdict]
    assert allowed == [True] * 5 + [False]


def test_one_process_knows_so_many_buckets_and_no_more() -> None:
    kept = MemoryBuckets(max_buckets=100, clock=lambda: 0)
    kept.take("busy", 1, 10)
    for number in range(1000):
        kept.take(f"address:{number}", 10, 10)
        assert kept.take("busy", 0, 10) == (True, 1), "who keeps asking is not forgotten"
    assert kept.take("address:999", 1, 10)[0] is False
    assert kept.take("address:0", 10, 10)[0] is True, "it was forgotten, so it is full"


def test_a_bucket_costs_redis_one_round_trip_of_less_than_a_millisecond(client: Redis) -> None:
    kept = RedisBuckets(client)
    kept.take("warm", 1, MICROS)
    before = client.info("commandstats")["cmdstat_evalsha"]["calls"]
    began = time.perf_counter()
    for number in range(100):
        kept.take(f"address:{number}", 1, MICROS)
    assert time.perf_counter() - began < 0.5, "a fifth of that is usual"
    assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 100
