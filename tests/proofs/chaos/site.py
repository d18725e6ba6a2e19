"""The full stack as processes on loopback, each behind proxies that can be spoilt."""

from __future__ import annotations

import os
import sys
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.e2e.site import Simulated, Site
from tests.processes import PROJECT, SECRET_KEY, ChildProcess, Processes, free_port
from tests.proofs.chaos.proxy import Proxy
from tests.servers.mariadb import MariaDB
from tests.servers.redis import Redis
from tests.servers.server import running
from tests.waiting import wait_until

if TYPE_CHECKING:
    import signal
    from collections.abc import Iterator, Mapping, Sequence

    from tests.servers.database import DatabaseServer

KEYWORDS = ("boats", "chess")
TICK_SECONDS = 5
PLENTY = "10000000"
UNLIMITED = ("--search-calls-per-day", PLENTY, "--units-per-day", PLENTY)
"""For a simulator whose quota is not what is tried."""

_HOOKS = Path(__file__).parent / "hooks"
_WELL_WITHIN_SECONDS = 180.0
CELERY = ("-m", "celery", "-A", "workers.celery_app")


@dataclass
class Ways:
    """The proxies before each server."""

    database: Proxy
    redis: Proxy
    youtube: Proxy

    def all(self) -> dict[str, Proxy]:
        """Each by its name."""
        return {"database": self.database, "redis": self.redis, "youtube": self.youtube}

    def close(self) -> None:
        """End all."""
        for proxy in self.all().values():
            proxy.close()


@dataclass
class ChaosSite:
    """Two webs, two workers, two Beats.

    Args:
        processes: starts them.
        env: their settings.
        database: behind its proxy.
        database_url: past its proxy.
        redis: behind its proxy.
        ways: the proxies.
        celery: how Python is to run Celery.
    """

    processes: Processes
    env: Mapping[str, str]
    database: DatabaseServer
    database_url: str
    redis: Redis
    ways: Ways
    celery: Sequence[str] = CELERY
    running: dict[str, ChildProcess] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def sites(self) -> list[Site]:
        """Where the webs answer."""
        return [Site(f"http://127.0.0.1:{port}") for port in self.ports.values()]

    def start_all(self) -> None:
        """Bring up everything and wait until it answers."""
        migrated = self.processes.python("app", "migrate", env=self.env)
        assert migrated.wait(120) == 0, migrated.output()
        for name in ("web1", "web2", "worker1", "worker2", "beat1", "beat2"):
            self.start(name)
        for site in self.sites:
            wait_until(site.answers, _WELL_WITHIN_SECONDS, claim="the webs answer")

    def start(self, name: str) -> None:
        """Start one process, if it does not run."""
        before = self.running.get(name)
        if before is not None and before.returncode is None:
            return
        self.running[name] = self.processes.start(
            sys.executable, *self._command(name), env={**self.env, **self._own(name)}
        )

    def pids(self, name: str) -> list[int]:
        """All processes of a service."""
        return self.running[name].survivors()

    def signal(self, name: str, which: signal.Signals) -> None:
        """Send a signal to all processes of a service."""
        with suppress(ProcessLookupError):
            os.killpg(self.running[name].pid, which)

    def set_clock(self, name: str, seconds: int) -> None:
        """Put a service's clock ahead, or back; 0 puts it right."""
        self._clock_file(name).write_text(f"{seconds:+d}\n", encoding="ascii")

    def _command(self, name: str) -> tuple[str, ...]:
        if name.startswith("web"):
            config = str(PROJECT / "gunicorn.conf.py")
            return ("-m", "gunicorn", "-c", config, "-w", "1", "app.wsgi:app")
        if name.startswith("worker"):
            options = "--concurrency", "2", "--without-gossip", "--without-mingle"
            return (*self.celery, "worker", *options, "--hostname", f"{name}@chaos")
        return (*self.celery, "beat", "--schedule", f"schedule-{name}")

    def _own(self, name: str) -> dict[str, str]:
        own = {}
        if name.startswith("web"):
            port = self.ports.setdefault(name, free_port())
            own["PORT"] = str(port)
        self.set_clock(name, 0)
        own["CHAOS_CLOCK"] = str(self._clock_file(name))
        own["PYTHONPATH"] = f"{_HOOKS}:{PROJECT}"
        return own

    def _clock_file(self, name: str) -> Path:
        return self.processes.folder / f"clock-{name}"


@contextmanager
def full_stack(
    folder: Path,
    *simulator: str,
    tick_seconds: int = TICK_SECONDS,
    celery: Sequence[str] = CELERY,
) -> Iterator[tuple[ChaosSite, Simulated]]:
    """Run a site with a MariaDB, a Redis and a YouTube of its own, given the options of the last.

    Args:
        folder: of its processes.
        simulator: options beside those of an unlimited quota.
        tick_seconds: between two ticks.
        celery: how Python is to run Celery.
    """
    with (
        running(MariaDB) as mariadb,
        running(Redis) as redis,
        mariadb.fresh_database() as url,
        closing(Processes(folder)) as processes,
    ):
        youtube = Simulated.start(processes, *simulator, *UNLIMITED)
        with new_site(
            processes,
            mariadb,
            redis,
            url=url,
            youtube_url=youtube.url,
            tick_seconds=tick_seconds,
            celery=celery,
        ) as site:
            site.start_all()
            yield site, youtube


@contextmanager
def new_site(
    processes: Processes,
    database: DatabaseServer,
    redis: Redis,
    *,
    url: str,
    youtube_url: str,
    tick_seconds: int = TICK_SECONDS,
    celery: Sequence[str] = CELERY,
) -> Iterator[ChaosSite]:
    """Make a site of which nothing runs yet; ends the proxies afterwards."""
    simulator = urlsplit(youtube_url).port
    assert simulator is not None
    ways = Ways(Proxy(database.port), Proxy(redis.port), Proxy(simulator))
    env = {
        "DATABASE_URL": url.replace(f":{database.port}/", f":{ways.database.port}/"),
        "REDIS_URL": redis.url.replace(f":{redis.port}/", f":{ways.redis.port}/"),
        "YOUTUBE_API_ENDPOINT": f"http://127.0.0.1:{ways.youtube.port}/",
        "YOUTUBE_API_KEYS": "first:first,second:second",
        "YOUTUBE_SEARCH_CALLS_PER_DAY": PLENTY,
        "YOUTUBE_UNITS_PER_DAY": PLENTY,
        "KEYWORDS": ",".join(KEYWORDS),
        "FETCH_INTERVAL_SECONDS": str(tick_seconds),
        "LOOKBACK_SECONDS": "60",
        "FOLLOW_CHANNELS": "0",
        "RATE_LIMIT_PER_MINUTE": "0",
        "LOG_LEVEL": "info",
        "SECRET_KEY": SECRET_KEY,
    }
    try:
        yield ChaosSite(processes, env, database, url, redis, ways, celery)
    finally:
        ways.close()
