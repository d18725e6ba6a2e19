"""Measuring: wall and CPU time of the same work done in turns, so that a busy machine hits all.

Compare within a round, never between rounds.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Round = Mapping[str, "Cost"]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work cost, in seconds; `server_cpu` is 0 where there is no server."""

    wall: float
    client_cpu: float
    server_cpu: float

    @property
    def cpu(self) -> float:
        """The CPU time of both sides."""
        return self.client_cpu + self.server_cpu


class Meter:
    """Measures this process and, by id, one server that works for it."""

    def __init__(self, server_pid: int | None = None) -> None:
        self._server_pid = server_pid

    def measure(self, work: Callable[[], object]) -> Cost:
        """Do the work and tell what it cost."""
        server = self._server_seconds()
        wall, client = time.perf_counter(), time.process_time()
        work()
        wall, client = time.perf_counter() - wall, time.process_time() - client
        return Cost(wall, client, self._server_seconds() - server)

    def _server_seconds(self) -> float:
        """CPU time of the server and its children, as far as they live on."""
        if self._server_pid is None:
            return 0.0
        task = Path(f"/proc/{self._server_pid}/task/{self._server_pid}")
        children = (task / "children").read_text().split()
        return sum(cpu_seconds(pid) for pid in (self._server_pid, *map(int, children)))


def cpu_seconds(pid: int) -> float:
    """CPU time of a process's living threads, which keep theirs between measurements."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(path.read_text().split()[0]) for path in threads) / 1e9


def ratio(rounds: Sequence[Round], over: str, under: str, of: Callable[[Cost], float]) -> float:
    """Return the median over the rounds of how many times `under` the work `over` costs."""
    return median(of(costs[over]) / of(costs[under]) for costs in rounds)


def machine_facts() -> str:
    """Return what figures depend on, without names."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"{cores} cores ({platform.machine()}), {_memory_gib():.0f} GiB, {_processor()}, "
        f"{platform.system()} {platform.release().partition('-')[0]}, {python}, "
        f"load {load:.1f} at the start"
    )


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    if sys.platform == "linux" and path.exists():
        for line in path.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "processor unknown"


def _memory_gib() -> float:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
