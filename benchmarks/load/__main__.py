"""`python -m benchmarks.load`: fills a database, lets readers at it, writes benchmarks/load.md.

Exits 1 if a request failed. Locust runs as a program of an environment of its own (`make load`).
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.load.report import Run, errors, merged, section
from benchmarks.load.stages import bare, embedded, full
from benchmarks.read_load import HOST
from benchmarks.rounds import machine_facts
from tests.processes import PROJECT, Processes
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.load.stages import Stage

REPORT = Path(__file__).parent.with_name("load.md")
LOCUST = PROJECT / ".venv-load" / "bin" / "locust"
_STAGES = {"embedded": embedded, "full": full}
_PAGE = 20
_SLACK_SECONDS = 120.0
_IDLE_SECONDS = 0.1


def main(arguments: Sequence[str]) -> int:
    """Run it and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--users", type=int, default=200, help="readers at once")
    parser.add_argument("--minutes", type=float, default=3, help="how long they read")
    parser.add_argument("--videos", type=int, default=100_000, help="stored before they begin")
    parser.add_argument("--stack", choices=_STAGES, default="embedded")
    options = parser.parse_args(arguments)
    if not LOCUST.exists():
        parser.error("Locust is not installed: run make load")
    stack: str = options.stack
    with TemporaryDirectory(prefix="newsreel-load-") as name:
        folder = Path(name)
        with (
            closing(Processes(folder)) as processes,
            _STAGES[stack](processes, options.videos) as stage,
        ):
            run = _read(processes, stage, options)
        stats = folder / "load_stats.csv"
        before = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
        text = merged(before, stage.name, section(run, stats))
        REPORT.write_text(text, encoding="utf-8")
        failed = errors(stats)
        reasons = (folder / "load_failures.csv").read_text(encoding="utf-8") if failed else ""
    sys.stdout.write(text + reasons)
    return 1 if failed else 0


def _read(processes: Processes, stage: Stage, options: argparse.Namespace) -> Run:
    """Let the readers read."""
    users, minutes, videos = int(options.users), float(options.minutes), int(options.videos)
    yardstick = bare(processes, _page_1(stage.web.port))
    machine, day = machine_facts(), datetime.now(UTC).date()
    _let_settle(stage)
    before, children = stage.cpu_seconds(), _cpu_of_children()
    bare_before, began = yardstick.cpu_seconds, time.monotonic()
    stage.arriving.start()
    locust = processes.start(
        *(str(LOCUST), "--locustfile", str(Path(__file__).with_name("locustfile.py"))),
        *("--headless", "--only-summary", "--csv", "load", "--exit-code-on-error", "0"),
        *("--users", str(users), "--spawn-rate", str(max(1, users // 5))),
        *("--run-time", f"{round(minutes * 60)}s", "--host", f"http://{HOST}:{stage.web.port}"),
        env={"BARE_URL": f"http://{HOST}:{yardstick.port}", "PAGES": str(max(1, videos // _PAGE))},
    )
    status = locust.wait(minutes * 60 + _SLACK_SECONDS)
    stage.arriving.stop()
    if status != 0:
        raise AssertionError(f"Locust ended with {status}:\n{locust.output()}")
    after = stage.cpu_seconds()
    typed = f"USERS={users} MINUTES={minutes:g} VIDEOS={videos} STACK={options.stack}"
    return Run(
        command=f"make load {typed}",
        day=str(day),
        machine=machine,
        users=users,
        minutes=minutes,
        videos=videos,
        arrived=stage.arriving.stored,
        wall_seconds=time.monotonic() - began,
        cpu_seconds={
            **{name: seconds - before[name] for name, seconds in after.items()},
            "bare": yardstick.cpu_seconds - bare_before,
            "Locust": _cpu_of_children() - children,
        },
    )


def _let_settle(stage: Stage) -> None:
    """Return when all that was started has nothing left to do for its start."""

    def is_idle() -> bool:
        before = sum(stage.cpu_seconds().values())
        time.sleep(1)
        return sum(stage.cpu_seconds().values()) - before < _IDLE_SECONDS

    wait_until(is_idle, _SLACK_SECONDS, claim="the service has started")


def _page_1(port: int) -> bytes:
    connection = HTTPConnection(HOST, port, timeout=10)
    with closing(connection):
        connection.request("GET", "/videos")
        return connection.getresponse().read()


def _cpu_of_children() -> float:
    """Return the CPU time of children that have ended, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
