"""Metrics of gunicorn's many processes, as a scraper gets them."""

from __future__ import annotations

import fcntl
import os
import signal
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.contract.web.test_process import NOBODY, PASSWORD, answers, gunicorn
from tests.processes import ChildProcess, Processes, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "scraper-0123456789-abcdefghijkl-x"
SHARED = Path("/dev/shm")


class Site:
    """Two web processes whose database and Redis are not there."""

    def __init__(self, processes: Processes) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        self.process: ChildProcess = gunicorn(
            processes,
            *("--workers", "2"),
            PORT=str(port),
            DATABASE_URL=f"mysql+pymysql://news:{PASSWORD}@{NOBODY}/news",
            REDIS_URL=f"redis://:{PASSWORD}@{NOBODY}/0",
            METRICS_TOKEN=TOKEN,
        )
        wait_until(lambda: answers(self.base) and len(self.workers) == 2, 60)

    @property
    def workers(self) -> set[int]:
        pid = self.process.pid
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))

    def scrape(self) -> dict[tuple[str, tuple[str, ...]], float]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        reply = httpx.get(f"{self.base}/metrics", headers=headers, timeout=20)
        assert reply.status_code == 200
        assert reply.headers["Cache-Control"] == "no-store"
        assert PASSWORD not in reply.text
        assert TOKEN not in reply.text
        return {
            (sample.name, tuple(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(reply.text)
            for sample in family.samples
        }


@pytest.fixture
def left() -> Iterator[tuple[Path, Path]]:
    """Folders of two masters of long ago: of one that was killed, and of one that still runs."""
    parent = SHARED if os.access(SHARED, os.W_OK) else None
    names = [Path(mkdtemp(prefix=f"newsreel-metrics-0-{n}-", dir=parent)) for n in range(2)]
    killed, running = names
    descriptor = os.open(running, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    for folder in names:
        os.utime(folder, (0, 0))
    yield killed, running
    os.close(descriptor)
    for folder in names:
        rmtree(folder, ignore_errors=True)


@pytest.fixture
def site(processes: Processes, left: tuple[Path, Path]) -> Iterator[Site]:
    del left  # they are there before it starts
    yield Site(processes)
    processes.close()


def test_all_processes_are_one_to_a_scraper_and_backends_may_be_away(
    site: Site, left: tuple[Path, Path]
) -> None:
    assert [folder.exists() for folder in left] == [False, True]
    before = _asked(site.scrape())
    for _ in range(30):  # each by a connection of its own, so that both are asked
        assert httpx.get(f"{site.base}/health").status_code == 200
    seen = site.scrape()
    assert _asked(seen) == before + 30
    up = {labels[0]: value for (name, labels), value in seen.items() if name == "newsreel_up"}
    assert up == {"database": 0, "cache": 0, "cache_writes": 0, "queue": 0}
    assert seen["newsreel_build_info", ("0.1.0",)] == 1
    killed = min(site.workers)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: killed not in site.workers and len(site.workers) == 2, 30)
    wait_until(lambda: answers(site.base), 30)
    after = site.scrape()
    assert _asked(after) >= before + 30
    # Only the scrape itself is at work, in whichever process.
    assert after["newsreel_lane_busy", ("scrapes",)] == 1
    refused = httpx.get(f"{site.base}/metrics")
    assert refused.status_code == 401
    folders = list(SHARED.glob(f"newsreel-metrics-{site.process.pid}-*"))
    assert len(folders) == (1 if os.access(SHARED, os.W_OK) else 0)
    for folder in folders:
        kept = {path.name for path in folder.glob("*.db")}
        assert {"counter_ended.db", "histogram_ended.db"} <= kept
        assert not any(name.endswith(f"_{killed}.db") for name in kept)
    assert site.process.stop() == 0
    assert not any(folder.exists() for folder in folders)


def _asked(seen: dict[tuple[str, tuple[str, ...]], float]) -> float:
    name = "newsreel_http_request_seconds_count"
    return seen.get((name, ("/health", "GET", "2xx")), 0) or seen.get(
        (name, ("GET", "/health", "2xx")), 0
    )
