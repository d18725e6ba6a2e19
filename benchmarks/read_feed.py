"""What reading the feed costs: the service against bare servers, memory, and a minute of trouble.

Servers run as processes of their own, one worker each. A client sends them the same number of
requests in turns; what counts is the CPU time of the server per request, and within a round alone.
"""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from app.telemetry import configure_logging
from benchmarks import read_endurance, read_memory
from benchmarks import read_report as report
from benchmarks.databases import mariadb
from benchmarks.read_load import CONNECTIONS, Load, drive, get_request
from benchmarks.read_rivals import save_replies
from benchmarks.read_samples import Compared, Sample, Size
from benchmarks.read_servers import OURS, fill, gunicorn, keep_the_usual_way, uvicorn
from tests.processes import Processes
from tests.servers.redis import Redis
from tests.servers.server import running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Executor

    from benchmarks.read_rivals import Reply
    from benchmarks.read_servers import WebServer
    from benchmarks.results import Result

SEED = 4
LIMITS = (10, 100)
RIVALS = "benchmarks.read_rivals"
WORKERS: Mapping[str, tuple[str, ...]] = {
    "sync": ("--worker-class", "sync", "--threads", "1"),  # with more it would be gthread
    "gthread, 1 thread": ("--worker-class", "gthread", "--threads", "1"),
    "gthread, 8 threads": ("--worker-class", "gthread", "--threads", "8"),
    "gevent": ("--worker-class", "gevent"),
    report.CHOSEN: (),
}


WHOLE = Size()


def run(mariadb_url: str | None = None, size: Size = WHOLE) -> Result:
    """Measure everything.

    Args:
        mariadb_url: a server on which a database may be created; without it one is started.
        size: less than whole for a trial.
    """
    configure_logging("critical")  # Redis goes away on purpose
    with ExitStack() as stack:
        bench = _Bench(stack, mariadb_url, size)
        limits = {limit: bench.compare_servers(limit) for limit in LIMITS}
        workers = bench.compare_workers()
        bench.stop_servers()
        memory = bench.measure_memory()
        endured = bench.endure()
    return report.render(limits, workers, memory, endured, size)


