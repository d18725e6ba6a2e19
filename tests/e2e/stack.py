"""The full stack as processes, started by hand as docs/full-stack.md has Docker start it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.site import Simulated, Site
from tests.processes import PROJECT, SECRET_KEY, ChildProcess, Processes, free_port
from tests.waiting import wait_until

KEY = "AIza" + "s" * 35
FLOWER_PASSWORD = "flower-password"
READY_SECONDS = 40.0


@dataclass
class Stack:
    """Processes over one database, one Redis and one YouTube."""

    processes: Processes
    env: Mapping[str, str]
    youtube: Simulated
    workers: list[ChildProcess] = field(default_factory=list)
    others: dict[str, ChildProcess] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        return Site(f"http://127.0.0.1:{self.env['PORT']}")

    def migrate(self) -> None:
        done = self.processes.python("app", "migrate", env=self.env)
        assert done.wait(30) == 0, done.output()

    def start_worker(self) -> ChildProcess:
        name = f"worker{len(self.workers)}@test"
        worker = self._celery("worker", "--concurrency", "2", "--hostname", name)
        self.workers.append(worker)
        return worker

    def start_beat(self, name: str = "beat") -> ChildProcess:
        return self._keep(name, self._celery("beat", "--schedule", f"schedule-{name}"))

    def start_web(self) -> ChildProcess:
        command = (
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            str(PROJECT / "gunicorn.conf.py"),
            "app.wsgi:app",
        )
        return self._keep("web", self.processes.start(*command, env=self.env))

    def start_flower(self) -> Site:
        port = free_port()
        password = f"--basic-auth=newsreel:{FLOWER_PASSWORD}"
        address = (f"--port={port}", "--address=127.0.0.1")
        self._keep("flower", self._celery("flower", *address, password))
        return Site(f"http://127.0.0.1:{port}")

    def well(self) -> bool:
        reply = self.site.get("/ready")
        return reply.status == 200 and reply.json["problems"] == []

    def delivers(self, title: str, deadline_seconds: float) -> None:
        """A video published now arrives over HTTP in time."""
        video_id = self.youtube.publish(title)
        wait_until(
            lambda: self.site.get(f"/videos/{video_id}").status == 200,
            deadline_seconds,
            claim=f"{title!r} arrives",
        )

    def logs(self) -> str:
        return "".join(path.read_text(errors="replace") for path in self.log_files())

    def log_files(self) -> list[Path]:
        return sorted(self.processes.folder.glob("process-*.log"))

    def _celery(self, *arguments: str) -> ChildProcess:
        return self.processes.python("celery", "-A", "workers.celery_app", *arguments, env=self.env)

    def _keep(self, name: str, process: ChildProcess) -> ChildProcess:
        self.others[name] = process
        return process


def new_stack(
    processes: Processes, *, database_url: str, redis_url: str, youtube: Simulated, **env: str
) -> Stack:
    """A stack with nothing started yet."""
    usual = {
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "REDIS_URL": redis_url,
        "YOUTUBE_API_KEYS": KEY,
        "YOUTUBE_API_ENDPOINT": youtube.url,
        "YOUTUBE_SEARCH_CALLS_PER_DAY": "1000000",
        "YOUTUBE_UNITS_PER_DAY": "1000000",
        "FETCH_INTERVAL_SECONDS": "1",
        "KEYWORDS": "music,boats",
        "RATE_LIMIT_PER_MINUTE": "100000",  # tests ask again and again, all from one address
        "PORT": str(free_port()),
    }
    return Stack(processes, {**usual, **env}, youtube)
