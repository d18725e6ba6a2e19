"""The kinds of trouble: each is begun, lasts for a while, and is ended."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from redis import Redis as Client

from tests.proofs.chaos.proxy import Way

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.proofs.chaos.site import ChaosSite

    _Card = tuple[str, str, Callable[[], AbstractContextManager[None]]]

SERVICES = ("worker1", "worker2", "beat1", "beat2", "web1", "web2")
CLOCKED = ("worker1", "worker2", "web1", "web2")
"""Beat reads no clock of ours."""

SERVERS = ("database", "redis", "youtube")
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Trouble:
    """One piece of trouble.

    Args:
        kind: what it is.
        victim: whose.
        seconds: how long it lasts.
        during: begins it and, when left, ends it.
    """

    kind: str
    victim: str
    seconds: float
    during: Callable[[], AbstractContextManager[None]]

    def __str__(self) -> str:
        return f"{self.what} for {self.seconds:.0f} s"

    @property
    def what(self) -> str:
        """The kind, and whose."""
        return f"{self.kind} {self.victim}".strip()


class Deck:
    """Deals troubles in an order drawn by chance, each victim of each kind once before any twice.

    Args:
        site: whose troubles they are.
        rng: what chance is.
    """

    def __init__(self, site: ChaosSite, rng: random.Random) -> None:
        self._rng = rng
        self._all = (*_of_services(site, rng), *_of_clocks(site), *_of_servers(site), *_only(site))
        self._left: list[_Card] = []

    @property
    def kinds(self) -> set[str]:
        """Each kind with its victim, in words."""
        return {f"{kind} {victim}".strip() for kind, victim, _ in self._all}

    def deal(self) -> Trouble:
        """Return the next trouble: mostly short, now and then longer than a lease."""
        if not self._left:
            self._left = self._rng.sample(self._all, len(self._all))
        kind, victim, during = self._left.pop()
        short = self._rng.random() < 0.8
        seconds = self._rng.uniform(2, 10) if short else self._rng.uniform(31, 40)
        return Trouble(kind, victim, seconds, during)


def _of_services(site: ChaosSite, rng: random.Random) -> Iterator[_Card]:
    for name in SERVICES:
        yield "kill", name, partial(_killed, site, name, rng)
        yield "stop", name, partial(_stopped, site, name)
        yield "terminate", name, partial(_terminated, site, name)


def _of_clocks(site: ChaosSite) -> Iterator[_Card]:
    for name in CLOCKED:
        for hours in (-5, -1, 1, 5):
            yield f"clock {hours:+d} h", name, partial(_wrong_clock, site, name, hours * _HOUR)


def _of_servers(site: ChaosSite) -> Iterator[_Card]:
    for server in SERVERS:
        for way in (Way.SLOW, Way.SILENT, Way.REFUSED):
            yield f"{way.value} connections:", server, partial(_spoilt, site, server, way)
        yield "cut connections:", server, partial(_cut, site, server)


def _only(site: ChaosSite) -> Iterator[_Card]:
    yield "FLUSHALL", "", partial(_flushed, site)
    yield "Redis full", "", partial(_full_redis, site)
    yield "Redis killed", "", partial(_redis_away, site)
    yield "database killed", "", partial(_database_away, site, kill=True)
    yield "database stopped", "", partial(_database_away, site, kill=False)
    yield "database read-only", "", partial(_read_only, site)


@contextmanager
def _killed(site: ChaosSite, name: str, rng: random.Random) -> Iterator[None]:
    pids, whole = site.pids(name), rng.random() < 0.5
    for pid in pids if whole else pids[-1:]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    yield
    _again(site, name)


@contextmanager
def _terminated(site: ChaosSite, name: str) -> Iterator[None]:
    site.running[name].send_signal(signal.SIGTERM)
    yield
    site.running[name].wait(60)
    _again(site, name)


@contextmanager
def _stopped(site: ChaosSite, name: str) -> Iterator[None]:
    site.signal(name, signal.SIGSTOP)
    yield
    site.signal(name, signal.SIGCONT)
    _again(site, name)  # gunicorn's master may have found its worker too silent


@contextmanager
def _wrong_clock(site: ChaosSite, name: str, seconds: int) -> Iterator[None]:
    site.set_clock(name, seconds)
    yield
    site.set_clock(name, 0)


@contextmanager
def _spoilt(site: ChaosSite, server: str, way: Way) -> Iterator[None]:
    proxy = site.ways.all()[server]
    proxy.set(way)
    yield
    proxy.set(Way.OPEN)


@contextmanager
def _cut(site: ChaosSite, server: str) -> Iterator[None]:
    site.ways.all()[server].cut()
    yield


@contextmanager
def _flushed(site: ChaosSite) -> Iterator[None]:
    site.redis.empty()
    yield


@contextmanager
def _redis_away(site: ChaosSite) -> Iterator[None]:
    site.redis.kill()
    yield
    site.redis.start()


@contextmanager
def _database_away(site: ChaosSite, *, kill: bool) -> Iterator[None]:
    if kill:
        site.database.kill()
    else:
        site.database.stop()
    yield
    site.database.start()


@contextmanager
def _read_only(site: ChaosSite) -> Iterator[None]:
    """Writes are refused, as on a full disk, and reads go on."""
    site.database.execute("SET GLOBAL read_only = 1")
    yield
    site.database.execute("SET GLOBAL read_only = 0")


@contextmanager
def _full_redis(site: ChaosSite) -> Iterator[None]:
    with Client.from_url(site.redis.url) as client:
        before = client.config_get("maxmemory") | client.config_get("maxmemory-policy")
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        yield
        for name, value in before.items():
            client.config_set(name, value)


def _again(site: ChaosSite, name: str) -> None:
    """Start what ended, as a supervisor does."""
    site.start(name)
