"""The servers of the reading benchmark: each a process on loopback, with what it reads from."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING

from app.cache.redis import RedisFeedCache, connect
from app.domain.clock import system_clock
from app.domain.watches import WatchKind
from app.feed.publisher import FeedPublisher
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from benchmarks.pages import STARTS_AT, make_videos, new_page, pages_of
from benchmarks.read_load import HOST
from benchmarks.read_rivals import USUAL_KEY, Reply
from benchmarks.rounds import cpu_seconds
from tests.processes import PROJECT, SECRET_KEY, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from contextlib import ExitStack

    from app.domain.videos import Video
    from benchmarks.pages import Page
    from tests.processes import ChildProcess, Processes
    from tests.servers.redis import Redis

SEED = 4
VIDEOS = 200
KEYWORDS = ("news", "music", "boats", "trains", "chess")
TO_COME = 2000
OURS = "app.wsgi:app"
_OF_THE_SERVER = ("server", "date", "connection")


@dataclass(frozen=True, slots=True)
class WebServer:
    """A started web server; its workers may change."""

    port: int
    process: ChildProcess

    @property
    def workers(self) -> list[int]:
        """The process ids that answer requests: the children, or without any the process."""
        pid = self.process.pid
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(child) for child in told.split()] or [pid]

    @property
    def cpu_seconds(self) -> float:
        """What the server has used so far, with the process that watches over its workers."""
        return sum(cpu_seconds(pid) for pid in {self.process.pid, *self.workers})

    def get(self, path: str) -> Reply:
        """Ask once; raises AssertionError for anything but a 200."""
        connection = HTTPConnection(HOST, self.port, timeout=10)
        connection.request("GET", path)
        reply = connection.getresponse()
        body = reply.read()
        connection.close()
        assert reply.status == 200, f"{path} answered {reply.status}"  # noqa: PLR2004, S101 - as the tests' servers do
        headers = [(n, v) for n, v in reply.getheaders() if n.lower() not in _OF_THE_SERVER]
        return Reply(headers, body)


@dataclass(frozen=True, slots=True)
class Backends:
    """A database with videos of some watches, and a Redis with their newest page.

    Args:
        url: of the database.
        redis: runs.
        watch_ids: of the keywords.
        to_come: videos that are not stored yet, newer than all that are; taken from the front.
    """

    url: str
    redis: Redis
    store: Store
    watch_ids: tuple[int, ...]
    publisher: FeedPublisher
    stored: list[Video]
    to_come: list[Video] = field(repr=False)

    def ingest(self, count: int) -> None:
        """Store videos that are to come, and publish them as ingest does."""
        arrived = [self.to_come.pop(0) for _ in range(count)]
        watch_id = self.watch_ids[len(self.to_come) % len(self.watch_ids)]
        _record(self.store, new_page(arrived, watch_id))
        self.publisher.publish([watch_id])


def fill(url: str, redis: Redis, stack: ExitStack) -> Backends:
    """Fill an empty database and publish its newest page."""
    database = Database(url)
    stack.callback(database.dispose)
    store = Store(database)
    store.migrate()
    ids = tuple(_add_watch(store, term) for term in KEYWORDS)
    rng = random.Random(SEED)  # noqa: S311 - the same numbers every time are what is wanted
    videos = make_videos(rng, VIDEOS + TO_COME)
    for number, page in enumerate(pages_of(videos[:VIDEOS])):
        _record(store, new_page(page, ids[number % len(ids)]))
    cache = RedisFeedCache(connect(redis.url))
    publisher = FeedPublisher(store, cache, system_clock, Incidents(get_logger("benchmarks")))
    publisher.publish(ids)
    return Backends(url, redis, store, ids, publisher, videos[:VIDEOS], videos[VIDEOS:])


def _add_watch(store: Store, term: str) -> int:
    kind, now = WatchKind.KEYWORD, STARTS_AT
    watch, _ = store.write(lambda t: t.watches.add(kind, term, now=now, read_until=now))
    return watch.watch_id


def _record(store: Store, page: Page) -> None:
    store.write(lambda transaction: transaction.record(page, system_clock()))


def keep_the_usual_way(redis_url: str, newest: Reply) -> None:
    """Put the items of a reply with 100 where the usual way looks for them."""
    page = json.loads(newest.body)
    kept = json.dumps({"items": page["items"], "total": page["total"]})
    connect(redis_url).set(USUAL_KEY, kept)


def gunicorn(
    processes: Processes, target: str, probe: str, *options: str, backends: Backends
) -> WebServer:
    """Start gunicorn with the service's own settings; options go before them.

    Args:
        processes: ends it.
        target: as gunicorn names applications.
        probe: a path that is answered 200 as soon as it serves.
        options: of gunicorn.
        backends: what it reads from.
    """
    port = free_port()
    env = {
        "DATABASE_URL": backends.url,
        "REDIS_URL": backends.redis.url,
        "SECRET_KEY": SECRET_KEY,
        "HOST": HOST,
        "PORT": str(port),
        "LOG_LEVEL": "warning",
        "RATE_LIMIT_PER_MINUTE": "1000000",  # from one address, and not to be refused
    }
    settings = ("-c", str(PROJECT / "gunicorn.conf.py"), "--workers", "1")
    process = processes.python("gunicorn", *settings, *options, target, env=env)
    return started(process, port, probe)


def uvicorn(processes: Processes, folder: Path, probe: str) -> WebServer:
    """Start FastAPI on uvicorn with the replies of a folder."""
    port = free_port()
    process = processes.python("benchmarks.read_fastapi", str(folder), str(port))
    return started(process, port, probe)


def started(process: ChildProcess, port: int, probe: str) -> WebServer:
    """Return a server when it answers a path; raises AssertionError when it ends instead."""
    server = WebServer(port, process)
    wait_until(lambda: process.returncode is not None or _answers(server, probe), 30.0)
    if process.returncode is not None:
        raise AssertionError(f"{process} ended:\n{process.output()}")
    return server


def _answers(server: WebServer, probe: str) -> bool:
    try:
        server.get(probe)
    except OSError:
        return False
    return True
