"""The kinds of trouble: each is begun, lasts for a while, and is ended."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redis import Redis as Client

from tests.proofs.chaos.proxy import Way

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.proofs.chaos.site import ChaosSite

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


def draw(site: ChaosSite, rng: random.Random) -> Trouble:
    """Return the next trouble: mostly short, now and then longer than a lease."""
    seconds = rng.uniform(2, 10) if rng.random() < 0.8 else rng.uniform(31, 40)
    kinds: dict[str, Callable[[str], AbstractContextManager[None]]] = {
        "kill": lambda victim: _killed(site, victim, whole=rng.random() < 0.5),
        "stop": lambda victim: _stopped(site, victim),
        "terminate": lambda victim: _terminated(site, victim),
    }
    of_servers: dict[str, Callable[[str], AbstractContextManager[None]]] = {
        f"{way.value} connections:": lambda victim, way=way: _spoilt(site, victim, way)  # type: ignore[misc]  # a default
        for way in (Way.SLOW, Way.SILENT, Way.REFUSED)
    }
    of_servers["cut connections:"] = lambda victim: _cut(site, victim)
    only: dict[str, Callable[[], AbstractContextManager[None]]] = {
        "FLUSHALL": lambda: _flushed(site),
        "Redis full": lambda: _full_redis(site),
        "Redis killed": lambda: _redis_away(site),
        "database killed": lambda: _database_away(site, kill=True),
        "database stopped": lambda: _database_away(site, kill=False),
        "database read-only": lambda: _read_only(site),
    }
    group = rng.choice(("services", "servers", "only", "clocks"))
    if group == "clocks":
        victim, step = rng.choice(CLOCKED), rng.choice((-5, -1, 1, 5)) * _HOUR
        return Trouble(
            f"clock {step // _HOUR:+d} h", victim, seconds, lambda: _wrong_clock(site, victim, step)
        )
    if group == "only":
        kind = rng.choice(sorted(only))
        return Trouble(kind, "", seconds, only[kind])
    table, victims = (of_servers, SERVERS) if group == "servers" else (kinds, SERVICES)
    kind, victim = rng.choice(sorted(table)), rng.choice(victims)
    return Trouble(kind, victim, seconds, lambda: table[kind](victim))


@contextmanager
def _killed(site: ChaosSite, name: str, *, whole: bool) -> Iterator[None]:
    pids = site.pids(name)
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
