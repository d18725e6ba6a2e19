"""The compose stack in a Docker engine, and readers before it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING

from tests.e2e.site import Site
from tests.processes import PROJECT, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROJECT_NAME = "newsreel-proof"
BY_THE_SERVICE = {"Cookie": "proof=1"}
"""nginx keeps nothing for, and from, who has a cookie."""

_FILES = ("docker-compose.yml", "tests/compose/stand-ins.yml")
_ASK_SIMULATOR = """
import sys, urllib.request
request = urllib.request.Request("http://127.0.0.1:8800/_control", sys.argv[1].encode())
print(urllib.request.urlopen(request, timeout=30).read().decode())
"""
_REACHES = "exec 3<>/dev/tcp/{host}/{port}"


@dataclass(frozen=True)
class Stack:
    """A demo of its own, at ports that nobody else has."""

    env: Mapping[str, str]

    @property
    def site(self) -> Site:
        return Site(f"http://127.0.0.1:{self.env['PORT']}")

    def compose(self, *arguments: str, seconds: float = 600) -> str:
        """Run `docker compose`; return what it prints.

        Raises:
            AssertionError: it failed.
        """
        files = [word for name in _FILES for word in ("--file", name)]
        command = ["docker", "compose", "--project-name", PROJECT_NAME, *files]
        done = subprocess.run(
            [*command, "--profile", "demo", *arguments],
            cwd=PROJECT,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}\n{self.logs(arguments)}"
        return done.stdout

    def logs(self, after: Sequence[str]) -> str:
        """Return the last words of all, unless it is these that could not be had."""
        return "" if after[0] in ("logs", "down") else self.compose("logs", "--tail", "20")

    def up(self) -> float:
        """Start everything and wait until all are healthy; return the seconds it took."""
        began = time.monotonic()
        self.compose("up", "--detach", "--wait")
        return time.monotonic() - began

    def run(self, service: str, *command: str) -> str:
        """Run a command in a container."""
        return self.compose("exec", "--no-TTY", service, *command)

    def reaches(self, service: str, host: str, port: int) -> bool:
        """Tell whether a container can open a connection."""
        attempt = f"timeout 3 bash -c '{_REACHES.format(host=host, port=port)}' 2>&1"
        return "yes" in self.run(service, "bash", "-c", f"{attempt} && echo yes || echo no")

    def publish(self, title: str) -> str:
        """Let a video appear on the simulated YouTube; return its id."""
        asked = json.dumps({"do": "publish", "title": f"music {title}"})
        return str(
            json.loads(self.run("simulator", "python", "-c", _ASK_SIMULATOR, asked))["video_id"]
        )

    def serves(self, video_id: str) -> bool:
        """Tell whether the service itself answers with a video."""
        return self.site.get(f"/videos/{video_id}", BY_THE_SERVICE).status == 200

    def delivers(self, title: str, deadline_seconds: float) -> tuple[str, float]:
        """A video published now arrives in time; return its id, and after how many seconds."""
        began = time.monotonic()
        video_id = self.publish(title)
        wait_until(lambda: self.serves(video_id), deadline_seconds, claim=f"{title!r} arrives")
        return video_id, time.monotonic() - began

    def running(self) -> list[str]:
        """Return the services that run now."""
        return self.compose("ps", "--services", "--status", "running").split()

    def exit_codes(self) -> dict[str, int]:
        """Return how the containers ended, by service."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return {it["Service"]: it["ExitCode"] for it in map(json.loads, lines)}


@contextmanager
def new_stack() -> Iterator[Stack]:
    """A stack that is built and not started; nothing of it is left.

    Raises:
        AssertionError: there is no engine.
    """
    assert os.environ.get("DOCKER_HOST"), "set DOCKER_HOST: the proof starts and kills containers"
    names = ("PORT", "MYSQL_PORT", "REDIS_PORT", "FLOWER_PORT")
    stack = Stack({**os.environ, **{name: str(free_port()) for name in names}})
    stack.compose("build", seconds=1800)
    try:
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "5")


@dataclass
class Readers:
    """Read the same pages again and again, each reader on new connections.

    Args:
        site: nginx.
        pages: what is asked for.
        by_the_service: what is asked of the service itself, past what nginx keeps.
    """

    site: Site
    pages: Sequence[str]
    by_the_service: Sequence[str] = ()
    passed_on: Counter[int] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    edges: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    _ended: Event = field(default_factory=Event)

    @contextmanager
    def reading(self, readers: int = 2) -> Iterator[Readers]:
        """Read in the background meanwhile."""
        threads = [Thread(target=self._read) for _ in range(readers)]
        threads.append(Thread(target=self._read_past_nginx))
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join()

    def _read(self) -> None:
        while not self._ended.is_set():
            for page in self.pages:
                began = time.monotonic()
                reply = self.site.get(page)
                self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
                self.statuses[reply.status] += 1
                self.edges[str(reply.headers.get("X-Edge-Cache"))] += 1
                self._ended.wait(0.1)

    def _read_past_nginx(self) -> None:
        while not self._ended.wait(0.5):
            for page in self.by_the_service:
                self.passed_on[self.site.get(page, BY_THE_SERVICE).status] += 1
