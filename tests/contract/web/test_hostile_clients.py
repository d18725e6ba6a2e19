"""A hundred slow clients and a flood of distinct addresses: the others keep being served."""

from __future__ import annotations

import itertools
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http import HTTPStatus
from pathlib import Path
from statistics import quantiles
from threading import Event
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.contract.web.conftest import seeded
from tests.contract.web.test_process import answers, gunicorn
from tests.processes import ChildProcess, Processes, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW_CLIENTS = 99
FLOODING_CONNECTIONS = 10
ATTACK_SECONDS = 2.5
MOST_SECONDS = 1.0
"""That 19 of 20 requests of the others may take on two busy cores; half of them take some 50 ms."""

MOST_GROWTH = 40 * 2**20
POLITE, FLOODER = "203.0.113.7", "203.0.113.66"
HEAD = b"GET /videos HTTP/1.1\r\nHost: news.example.org\r\nX-Slow: "
BODY = b"POST /plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
PAGES = b"GET /videos?page=1&limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50


class Web:
    """A process with one worker behind a proxy, as its clients see it."""

    def __init__(self, process: ChildProcess, port: int) -> None:
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self._process = process

    def rss(self) -> int:
        """The worker's memory in bytes."""
        pid = self._process.pid
        [worker] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * 4096

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.base, timeout=20)


@pytest.fixture
def web(processes: Processes, sqlite_url: str, redis_url: str) -> Web:
    seeded(sqlite_url).close()
    port = free_port()
    env = {"DATABASE_URL": sqlite_url, "REDIS_URL": redis_url, "PORT": str(port)}
    limits = {"PROXY_HOPS": "1", "RATE_LIMIT_PER_MINUTE": "150"}
    process = gunicorn(processes, "--workers", "1", **env, **limits)
    started = Web(process, port)
    wait_until(lambda: answers(started.base), 30, claim="the service starts")
    return started


def be_slow(web: Web, is_over: Event) -> None:
    """Send headers by the byte, send bodies by the byte, and take no answers."""
    with ExitStack() as stack:
        slow = []
        for begins in itertools.islice(itertools.cycle((HEAD, BODY, PAGES)), SLOW_CLIENTS):
            connection = socket.socket()
            stack.enter_context(closing(connection))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", web.port))
            connection.sendall(begins)
            slow.append((connection, begins))
        while not is_over.wait(0.1):
            for connection, begins in slow:
                if begins is not PAGES:
                    connection.sendall(b"x")


def flood(web: Web, is_over: Event, addresses: Iterator[str]) -> Counter[bytes]:
    """Ask for something else each time, on many connections at once; return what is answered."""
    statuses = Counter[bytes]()
    with ExitStack() as stack:
        connections = [
            stack.enter_context(closing(socket.create_connection(("127.0.0.1", web.port), 20)))
            for _ in range(FLOODING_CONNECTIONS)
        ]
        numbers = itertools.count()
        while not is_over.is_set():
            for connection in connections:
                connection.sendall(distinct(next(numbers), next(addresses)))
            for connection in connections:
                statuses[answer(connection)] += 1
    return statuses


def distinct(number: int, address: str) -> bytes:
    """Return a request that nobody has made yet."""
    paths = f"/videos?q=word{number}", f"/videos?keyword=word{number}", f"/nothing/{number}"
    lines = f"GET {paths[number % 3]} HTTP/1.1", "Host: localhost", f"X-Forwarded-For: {address}"
    return "\r\n".join([*lines, "", ""]).encode()


def answer(connection: socket.socket) -> bytes:
    """Receive one answer whole; return its status."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b" ")[1]


def be_polite(web: Web, seconds: float) -> list[float]:
    """Ask for a ready page and for one from the database in turn; return how long each took."""
    taken = []
    ends_at = time.monotonic() + seconds
    with web.client() as client:
        while time.monotonic() < ends_at:
            for path in ("/videos", "/videos?page=2"):
                began = time.monotonic()
                reply = client.get(path, headers={"X-Forwarded-For": POLITE})
                taken.append(time.monotonic() - began)
                assert reply.status_code == HTTPStatus.OK, reply.text
            time.sleep(0.1)  # a client that is not in a hurry
    return taken


def test_slow_clients_and_a_flood_leave_the_others_served_and_memory_bounded(web: Web) -> None:
    be_polite(web, 0.3)
    before, is_over = web.rss(), Event()
    many = (f"2001:db8:{number:x}::1" for number in itertools.count())
    with ThreadPoolExecutor(3) as pool:
        slow = pool.submit(be_slow, web, is_over)
        one = pool.submit(flood, web, is_over, itertools.repeat(FLOODER))
        all_over = pool.submit(flood, web, is_over, many)
        try:
            taken = be_polite(web, ATTACK_SECONDS)
        finally:
            is_over.set()
        slow.result()
        held, scattered = one.result(), all_over.result()
    assert held[b"429"] > held.total() / 2, "one that asks without end is held"
    assert scattered.total() > 100, "that was a flood"
    assert quantiles(taken, n=20)[-1] < MOST_SECONDS
    assert web.rss() - before < MOST_GROWTH
