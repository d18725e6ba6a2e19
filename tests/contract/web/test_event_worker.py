"""The web's worker: first pages whatever the database does, shedding, slow clients, draining."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest

from app.cache.redis import RedisFeedCache, connect
from app.domain.feeds import ALL, Head, Position
from tests.contract.store.tellings import NOW
from tests.contract.web.test_process import answers
from tests.processes import PROJECT, SECRET_KEY, ChildProcess, Processes, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator


THREADS = 2


@dataclass
class Web:
    """A worker process over a Redis and a database that takes connections and says nothing."""

    process: ChildProcess
    port: int
    cache: RedisFeedCache

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def publish(self, version: int) -> None:
        item = b'{"video_id":"aaaaaaaaaaa","title":"' + str(version).encode() + b'"}'
        self.cache.put(ALL, Head(version, 1, (Position(NOW, "aaaaaaaaaaa"),), (item,)))

    def connect(self, request: bytes) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall(request)
        return connection


@pytest.fixture
def mute() -> Iterator[int]:
    """The port of a server that accepts and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=200)) as listening:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(listening.accept()[0])
                except OSError:
                    return

        Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        for each in kept:
            each.close()


@pytest.fixture
def web(processes: Processes, redis_url: str, mute: int) -> Iterator[Web]:
    port = free_port()
    options = ["-c", str(PROJECT / "gunicorn.conf.py"), "-w", "1", "--threads", str(THREADS)]
    process = processes.python(
        "gunicorn",
        *options,
        "app.wsgi:app",
        env={
            "PORT": str(port),
            "DATABASE_URL": f"mysql+pymysql://news:x@127.0.0.1:{mute}/news",
            "REDIS_URL": redis_url,
            "SECRET_KEY": SECRET_KEY,
        },
    )
    client = connect(redis_url)
    started = Web(process, port, RedisFeedCache(client))
    started.publish(1)
    wait_until(lambda: answers(started.base), 30, claim="the service starts")
    yield started
    client.close()


def test_first_pages_are_served_while_the_database_hangs_and_the_rest_is_shed(web: Web) -> None:
    page = httpx.get(f"{web.base}/videos")
    assert (page.status_code, page.headers["X-Cache"]) == (200, "hit")
    with ThreadPoolExecutor(40) as pool:
        deep = [pool.submit(httpx.get, f"{web.base}/videos?page=2", timeout=60) for _ in range(40)]
        wait_until(lambda: sum(it.done() for it in deep) == 40 - THREADS, claim="the rest is shed")
        shed = [it.result() for it in deep if it.done()]
        assert httpx.get(f"{web.base}/health", timeout=5).status_code == 200
        ready = httpx.get(f"{web.base}/ready", timeout=5)  # the database is silent for six
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        web.publish(2)
        began = time.monotonic()
        wait_until(lambda: '"title":"2"' in httpx.get(f"{web.base}/videos", timeout=5).text)
        assert time.monotonic() - began < 5
        assert httpx.head(f"{web.base}/videos").headers["X-Cache"] == "hit"
    for answer in shed:
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "overloaded")
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    others = [it.result() for it in deep if it.result() not in shed]
    assert {it.json()["errors"][0]["code"] for it in others} == {"nothing_to_serve"}
    assert time.monotonic() - began < 15, "they do not wait for one another's time-outs"


def test_one_client_that_keeps_asking_sees_a_new_version_after_a_second(web: Web) -> None:
    behind = []
    with httpx.Client(base_url=web.base) as client:
        client.get("/videos")
        for version in (2, 3, 4):
            web.publish(version)
            began = time.monotonic()
            newest = f'"title":"{version}"'
            wait_until(lambda newest=newest: newest in client.get("/videos").text, 10)  # type: ignore[misc] # mypy knows no lambda with a default
            behind.append(time.monotonic() - began)
    assert min(behind) < 1.4


def test_clients_that_send_slowly_keep_no_thread(web: Web) -> None:
    half = b"POST /plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    slow = [web.connect(half) for _ in range(40)]
    try:
        assert httpx.get(f"{web.base}/health", timeout=3).status_code == 200
        assert httpx.get(f"{web.base}/videos", timeout=3).status_code == 200
    finally:
        for connection in slow:
            connection.close()


def test_what_is_being_answered_is_answered_when_it_has_to_stop(web: Web) -> None:
    idle = web.connect(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"200 OK" in idle.recv(4096)
    working = web.connect(b"GET /videos?page=2 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    time_to_reach_it = httpx.get(f"{web.base}/health", timeout=10)
    assert time_to_reach_it.status_code == 200
    web.process.send_signal(signal.SIGTERM)
    assert b"503" in working.recv(4096)
    assert web.process.wait(15) == 0
    assert "exception" not in web.process.output()
    idle.close()
    working.close()


def test_who_waits_to_be_accepted_or_asks_again_when_it_has_to_stop_is_answered(web: Web) -> None:
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    kept = [web.connect(request) for _ in range(5)]
    for connection in kept:
        assert b"200 OK" in _answer(connection)
    [worker] = [pid for pid in web.process.survivors() if pid != web.process.pid]
    os.kill(worker, signal.SIGSTOP)  # so that all of it has come in when it goes on
    for connection in kept:
        connection.sendall(request)
    waiting = [web.connect(request) for _ in range(30)]
    web.process.send_signal(signal.SIGTERM)
    wait_until(lambda: _is_told_to_stop(worker), 60, claim="the master tells it to stop")
    os.kill(worker, signal.SIGCONT)
    for connection in kept + waiting:
        assert b"200 OK" in _answer(connection)
        connection.close()
    assert web.process.wait(15) == 0


def _answer(connection: socket.socket) -> bytes:
    """Read one answer of /health to its end; what came if the connection ends before."""
    read = b""
    while not read.endswith(b"}") and (more := connection.recv(4096)):
        read += more
    return read


def _is_told_to_stop(pid: int) -> bool:
    """Tell whether a SIGTERM waits for a process that is stopped."""
    [pending] = re.findall(r"ShdPnd:\s*(\w+)", Path(f"/proc/{pid}/status").read_text())
    return bool(int(pending, 16) & 1 << (signal.SIGTERM - 1))
