"""The event worker and its connections: those that wait, come late, never read, or never stop."""

from __future__ import annotations

import os
import select
import signal
import socket
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.contract.web.test_process import answers
from tests.processes import ChildProcess, Processes, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., "Web"]

LAYERS = "tests.contract.web.layers"
GREEDY = 20_000


class Web:
    """A worker process that serves `layers.Layer`."""

    def __init__(self, process: ChildProcess, port: int) -> None:
        self.process = process
        self.port = port
        self.base = f"http://127.0.0.1:{port}"

    def connect(self, paths: list[str], buffer: int | None = None) -> socket.socket:
        """Connect and ask for paths at once."""
        connection = socket.socket()
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(15)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(b"".join(map(request, paths)))
        return connection

    @contextmanager
    def stood_still(self) -> Iterator[None]:
        """Stop the process that serves, for as long as the body takes."""
        pid = self.process.pid
        [worker] = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        os.kill(worker, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(worker, signal.SIGCONT)


@pytest.fixture
def start(processes: Processes) -> Start:
    def started(*options: str, worker: str = "app.web.event_worker.EventWorker") -> Web:
        port = free_port()
        bind = f"127.0.0.1:{port}"
        given = ["-b", bind, "-k", worker, "--keep-alive", "40", "--no-control-socket", *options]
        web = Web(processes.python("gunicorn", *given, f"{LAYERS}:Layer()"), port)
        wait_until(lambda: answers(web.base), 30, claim="the service starts")
        return web

    return started


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def test_a_request_asks_once_whether_its_answer_is_ready(start: Start) -> None:
    with httpx.Client(base_url=start().base) as client:
        first = int(client.get("/page").headers["X-Asked"])
        assert int(client.get("/page").headers["X-Asked"]) == first + 1
        closing_asks = client.get("/page", headers={"Connection": "close"}).headers["X-Asked"]
        assert int(closing_asks) == first + 2, "one that is not plain is asked about too"


def test_an_idle_connection_does_not_keep_a_worker_that_has_done_its_share(start: Start) -> None:
    web = start("--max-requests", "3")
    with closing(web.connect(["/page"])) as idle:
        _receive(idle, b"/page")
        assert httpx.get(f"{web.base}/last").status_code == 200
        assert idle.recv(4096) == b"", "it is let go"
    assert httpx.get(f"{web.base}/page", timeout=15).status_code == 200


def test_a_worker_that_is_leaving_lets_go_of_idle_connections_but_answers_new_ones(
    start: Start,
) -> None:
    web = start()
    with ExitStack() as connections:
        fresh, idle = (connections.enter_context(closing(web.connect([]))) for _ in range(2))
        idle.sendall(request("/page"))
        _receive(idle, b"/page")
        web.process.send_signal(signal.SIGTERM)
        assert idle.recv(4096) == b"", "it is let go"
        fresh.sendall(request("/late"))
        _receive(fresh, b"/late")
    assert web.process.wait(15) == 0


def test_a_connection_to_a_leaving_worker_has_a_second_for_its_request(start: Start) -> None:
    web = start("--max-requests", "2")
    assert httpx.get(f"{web.base}/last", timeout=15).status_code == 200
    with closing(web.connect([])) as fresh:
        assert select.select([fresh], [], [], 0.2)[0] == [], "nobody hangs up"
        fresh.sendall(request("/page"))
        _receive(fresh, b"/page")


def test_the_last_who_connects_to_a_leaving_worker_has_that_second_too(start: Start) -> None:
    web = start()
    web.process.send_signal(signal.SIGTERM)
    with ExitStack() as connections:
        connected: list[socket.socket] = []

        def refused() -> bool:
            try:
                it = socket.create_connection(("127.0.0.1", web.port), timeout=0.2)
                connected.append(connections.enter_context(closing(it)))
            except (ConnectionRefusedError, TimeoutError):
                return True
            return False

        wait_until(refused, 15, claim="it closes its door")
        last = connected[-1]
        last.settimeout(15)
        assert select.select([last], [], [], 0.5)[0] == [], "nobody hangs up"
        last.sendall(request("/page"))
        _receive(last, b"/page")
    assert web.process.wait(15) == 0


def test_a_request_that_came_while_the_process_stood_still_is_answered(start: Start) -> None:
    web = start("--keep-alive", "1")
    with closing(web.connect(["/page"])) as kept:
        _receive(kept, b"/page")
        with web.stood_still():
            assert select.select([kept], [], [], 1.5)[0] == [], "its wait would be over"
            kept.sendall(request("/page"))
        _receive(kept, b"/page")


@pytest.mark.parametrize("path", ["/ready-big", "/big"])
def test_a_client_that_never_reads_does_not_keep_its_place(start: Start, path: str) -> None:
    web = start("--worker-connections", "1", worker=f"{LAYERS}.HastyWorker")
    with closing(web.connect([path] * 40, buffer=4096)) as mute:
        select.select([mute], [], [], 15)
        assert httpx.get(f"{web.base}/page", timeout=10).status_code == 200
    assert web.process.stop() == 0
    assert "Traceback" not in web.process.output()


def test_a_client_that_asks_without_end_does_not_keep_the_others_waiting(start: Start) -> None:
    web = start()
    received: list[int] = []
    with closing(web.connect([])) as greedy, httpx.Client(base_url=web.base) as other:
        other.get("/ready")
        sender = Thread(target=greedy.sendall, args=[request("/ready") * GREEDY])
        reader = Thread(target=_read, args=[greedy, received])
        sender.start()
        reader.start()
        wait_until(lambda: received)
        for _ in range(5):
            other.get("/ready")
        assert sum(received) < GREEDY / 2
        sender.join()
        reader.join()
        assert sum(received) == GREEDY


def _receive(connection: socket.socket, body: bytes) -> None:
    """Receive an answer with this body, however many pieces it comes in."""
    received = b""
    while not received.endswith(body):
        piece = connection.recv(4096)
        assert piece, f"the connection ended after {received!r}"
        received += piece


def _read(connection: socket.socket, received: list[int]) -> None:
    """Note how many answers each read brought; one may be cut in two."""
    rest = b""
    while sum(received) < GREEDY:
        rest += connection.recv(65536)
        received.append(rest.count(b"HTTP/1.1 200"))
        rest = rest[rest.rfind(b"HTTP/1.1 200") + 12 :]
