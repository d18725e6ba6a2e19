"""PostgreSQL under the full stack, and keys that must not sing: driven through every error path,
none of them appears in any log, reply, table or Redis command."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import sqlalchemy

from simulator.faults import KINDS
from simulator.quota import KEY_STATES
from tests.e2e.site import Simulated, serve, started
from tests.e2e.stack import READY_SECONDS, Stack, new_stack
from tests.e2e.tollgate import Tollgate, tollgate
from tests.processes import Processes
from tests.waiting import wait_until

# Of Google's form; and one whose characters mean something in URLs, JSON and HTML.
CANARIES = ("AIza" + "Canary_" * 5, "canary&odd=key%41<b>\"it's")
HARMLESS = {"slow", "duplicate_on_page_2", "unsorted", "channel_item", "missing_video_id", "nul",
            "lone_surrogate", "wrong_types"}  # fmt: skip
METRICS_TOKEN = "scraper-0123456789-abcdefghijkl-x"
PLENTY = ("--search-calls-per-day", "1000000", "--units-per-day", "1000000")


@dataclass
class Aviary:
    """The stack, the way to its database, and all that was said to Redis."""

    stack: Stack
    gate: Tollgate
    engine: sqlalchemy.Engine
    said_to_redis: list[bytes]

    def provoke(self, trouble: str, cause: Callable[[], object]) -> None:
        """Cause trouble and wait until every watch has met it."""
        self.stack.youtube.control("clear_faults")
        cause()
        with self.engine.begin() as connection:
            connection.execute(sqlalchemy.text("DELETE FROM key_states"))
            connection.execute(
                sqlalchemy.text(
                    "UPDATE watches SET next_due_at = '2000-01-01+00', leased_until = NULL,"
                    " fence = fence + 1, error_code = NULL, error_detail = NULL"
                )
            )
        wait_until(self._all_in_trouble, 30, claim=f"{trouble} is met")
        self.look_around()

    def look_around(self) -> None:
        """Ask every route; no reply may hold a key."""
        site = self.stack.site
        paths = [str(path) for path in site.get("/openapi.json").json["paths"]]  # type: ignore[attr-defined]  # an object
        for path in [*paths, "/", "/docs", "/nowhere", "/videos?limit=0", "/videos?page=2"]:
            reply = site.get(path.replace("{video_id}", "aaaaaaaaaaa"))
            assert reply.status in (200, 400, 401, 404, 405, 503)
            assert not found_in(f"{reply.headers} {reply.body.decode()}")
        told = site.get("/metrics", {"Authorization": f"Bearer {METRICS_TOKEN}"})
        assert "newsreel_keys" in told.body.decode()
        assert not found_in(told.body.decode())

    def tables(self) -> str:
        metadata = sqlalchemy.MetaData()
        metadata.reflect(self.engine)
        with self.engine.connect() as connection:
            rows = [connection.execute(table.select()).all() for table in metadata.sorted_tables]
        return repr(rows)

    def _all_in_trouble(self) -> bool:
        with self.engine.connect() as connection:
            codes = connection.execute(sqlalchemy.text("SELECT error_code FROM watches")).scalars()
            return all(codes.all())


def found_in(text: str) -> list[str]:
    """The canaries that can be heard: in full, escaped, or the tell-tale part of them."""
    return re.findall(r"(?i)canary\S*", text)


@contextmanager
def _listening(url: str) -> Iterator[list[bytes]]:
    """Record every command that Redis is given."""
    said: list[bytes] = []
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"MONITOR\r\n")

        def listen() -> None:
            said.extend(iter(lambda: connection.recv(65536), b""))

        thread = threading.Thread(target=listen)
        thread.start()
        yield said
        connection.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture
def aviary(processes: Processes, postgresql_url: str, redis_url: str) -> Iterator[Aviary]:
    youtube = Simulated.start(processes, *PLENTY, "--rate", "1", "--history-seconds", "600")
    engine = sqlalchemy.create_engine(postgresql_url)
    with tollgate(youtube.url) as (endpoint, gate), _listening(redis_url) as said:
        stack = new_stack(
            processes,
            database_url=postgresql_url,
            redis_url=redis_url,
            youtube=youtube,
            YOUTUBE_API_ENDPOINT=endpoint,
            YOUTUBE_API_KEYS=",".join(CANARIES),
            LOG_LEVEL="debug",
            METRICS_TOKEN=METRICS_TOKEN,
        )
        stack.migrate()
        stack.start_beat()
        stack.start_worker()
        stack.start_web()
        yield Aviary(stack, gate, engine, said)
        processes.close()
    engine.dispose()


def test_no_key_appears_anywhere_whatever_goes_wrong(aviary: Aviary) -> None:
    stack, youtube = aviary.stack, aviary.stack.youtube
    wait_until(lambda: stack.site.get("/videos").status == 200, READY_SECONDS)
    stack.delivers("Boats over PostgreSQL", 20)
    for state in (state for state in KEY_STATES if state != "ok"):
        aviary.provoke(
            state,
            lambda state=state: [  # type: ignore[misc]  # a default, to bind it now
                youtube.control("set_key_state", key=key, state=state) for key in CANARIES
            ],
        )
    for key in CANARIES:
        youtube.control("set_key_state", key=key, state="ok")
    for kind in sorted(KINDS.keys() - HARMLESS):
        aviary.provoke(
            kind,
            lambda kind=kind: youtube.control("add_fault", rule={"kind": kind}),  # type: ignore[misc]  # as above
        )
    youtube.control("clear_faults")
    aviary.provoke(
        "a wrong endpoint", lambda: setattr(aviary.gate, "upstream", "http://127.0.0.1:1")
    )
    aviary.provoke("an indiscreet answer", lambda: setattr(aviary.gate, "echoes_keys", True))
    aviary.gate.echoes_keys = False
    poor = Simulated.start(stack.processes, "--search-calls-per-day", "0", "--units-per-day", "0")
    aviary.provoke("no quota", lambda: setattr(aviary.gate, "upstream", poor.url))
    aviary.gate.upstream = youtube.url
    aviary.provoke("no answer", lambda: setattr(aviary.gate, "delay_seconds", 11.0))
    stack.workers[0].stop()
    logs = "".join(path.read_text() for path in stack.log_files())
    assert "poll_failed" in logs
    said_to_redis = b"".join(aviary.said_to_redis).decode()
    assert "newsreel.fetch" in said_to_redis
    for place, text in {
        "logs": logs,
        "tables": aviary.tables(),
        "Redis": said_to_redis,
    }.items():
        assert not found_in(text), place


@pytest.mark.parametrize("canary", CANARIES)
def test_no_key_appears_in_what_the_embedded_service_says(
    processes: Processes, canary: str
) -> None:
    youtube = Simulated.start(processes, "--key", "another-key", "--rate", "1")
    process, site = serve(
        processes,
        YOUTUBE_API_KEYS=canary,
        YOUTUBE_API_ENDPOINT=youtube.url,
        KEYWORDS="boats",
        LOG_LEVEL="debug",
    )
    started(process, site)
    wait_until(lambda: "keys_disabled" in site.problems(), 20)
    said = site.get("/ready").body.decode() + site.get("/videos").body.decode()
    process.stop()
    assert not found_in(said + process.output())
