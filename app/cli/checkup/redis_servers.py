"""Redis: the cache, the queue in it, and who listens to that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cache.inspecting import inspect_redis
from app.cli.checkup.databases import clock_finding, version_finding
from app.cli.checkup.findings import error, warning, well
from app.domain.errors import CacheUnavailableError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from app.cache.inspecting import RedisFacts
    from app.cli.checkup.findings import Finding
    from app.domain.clock import Clock

_OLDEST, _OLD = (6, 2), (7, 0)
_LONG_QUEUE = 500
"""One tick waits at most, and fetches are of no use after 25 s."""


def check_cache(url: str, clock: Clock) -> Iterator[Finding]:
    """Look at the Redis of pages and key index."""
    yield from _check(url, clock, "redis", "correct REDIS_URL or start it; pages come from the "
                      "database meanwhile")  # fmt: skip


def check_replica(url: str, clock: Clock) -> Iterator[Finding]:
    """Look at the Redis that heads are read from; whether it follows is told by /ready."""
    yield from _check(url, clock, "redis_replica", "correct REDIS_READ_URL or start it; heads come "
                      "from REDIS_URL meanwhile")  # fmt: skip


def check_broker(url: str, clock: Clock) -> Iterator[Finding]:
    """Look at the Redis of the queue, at what waits there and for whom."""
    facts = yield from _check(
        url, clock, "broker", "correct CELERY_BROKER_URL or start it; nothing is fetched meanwhile"
    )
    if facts is None:
        return
    waiting = ", ".join(f"{count} in {queue}" for queue, count in facts.waiting.items())
    if sum(facts.waiting.values()) > _LONG_QUEUE:
        yield warning("queue", waiting, "workers do not keep up: start more of them")
    else:
        yield well("queue", waiting)
    if facts.workers is None:
        yield well("workers", "not known: this Redis does not tell who listens")
    elif facts.workers == 0:
        yield error("workers", "none listens to the queue", "start a worker: nothing is fetched")
    else:
        yield well("workers", f"{facts.workers} listening")
    if facts.evicts.startswith("allkeys"):
        advice = "set maxmemory-policy to volatile-lru or noeviction: messages have no time to live"
        yield warning("broker_eviction", f"{facts.evicts} may drop messages", advice)


def _check(
    url: str, clock: Clock, name: str, advice: str
) -> Generator[Finding, None, RedisFacts | None]:
    try:
        facts = inspect_redis(url)
    except CacheUnavailableError as trouble:
        yield error(name, str(trouble), advice)
        return None
    yield well(name, "answers")
    finding = version_finding(f"{name}_version", "Redis", facts.version, _OLDEST)
    yield _old(finding) if _OLDEST <= facts.version < _OLD else finding
    yield clock_finding(f"{name}_clock", (facts.now - clock()).total_seconds())
    return facts


def _old(finding: Finding) -> Finding:
    return warning(finding.code, finding.detail, "it gets no more fixes: use Redis 7 or newer")
