"""What the limiter does while Redis is away, and with those who try secrets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.domain.errors import CacheUnavailableError, LimiterUnavailableError
from app.limits.limiter import (
    ALL_CREDENTIALS_PER_MINUTE,
    CREDENTIALS_PER_MINUTE,
    REST_SECONDS,
    Limiter,
)
from app.limits.memory import MemoryBuckets
from app.telemetry import Incidents, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Redis:
    """Buckets that can be away."""

    is_away: bool = False
    asked: int = 0
    meets: Callable[[], object] = lambda: None
    kept: MemoryBuckets = field(default_factory=lambda: MemoryBuckets(clock=lambda: 0))

    def take(self, name: str, cost: int, limit: int) -> tuple[bool, int]:
        self.asked += 1
        self.meets()
        if self.is_away:
            raise CacheUnavailableError("away")
        return self.kept.take(name, cost, limit)


@dataclass
class Scene:
    """A limiter over a Redis, and its clock."""

    redis: Redis = field(default_factory=Redis)
    incidents: Incidents = field(default_factory=lambda: Incidents(get_logger("limits")))
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.limiter = Limiter(
            self.redis,
            per_address=5,
            per_client=10,
            local=MemoryBuckets(clock=lambda: 0),
            incidents=self.incidents,
            clock=lambda: self.seconds,
        )

    def let_through(self, address: str = "a", requests: int = 20) -> int:
        """Return how many of so many requests of an address are let through."""
        verdicts = [self.limiter.judge_address(address, 1) for _ in range(requests)]
        return sum(verdict is not None and verdict.allowed for verdict in verdicts)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_clients_and_addresses_have_buckets_of_their_own(scene: Scene) -> None:
    assert [scene.let_through("a"), scene.let_through("b"), scene.let_through("a")] == [5, 5, 0]
    verdicts = [scene.limiter.judge_client("a", 1) for _ in range(20)]
    assert sum(verdict is not None and verdict.allowed for verdict in verdicts) == 10


def test_without_redis_reads_go_on_and_are_still_limited(scene: Scene) -> None:
    assert scene.let_through() == 5
    scene.redis.is_away = True
    assert scene.let_through() == 5, "the process has a bucket of its own"


def test_the_log_tells_when_nobody_can_be_let_in_and_when_that_is_over(scene: Scene) -> None:
    with capture_logs() as told:
        for is_away in (True, True, False, False):
            scene.redis.is_away = is_away
            scene.seconds += REST_SECONDS
            scene.let_through(requests=3)
    assert [(it["event"], it["code"]) for it in told] == [
        ("incident_began", "limiter_unavailable"),
        ("incident_ended", "limiter_unavailable"),
    ]


def test_a_redis_that_is_away_is_asked_once_in_a_while(scene: Scene) -> None:
    scene.redis.is_away = True
    scene.let_through()
    assert scene.redis.asked == 1
    scene.seconds += REST_SECONDS
    scene.let_through()
    assert scene.redis.asked == 2
    scene.redis.is_away = False
    scene.seconds += REST_SECONDS
    scene.let_through("b", 3)
    assert scene.redis.asked == 5, "it is back, so it is asked each time"


def test_only_one_request_at_a_time_waits_for_a_redis_that_is_away(scene: Scene) -> None:
    scene.redis.is_away = True
    scene.let_through()
    scene.seconds += REST_SECONDS
    meanwhile = []
    scene.redis.meets = lambda: meanwhile.append(scene.let_through("b"))
    scene.let_through("a", 1)
    assert meanwhile == [5], "while one waits, the others are judged here"
    assert scene.redis.asked == 2


def test_without_redis_nobody_tries_a_secret(scene: Scene) -> None:
    scene.redis.is_away = True
    for seconds in (0, REST_SECONDS / 2, REST_SECONDS):
        scene.seconds = seconds
        with pytest.raises(LimiterUnavailableError):
            scene.limiter.judge_credentials("a", 1, guessable=True)
    assert scene.redis.asked == 2, "and while it rests nobody waits for it"
    scene.redis.is_away = False
    scene.seconds += REST_SECONDS
    assert scene.limiter.judge_credentials("a", 1, guessable=True).allowed


def test_an_address_that_guesses_is_held_and_hurts_no_other(scene: Scene) -> None:
    guesses = [
        scene.limiter.judge_credentials("a", 1, guessable=True)
        for _ in range(2 * ALL_CREDENTIALS_PER_MINUTE)
    ]
    assert sum(guess.allowed for guess in guesses) == CREDENTIALS_PER_MINUTE
    assert guesses[-1].allowance.name == "credentials"
    assert scene.limiter.judge_credentials("b", 1, guessable=True).allowed


def test_guessing_from_many_addresses_is_slow_too(scene: Scene) -> None:
    guesses = [
        scene.limiter.judge_credentials(str(number), 1, guessable=True) for number in range(1000)
    ]
    assert sum(guess.allowed for guess in guesses) == ALL_CREDENTIALS_PER_MINUTE
    assert guesses[-1].allowance.name == "all-credentials"


def test_many_addresses_cannot_keep_those_out_whose_secret_nobody_can_guess(scene: Scene) -> None:
    tries = [
        scene.limiter.judge_credentials(str(number), 1, guessable=False) for number in range(1000)
    ]
    assert all(it.allowed for it in tries)
    own = [scene.limiter.judge_credentials("a", 1, guessable=False) for _ in range(100)]
    assert sum(it.allowed for it in own) == CREDENTIALS_PER_MINUTE


def test_secrets_are_guarded_where_nothing_else_is_limited() -> None:
    limiter = Limiter(per_address=0, per_client=0, local=MemoryBuckets(clock=lambda: 0))
    assert limiter.judge_address("a", 10_000) is None
    assert limiter.judge_client("a", 10_000) is None
    assert all(limiter.allows_ready_page("a") for _ in range(10_000))
    guesses = [limiter.judge_credentials("a", 6, guessable=True) for _ in range(11)]
    assert [guess.allowed for guess in guesses] == [True] * 10 + [False]