class _Bench:
    """Backends, servers and a client's process."""

    def __init__(self, stack: ExitStack, mariadb_url: str | None, size: Size) -> None:
        self._size = size
        self._rng = random.Random(SEED)  # noqa: S311 - only the order of turns
        place = stack.enter_context(mariadb(stack, mariadb_url))
        redis = stack.enter_context(running(Redis))
        self._backends = fill(place.new_url(), redis, stack)
        self._folder = Path(stack.enter_context(TemporaryDirectory(prefix="newsreel-")))
        spawned = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        self._client: Executor = stack.enter_context(spawned)
        self._servers_stack = stack.enter_context(ExitStack())

    def compare_servers(self, limit: int) -> Compared:
        """Let all servers answer with the first page of so many items."""
        ours = self._start(OURS, _first_page(limit))
        replies = {f"/{limit}": _ready_page(ours, limit)}
        save_replies(self._folder, replies)
        keep_the_usual_way(self._backends.redis.url, _ready_page(ours, 100))
        loads = self._loads(ours, limit, replies[f"/{limit}"])
        compared = self._take_turns(loads)
        self.stop_servers()
        return compared

    def compare_workers(self) -> Compared:
        """Let the bare application answer with a page of 10 under every worker."""
        ours = self._start(OURS, _first_page(LIMITS[0]))
        reply = _ready_page(ours, LIMITS[0])
        save_replies(self._folder, {"/10": reply})
        loads = {}
        for name, options in WORKERS.items():
            server = self._start(f"{RIVALS}:bare({str(self._folder)!r})", "/10", *options)
            loads[name] = server, _load(server, "/10", self._size, len(reply.body))
        return self._take_turns(loads)

    def measure_memory(self) -> read_memory.Grown:
        """Send our server many different requests."""
        server = self._start(OURS, "/health")
        grown = read_memory.measure(
            server, self._backends, self._client, self._size.different_requests
        )
        self.stop_servers()
        return grown

    def endure(self) -> read_endurance.Endured:
        """Read while ingest writes and Redis is restarted twice."""
        server = self._start(OURS, "/health", "--workers", "2")
        seconds = self._size.endurance_seconds
        endured = read_endurance.measure(server, self._backends, self._client, seconds)
        self.stop_servers()
        return endured

    def stop_servers(self) -> None:
        """End every web server; the backends stay."""
        self._servers_stack.close()

    def _loads(
        self, ours: WebServer, limit: int, reply: Reply
    ) -> dict[str, tuple[WebServer, Load]]:
        size, kept, page = self._size, f"/{limit}", _first_page(limit)
        fewer = replace(size, requests=max(size.requests // 10, CONNECTIONS))
        etag = next(value for name, value in reply.headers if name == "ETag")
        length = len(reply.body)
        folder, redis = repr(str(self._folder)), repr(self._backends.redis.url)
        usual, gthread = f"{RIVALS}:usual_way({redis})", WORKERS["gthread, 8 threads"]
        unchanged = get_request(page, **{"If-None-Match": etag})
        not_modified = Load(ours.port, (unchanged,), size.requests, frozenset({304}), 0)
        same = {
            report.BARE: self._start(f"{RIVALS}:bare({folder})", kept),
            report.FLASK: self._start(f"{RIVALS}:bare_flask({folder})", kept),
            report.FASTAPI: self._start_uvicorn(kept),
        }
        made = {
            report.USUAL[0]: self._start(usual, page, *gthread),
            report.USUAL[1]: self._start(usual, page),
        }
        asked = f"{kept}?{page.partition('?')[2]}"
        return {
            report.OURS: (ours, _load(ours, page, size, length)),
            report.UNCHANGED: (ours, not_modified),
            **{name: (it, _load(it, asked, size, length)) for name, it in same.items()},
            **{name: (it, _load(it, page, fewer, None)) for name, it in made.items()},
        }

    def _take_turns(self, loads: Mapping[str, tuple[WebServer, Load]]) -> Compared:
        compared = Compared()
        for _ in range(self._size.rounds + 1):
            names = self._rng.sample(sorted(loads), len(loads))
            samples = {name: self._measure(*loads[name]) for name in names}
            compared.rounds.append({name: samples[name] for name in loads})
        compared.rounds.pop(0)  # it filled caches
        return compared

    def _measure(self, server: WebServer, load: Load) -> Sample:
        self._client.submit(drive, replace(load, count=load.connections)).result()  # wakes it
        before = server.cpu_seconds
        served = self._client.submit(drive, load).result()
        cpu = server.cpu_seconds - before
        parts = quantiles(served.latencies, n=100)
        return Sample(cpu / load.count, load.count / served.wall, parts[49], parts[98])

    def _start(self, target: str, probe: str, *options: str) -> WebServer:
        return gunicorn(self._processes(), target, probe, *options, backends=self._backends)

    def _start_uvicorn(self, probe: str) -> WebServer:
        return uvicorn(self._processes(), self._folder, probe)

    def _processes(self) -> Processes:
        folder = self._servers_stack.enter_context(TemporaryDirectory(prefix="newsreel-"))
        return self._servers_stack.enter_context(closing(Processes(Path(folder))))


def _first_page(limit: int) -> str:
    return f"/videos?page=1&limit={limit}"


def _ready_page(ours: WebServer, limit: int) -> Reply:
    """Return the first page as it is served from memory."""

    def ready() -> Reply | None:
        reply = ours.get(_first_page(limit))
        return reply if ("X-Cache", "hit") in reply.headers else None

    reply = wait_until(ready, claim="a first page is ready")
    if reply is None:
        raise AssertionError("unreachable: wait_until returns what is true")
    return reply


def _load(server: WebServer, path: str, size: Size, length: int | None) -> Load:
    length = len(server.get(path).body) if length is None else length
    return Load(server.port, (get_request(path),), size.requests, length=length)
