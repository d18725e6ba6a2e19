"""`python -m tests.proofs.soak CLOCK TICKS EVERY`: ticks as fast as they go, and what they leave.

Everything of one process is here: services as the settings have them, a pool of threads that does
what ticks give out, and a web server that the hub pushes to and that is read from. After every so
many ticks it writes what it has of everything that must not grow, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from redis import Redis
from sqlalchemy import text
from werkzeug.serving import WSGIRequestHandler, make_server

from app.bootstrap import Services, build_services
from app.ingest.jobs import look_for
from app.settings import load_settings
from app.store.database import Database
from app.store.models import Base
from app.telemetry import configure_logging
from app.web.factory import create_app
from tests.proofs.shared_clock import SharedClock

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask.testing import FlaskClient
    from sqlalchemy import Connection

    from app.settings import Settings

TICK = timedelta(seconds=10)
THREADS = 4
READ_EVERY = 10
PATHS = ("/videos", "/videos?limit=50&page=2", "/feed.atom", "/watches", "/quota", "/ready")
NUMBERED: Mapping[str, str] = {
    "fetches": "fetch_id",
    "ranges": "range_id",
    "video_texts": "text_id",
    "push_hints": "hint_id",
}
"""Tables that rows come into and leave all the time, with their numbers."""

_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
_CONNECTIONS = "SELECT COUNT(*) FROM information_schema.processlist"


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process and its servers have after so many ticks.

    Args:
        tick: how many ticks passed.
        day: of the clock.
        cpu_seconds: that the process has used.
        rss_kib: memory of the process.
        threads: of the process.
        files: open file descriptors of the process.
        connections: of the database server; 0 where there is none.
        redis_keys: 0 without Redis.
        rows: by table.
        first: the lowest number in use, by table.
        last: the highest.
    """

    tick: int
    day: str
    cpu_seconds: float
    rss_kib: int
    threads: int
    files: int
    connections: int
    redis_keys: int
    rows: dict[str, int]
    first: dict[str, int]
    last: dict[str, int]


class _Silent(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """The log is no part of the proof."""


class Soak:
    """Services of this process, and what turns them."""

    def __init__(self, settings: Settings, clock: SharedClock) -> None:
        self._clock = clock
        self._services = build_services(settings, clock)
        self._services.store.migrate()
        web = create_app(self._services, trusts_this_machine=True)
        self._client: FlaskClient = web.test_client()
        port = urlsplit(settings.public_url).port or 0
        self._server = make_server("127.0.0.1", port, web, request_handler=_Silent)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._pool = ThreadPoolExecutor(THREADS)
        self._redis = Redis.from_url(settings.redis_url) if settings.redis_url else None
        self._is_server = not settings.database_url.startswith("sqlite:")
        self._database = Database(settings.database_url, pool_size=1)
        self._services.start()

    def close(self) -> None:
        """End everything."""
        self._pool.shutdown()
        self._server.shutdown()
        self._services.close()

    def turn(self, number: int) -> None:
        """A tick and all that it gives out; now and then, somebody reads."""
        work = [self._pool.submit(self._services.ingest.run, claim) for claim in self._claims()]
        jobs = self._services.jobs | self._services.messages
        work += [self._pool.submit(jobs[kind].run, item) for kind, item in look_for(jobs)]
        wait(work)
        for done in work:
            done.result()  # a fault of ours ends the proof
        if number % READ_EVERY == 0:
            path = PATHS[number // READ_EVERY % len(PATHS)]
            reply = self._client.get(path)
            assert reply.status_code == 200, f"{path}: {reply.status}"
            reply.close()
        self._clock.move(TICK)

    def sample(self, number: int) -> Sample:
        """Look at everything that must not grow."""
        resident = int(Path("/proc/self/statm").read_text().split()[1])
        with self._database.connection() as connection:
            rows, first, last = _rows(connection)
            connected = connection.scalar(text(_CONNECTIONS)) if self._is_server else 0
        return Sample(
            tick=number,
            day=self._clock().date().isoformat(),
            cpu_seconds=time.process_time(),
            rss_kib=resident * _PAGE_KIB,
            threads=threading.active_count(),
            files=len(list(Path("/proc/self/fd").iterdir())),
            connections=int(connected or 0),
            redis_keys=int(self._redis.dbsize()) if self._redis else 0,  # type: ignore[arg-type] # the stub's may be awaitable
            rows=rows,
            first=first,
            last=last,
        )

    def _claims(self) -> Sequence[object]:
        return self._services.ingest.tick()


def _rows(connection: Connection) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Count every table, and find the ends of the numbers in use."""
    rows = {
        table.name: int(connection.scalar(text(f"SELECT COUNT(*) FROM {table.name}")) or 0)  # noqa: S608 - names of ours
        for table in Base.metadata.sorted_tables
    }
    ends = {
        table: connection.execute(text(f"SELECT MIN({name}), MAX({name}) FROM {table}")).one()  # noqa: S608 - as above
        for table, name in NUMBERED.items()
    }
    first = {table: int(end[0] or 0) for table, end in ends.items()}
    return rows, first, {table: int(end[1] or 0) for table, end in ends.items()}


def main(arguments: Sequence[str]) -> None:
    """Tick so often."""
    clock = SharedClock(Path(arguments[0]), sets=True)
    ticks, every = int(arguments[1]), int(arguments[2])
    settings = load_settings(os.environ)
    configure_logging(settings.log_level)
    soak = Soak(settings, clock)
    for number in range(ticks + 1):
        if number % every == 0:
            sys.stdout.write(json.dumps(asdict(soak.sample(number))) + "\n")
            sys.stdout.flush()
        soak.turn(number)
    soak.close()


if __name__ == "__main__":
    main(sys.argv[1:])
