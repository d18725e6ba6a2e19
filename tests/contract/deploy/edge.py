"""The stack's nginx before the service, whose replies and whose presence the tests decide about."""

from __future__ import annotations

import socket
from collections import Counter
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import count
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

import httpx
from werkzeug.datastructures import Headers
from werkzeug.serving import make_server

from app.domain.feeds import Position
from app.web.factory import create_app
from tests.processes import free_port
from tests.servers.nginx import Nginx
from tests.servers.server import HOST, running
from tests.unit.web.fakes import AT, MemoryFeed, MemoryServices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from wsgiref.types import StartResponse, WSGIEnvironment

    from werkzeug.serving import BaseWSGIServer

    Rewrite = Callable[[Headers], None]

VIDEOS = 120


class Upstream:
    """The web service over a list in memory; `asked` counts what reaches it, by address."""

    def __init__(self) -> None:
        videos = [Position(AT - timedelta(seconds=n), f"video-{n:05}") for n in range(VIDEOS)]
        self.services = MemoryServices(MemoryFeed(videos))
        self.asked: Counter[str] = Counter()
        self.told: dict[str, str] = {}  # what nginx says of the last request, by header
        self.rewrite: Rewrite = _leave  # of what is found
        self.answering = Event()
        self.port = free_port()
        self._app = create_app(self.services)
        self._lock = Lock()
        self._server: BaseWSGIServer | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            self.asked[f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"] += 1
            self.told = {name: it for name, it in environ.items() if name.startswith("HTTP_")}
        self.answering.wait(10)

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[..., object]:
            rewritten = Headers(headers)
            if status.startswith("200"):
                self.rewrite(rewritten)
            return start_response(status, rewritten.to_wsgi_list())

        return self._app(environ, start)

    def start(self) -> None:
        """Take requests, and answer all as the service does."""
        self.answering.set()
        self.rewrite = _leave
        if self._server is None:
            self._server = make_server(HOST, self.port, self, threaded=True)
            Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections from now on."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()


class Edge:
    """Both, and clients of nginx."""

    def __init__(self, nginx: Nginx, upstream: Upstream) -> None:
        self.nginx = nginx
        self.upstream = upstream
        self._lengths = count(2)
        self._client = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=20)

    def new_page(self) -> str:
        """Return the address of a page that nobody has asked for yet."""
        return f"/videos?limit={next(self._lengths)}"

    def get(self, address: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask on a connection of its own; without `accept_encoding` for the plain page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        whole = {"Accept-Encoding": "identity"} | {k.title(): v for k, v in named.items()}
        self._client.cookies.clear()
        return self._client.request(method, self.nginx.url + address, headers=whole)

    def close(self) -> None:
        """Close the clients' end."""
        self._client.close()

    def send(self, address: str) -> socket.socket:
        """Send a request and leave its answer to be read."""
        connection = socket.create_connection((HOST, self.nginx.port), 20)
        connection.sendall(
            f"GET {address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
        )
        return connection


@contextmanager
def open_edge(kind: type[Nginx] = Nginx) -> Iterator[Edge]:
    """Start both on loopback."""
    upstream = Upstream()

    class BeforeIt(kind):  # type: ignore[valid-type,misc]  # a class that is given
        upstream_port = upstream.port

    with running(BeforeIt) as nginx, closing(Edge(nginx, upstream)) as edge:
        try:
            yield edge
        finally:
            upstream.stop()


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the connection is closed."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


def kept_for(directives: str) -> Rewrite:
    """Return what says so in Cache-Control, in the place of what the service says."""

    def rewrite(headers: Headers) -> None:
        headers["Cache-Control"] = directives

    return rewrite


def _leave(_headers: Headers) -> None:
    """Change nothing."""
