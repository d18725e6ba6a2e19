"""Two zones for the proof of replicas: what is written stands in one, and lines lead to it."""

from __future__ import annotations

import random
import sys
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING

from app.cache.redis import RedisFeedCache, connect
from app.domain.clock import system_clock
from app.domain.feeds import ALL
from app.domain.watches import WatchKind
from app.feed.publisher import FeedPublisher
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from benchmarks.pages import STARTS_AT, make_videos, new_page
from tests.e2e.site import Site
from tests.line import Line
from tests.processes import PROJECT, SECRET_KEY, free_port
from tests.servers.mariadb_pair import running_mariadb_pair, wait_until_level
from tests.servers.redis_pair import RedisPair, running_pair
from tests.servers.server import HOST
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.processes import Processes
    from tests.servers.mariadb import MariaDB

SEED = 31
AT_FIRST = 200
MOST_VIDEOS = 5_000
SECONDS_BETWEEN = 0.5


class Writer:
    """Stores a video every half second in the home zone and publishes it, as ingest does."""

    def __init__(self, store: Store, publisher: FeedPublisher) -> None:
        self._store = store
        self._publisher = publisher
        rng = random.Random(SEED)
        self._videos = iter(make_videos(rng, MOST_VIDEOS))
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)
        kind = WatchKind.KEYWORD
        self._watch, _ = store.write(
            lambda t: t.watches.add(kind, "news", now=STARTS_AT, read_until=STARTS_AT)
        )
        self.total = 0
        for _ in range(AT_FIRST):
            self._store_one()
        self._publisher.repair()

    def start(self) -> None:
        """Begin to go on."""
        self._thread.start()

    def stop(self) -> None:
        """End that."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(SECONDS_BETWEEN):
            self._store_one()
            self._publisher.repair()

    def _store_one(self) -> None:
        page = new_page([next(self._videos)], self._watch.watch_id)
        self._store.write(lambda transaction: transaction.record(page, system_clock()))
        self.total += 1


@dataclass(frozen=True, slots=True)
class Zones:
    """The home zone, and one that is far from it.

    Args:
        writer: in the home zone.
        redis: its master at home, its replica far away.
        lines: all that lead from the far zone to the home zone.
        home: a web process there.
        beside_both: one far away, beside replicas of Redis and of the database.
        beside_redis: one that has the former alone.
    """

    writer: Writer
    redis: RedisPair
    lines: tuple[Line, ...]
    home: Site
    beside_both: Site
    beside_redis: Site

    def cut(self) -> None:
        """Lose every packet between the zones."""
        for line in self.lines:
            line.hold()

    def mend(self) -> None:
        """Let them through again."""
        for line in self.lines:
            line.release()


@contextmanager
def zones(processes: Processes) -> Iterator[Zones]:
    """Two web processes far away beside replicas of their own, one at home."""
    with ExitStack() as stack:
        primary, replica, of_rows = stack.enter_context(running_mariadb_pair())
        pair = stack.enter_context(running_pair())
        to_primary = stack.enter_context(closing(Line(primary.port)))
        to_master = stack.enter_context(closing(Line(pair.master.port)))
        store = Store(Database(primary.url))
        stack.callback(store.dispose)
        store.migrate()
        client = stack.enter_context(closing(connect(pair.master.url)))
        incidents = Incidents(get_logger("proof"))
        cache = RedisFeedCache(client)
        writer = Writer(store, FeedPublisher(store, cache, system_clock, incidents))
        wait_until_level(primary, replica)
        pair.wait_until_level()
        assert cache.version(ALL) is not None
        far = {
            "DATABASE_URL": _over(to_primary, primary),
            "REDIS_URL": f"redis://{HOST}:{to_master.port}/0",
            "REDIS_READ_URL": pair.replica.url,
        }
        home = {"DATABASE_URL": primary.url, "REDIS_URL": pair.master.url}
        yield Zones(
            writer,
            pair,
            (of_rows, pair.between, to_primary, to_master),
            home=_web(processes, home),
            beside_both=_web(processes, far | {"DATABASE_REPLICA_URL": replica.url}),
            beside_redis=_web(processes, far),
        )


def _over(line: Line, server: MariaDB) -> str:
    return server.url.replace(f":{server.port}/", f":{line.port}/")


def _web(processes: Processes, env: dict[str, str]) -> Site:
    port = free_port()
    usual = {
        "SECRET_KEY": SECRET_KEY,
        "PORT": str(port),
        "LOG_LEVEL": "warning",
        "RATE_LIMIT_PER_MINUTE": "1000000",
    }
    options = ("-c", str(PROJECT / "gunicorn.conf.py"), "--workers", "1", "app.wsgi:app")
    processes.start(sys.executable, "-m", "gunicorn", *options, env=usual | env)
    site = Site(f"http://{HOST}:{port}")
    wait_until(lambda: site.get("/videos").status == 200, 60, claim="the feed is served")
    return site
