"""What the readers read: a filled database, the service over it, and videos that go on arriving."""

from __future__ import annotations

import random
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from app.cache.redis import RedisFeedCache, connect
from app.domain.clock import system_clock
from app.domain.watches import WatchKind
from app.feed.publisher import FeedPublisher
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from benchmarks.databases import MARIADB_MEMORY, renew_statistics
from benchmarks.pages import STARTS_AT, make_videos, new_page, pages_of
from benchmarks.read_load import HOST
from benchmarks.read_servers import started
from benchmarks.rounds import cpu_seconds
from tests.processes import PROJECT, SECRET_KEY, free_port
from tests.servers.mariadb import MariaDB
from tests.servers.redis import Redis
from tests.servers.server import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.domain.videos import Video
    from benchmarks.pages import Page
    from benchmarks.read_servers import WebServer
    from tests.processes import Processes

SEED = 17
TO_COME = 2000
KEYWORDS = ("news", "music", "boats", "trains", "chess")


@dataclass(frozen=True, slots=True)
class Stage:
    """A running service.

    Args:
        name: of the way to run it.
        web: answers.
        servers: by name, the process ids of what it works with.
        arriving: stores one more video.
    """

    name: str
    web: WebServer
    servers: Mapping[str, int]
    arriving: Arrivals

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time by process so far, in seconds."""
        others = {name: cpu_seconds(pid) for name, pid in self.servers.items()}
        return {"web": self.web.cpu_seconds, **others}


class Arrivals:
    """Stores a video a second, as a worker would, from `start` to `stop`."""

    def __init__(self, store: Store, publisher: FeedPublisher | None, videos: list[Video]) -> None:
        self._store = store
        self._publisher = publisher
        self._videos = iter(videos)
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self.stored = 0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was begun is stored."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(1.0):
            _record(self._store, new_page([next(self._videos)], 1))
            self.stored += 1
            if self._publisher is not None:
                self._publisher.publish([1])


@contextmanager
def embedded(processes: Processes, videos: int) -> Iterator[Stage]:
    """`python -m app serve`: SQLite, one process. Its ticks find out what has arrived."""
    url = f"sqlite:///{processes.folder}/newsreel.db"
    with ExitStack() as stack:
        store, to_come = _filled(url, videos, stack)
        port = free_port()
        env = _settings(url, port) | {
            "YOUTUBE_API_KEYS": "none",
            "YOUTUBE_API_ENDPOINT": f"http://{HOST}:9/",  # nobody is there
            "FETCH_INTERVAL_SECONDS": "1",
        }
        process = processes.python("app", "serve", env=env)
        web = started(process, port, "/videos")
        yield Stage("embedded: SQLite", web, {}, Arrivals(store, None, to_come))


@contextmanager
def full(processes: Processes, videos: int) -> Iterator[Stage]:
    """Gunicorn as in production over MariaDB and Redis, which publishing keeps up to date."""
    with ExitStack() as stack:
        mariadb = stack.enter_context(running(MariaDB))
        redis = stack.enter_context(running(Redis))
        url = stack.enter_context(mariadb.fresh_database())
        for statement in MARIADB_MEMORY:
            mariadb.execute(statement)
        store, to_come = _filled(url, videos, stack)
        renew_statistics(url)
        client = stack.enter_context(closing(connect(redis.url)))
        incidents = Incidents(get_logger("benchmarks"))
        publisher = FeedPublisher(store, RedisFeedCache(client), system_clock, incidents)
        publisher.publish([1])
        port = free_port()
        env = _settings(url, port) | {"REDIS_URL": redis.url}
        options = ("-c", str(PROJECT / "gunicorn.conf.py"), "app.wsgi:app")
        web = started(processes.python("gunicorn", *options, env=env), port, "/videos")
        pids = {
            "MariaDB": int(Path(mariadb.folder, "pid").read_text(encoding="ascii")),
            "Redis": int(client.info("server")["process_id"]),
        }
        yield Stage("full stack: MariaDB, Redis", web, pids, Arrivals(store, publisher, to_come))


def bare(processes: Processes, body: bytes) -> WebServer:
    """Gunicorn with one worker of threads and one reply."""
    path, port = processes.folder / "bare", free_port()
    path.write_bytes(body)
    target = f"benchmarks.load.bare:application({str(path)!r})"
    options = ("--bind", f"{HOST}:{port}", "--threads", "8", "--no-control-socket")
    return started(processes.python("gunicorn", *options, target), port, "/")


def _settings(url: str, port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET_KEY,
        "HOST": HOST,
        "PORT": str(port),
        "LOG_LEVEL": "error",
        "RATE_LIMIT_PER_MINUTE": "0",  # all readers come from one address
    }


def _filled(url: str, videos: int, stack: ExitStack) -> tuple[Store, list[Video]]:
    """Store videos through the intake, which keeps counts and texts for search; return the rest."""
    database = Database(url)
    stack.callback(database.dispose)
    store = Store(database)
    store.migrate()
    ids = [_add_watch(store, term) for term in KEYWORDS]
    rng = random.Random(SEED)  # noqa: S311 - the same numbers every time are what is wanted
    made = make_videos(rng, videos + TO_COME)
    for number, page in enumerate(pages_of(made[:videos])):
        _record(store, new_page(page, ids[number % len(ids)]))
    return store, made[videos:]


def _add_watch(store: Store, term: str) -> int:
    kind, now = WatchKind.KEYWORD, STARTS_AT
    watch, _ = store.write(lambda t: t.watches.add(kind, term, now=now, read_until=now))
    return watch.watch_id


def _record(store: Store, page: Page) -> None:
    store.write(lambda transaction: transaction.record(page, system_clock()))
