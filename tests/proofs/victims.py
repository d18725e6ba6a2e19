"""What the kill proof kills: the processes of either way to run, started again when they died."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.e2e.site import Site
from tests.processes import PROJECT, SECRET_KEY, ChildProcess, Processes, free_port
from tests.proofs.traffic import KEYWORDS, MOST_LAG_SECONDS, PLENTY
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

FAILPOINTS = "tests.proofs.failpoints"
CELERY = ("celery", "-A", "workers.celery_app")
PROJECTS = ("first", "second", "third")
"""Each has one key of the same name."""

_DIES_WITHIN_SECONDS = 10.0


@dataclass
class Victims:
    """A running service over one database.

    Args:
        processes: starts them; all work in its folder.
        env: their settings.
        commands: by name, what is started; the first is the one that fetches.
    """

    processes: Processes
    env: Mapping[str, str]
    commands: Mapping[str, tuple[str, ...]]
    running: dict[str, ChildProcess] = field(default_factory=dict)

    @property
    def fetching(self) -> str:
        """The name of what fetches."""
        return next(iter(self.commands))

    @property
    def site(self) -> Site:
        """Where the feed is served, once something serves it."""
        return Site(f"http://127.0.0.1:{self.env['PORT']}")

    def start(self) -> None:
        """Start whatever does not run."""
        for name, command in self.commands.items():
            if name not in self.running or self.running[name].returncode is not None:
                self.running[name] = self.processes.python(*command, env=self.env)

    def start_web(self) -> None:
        """Serve the feed, where what fetches does not."""
        if "worker" in self.commands:
            gunicorn = ("-m", "gunicorn", "-c", str(PROJECT / "gunicorn.conf.py"), "app.wsgi:app")
            self.processes.start(sys.executable, *gunicorn, env=self.env)
        wait_until(self.site.answers, 30, claim="the feed is served")

    def stop(self) -> None:
        """End all as an operator does."""
        for process in self.running.values():
            process.stop()

    def kill(self, name: str, *, whole: bool) -> None:
        """Kill a service with all its processes, or one process that it started."""
        leader = self.running[name]
        if whole:
            os.killpg(leader.pid, signal.SIGKILL)
            self.expect_death(name)
            return
        child = wait_until(
            lambda: next((pid for pid in leader.survivors() if pid != leader.pid), None),
            claim=f"{name} has started a process",
        )
        assert child is not None
        os.kill(child, signal.SIGKILL)

    def expect_death(self, name: str) -> None:
        """Wait until nothing is left of a service that was killed; fail if it ended by itself."""
        process = self.running[name]
        status = process.wait(_DIES_WITHIN_SECONDS)
        assert status == -signal.SIGKILL, f"{process} ended with {status}:\n{process.output()}"
        wait_until(lambda: not process.survivors(), _DIES_WITHIN_SECONDS)


def full_stack(
    processes: Processes, *, database_url: str, redis_url: str, youtube_url: str
) -> Victims:
    """A worker and Beat."""
    options = ("--concurrency", "2", "--without-gossip", "--without-mingle")
    commands = {
        "worker": (FAILPOINTS, *CELERY, "worker", *options),
        "beat": (*CELERY, "beat"),
    }
    servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "SECRET_KEY": SECRET_KEY}
    env = _settings(youtube_url) | servers
    return Victims(processes, env, commands)


def embedded(processes: Processes, *, database_url: str, youtube_url: str) -> Victims:
    """`python -m app serve`: a master and the one process that fetches and serves."""
    env = _settings(youtube_url) | {"DATABASE_URL": database_url}
    return Victims(processes, env, {"service": (FAILPOINTS, "app", "serve")})


def _settings(youtube_url: str) -> dict[str, str]:
    return {
        "YOUTUBE_API_KEYS": ",".join(f"{project}:{project}" for project in PROJECTS),
        "YOUTUBE_API_ENDPOINT": youtube_url,
        "YOUTUBE_SEARCH_CALLS_PER_DAY": str(PLENTY),
        "YOUTUBE_UNITS_PER_DAY": str(PLENTY),
        "KEYWORDS": ",".join(KEYWORDS),
        "FETCH_INTERVAL_SECONDS": "1",
        "LOOKBACK_SECONDS": str(MOST_LAG_SECONDS + 1),
        "BACKFILL_SECONDS": "7200",
        "RATE_LIMIT_PER_MINUTE": "0",
        "LOG_LEVEL": "warning",
        "PORT": str(free_port()),
    }
