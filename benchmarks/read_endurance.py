"""Reading for a minute while ingest writes and Redis is restarted twice.

Half of the clients keep one connection and ask anew each time. The others connect again every now
and then, so that the other process answers them, and name the version they have.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles
from typing import TYPE_CHECKING

from benchmarks.read_load import HOST, get_request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from benchmarks.read_servers import Backends, WebServer
    from tests.servers.redis import Redis

CLIENTS = 64
SECONDS_BETWEEN_REQUESTS = 0.1
SECONDS_BETWEEN_WRITES = 0.5
VIDEOS_PER_WRITE = 3
REDIS_AWAY_SECONDS = 3.0
WARM_UP_SECONDS = 3
_REQUESTS_PER_CONNECTION = 20
_SEED = 6


@dataclass
class Endured:
    """What the clients saw.

    Args:
        statuses: how often each came; 0 counts connections that broke.
        marks: how often each X-Cache came.
        latencies: in seconds.
        went_back: replies older than one that the same client had for the same address.
        newest: the newest version that was seen.
        writes: of ingest meanwhile.
    """

    seconds: int
    clients: int = CLIENTS
    seconds_between_requests: float = SECONDS_BETWEEN_REQUESTS
    statuses: Counter[int] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    went_back: int = 0
    newest: int = 0
    writes: int = 0
    restarts: int = 0

    @property
    def errors(self) -> int:
        """Broken connections and 5xx."""
        return sum(n for status, n in self.statuses.items() if status == 0 or status >= 500)  # noqa: PLR2004 - HTTP's

    def percentile(self, percent: int) -> float:
        """Return the latency that so many of a hundred requests do not exceed."""
        return quantiles(self.latencies, n=100)[percent - 1]


def measure(server: WebServer, backends: Backends, client: Executor, seconds: int) -> Endured:
    """Read, write and restart Redis for so long."""
    channel = backends.stored[-1].channel_id
    addresses = [
        *["/videos"] * 6,
        *["/videos?limit=100", "/videos?limit=25&page=1", "/videos?limit=20&page=3"],
        *[f"/videos?watch={watch_id}" for watch_id in backends.watch_ids],
        f"/videos?channel_id={channel}",
    ]
    warm_up = client.submit(_read, server.port, addresses, WARM_UP_SECONDS).result()
    reading = client.submit(_read, server.port, addresses, seconds)
    restarts = _Restarts(backends.redis, seconds)
    began, writes = time.monotonic(), 0
    while not reading.done():
        backends.ingest(VIDEOS_PER_WRITE)
        writes += 1
        restarts.act(time.monotonic() - began)
        time.sleep(SECONDS_BETWEEN_WRITES)
    endured = reading.result()
    endured.writes, endured.restarts = writes, restarts.done
    if warm_up.errors:
        raise AssertionError(f"while warming up: {warm_up.statuses}")
    return endured


class _Restarts:
    """Stops Redis after a third and two thirds of the time, and starts it some seconds later.

    From this thread: it is the starter's end that would end the server.
    """

    def __init__(self, redis: Redis, seconds: int) -> None:
        self._redis = redis
        away = min(REDIS_AWAY_SECONDS, seconds / 10)
        begins = (seconds / 3, 2 * seconds / 3)
        self._left = [(at + late, late > 0) for at in begins for late in (0.0, away)]
        self.done = 0

    def act(self, passed_seconds: float) -> None:
        """Do what is due."""
        if not self._left or passed_seconds < self._left[0][0]:
            return
        _, starts = self._left.pop(0)
        if starts:
            self._redis.start()
            self.done += 1
        else:
            self._redis.stop()


def _read(port: int, addresses: Sequence[str], seconds: int) -> Endured:
    return asyncio.run(_read_all(port, addresses, seconds))


async def _read_all(port: int, addresses: Sequence[str], seconds: int) -> Endured:
    endured = Endured(seconds)
    ends_at = time.monotonic() + seconds
    clients = [_Client(port, addresses, number, endured) for number in range(CLIENTS)]
    await asyncio.gather(*(client.run(ends_at) for client in clients))
    return endured


class _Client:
    """One client of many; they share what they count."""

    def __init__(self, port: int, addresses: Sequence[str], number: int, endured: Endured) -> None:
        self._port = port
        self._addresses = addresses
        self._returns = number % 2 == 1
        self._rng = random.Random(_SEED + number)  # noqa: S311 - the same every time
        self._endured = endured
        self._etags: dict[str, str] = {}

    async def run(self, ends_at: float) -> None:
        """Ask now and then until the time is over."""
        while time.monotonic() < ends_at:
            reader, writer = await asyncio.open_connection(HOST, self._port)
            try:
                await self._use(reader, writer, ends_at)
            except (OSError, asyncio.IncompleteReadError):
                self._endured.statuses[0] += 1
            finally:
                writer.close()

    async def _use(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ends_at: float
    ) -> None:
        asked = 0
        while time.monotonic() < ends_at and not (
            self._returns and asked == _REQUESTS_PER_CONNECTION
        ):
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * SECONDS_BETWEEN_REQUESTS)
            address = self._rng.choice(self._addresses)
            named = {"If-None-Match": self._etags[address]} if address in self._etags else {}
            began = time.perf_counter()
            writer.write(get_request(address, **(named if self._returns else {})))
            head = await reader.readuntil(b"\r\n\r\n")
            headers = dict(
                line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:-2]
            )
            await reader.readexactly(int(headers.get("content-length", "0")))
            self._endured.latencies.append(time.perf_counter() - began)
            self._note(address, int(head[9:12]), headers)
            asked += 1

    def _note(self, address: str, status: int, headers: dict[str, str]) -> None:
        self._endured.statuses[status] += 1
        self._endured.marks[headers.get("x-cache", "none")] += 1
        etag = headers.get("etag")
        if etag is None:
            return
        before = self._etags.get(address)
        version = _version(etag)
        if before is not None and version < _version(before):
            self._endured.went_back += 1
        self._endured.newest = max(self._endured.newest, version)
        self._etags[address] = etag


def _version(etag: str) -> int:
    return int(etag.strip('"').partition("-")[0])
