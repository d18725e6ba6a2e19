"""A server on loopback that answers every request with exactly the bytes a test wants."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import ClassVar, cast
from urllib.parse import parse_qs, urlsplit

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def parameters(self) -> dict[str, str]:
        """The query, or the form of a request that was too long for a query."""
        text = self.body or urlsplit(self.path).query
        return {name: values[-1] for name, values in parse_qs(text).items()}


@dataclass
class WireServer:
    """What a test sees of the server: where it is, and what came."""

    endpoint: str
    requests: list[Received] = field(default_factory=list)
    connections: list[object] = field(default_factory=list)
    closed: int = 0


Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Reads a request and lets the test write to `wfile` or to the socket `connection`."""

    protocol_version = "HTTP/1.1"
    answer: ClassVar[Answer]
    seen: ClassVar[WireServer]
    ended: ClassVar[threading.Event]
    connection: socket.socket

    def setup(self) -> None:
        super().setup()
        self.seen.connections.append(self.client_address)

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.requests.append(Received(self.command, self.path, headers, body))
        try:
            type(self).answer(self)
        except OSError:  # the client has had enough
            self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        super().shutdown_request(request)
        handler = cast("type[Handler]", self.RequestHandlerClass)
        handler.seen.closed += 1

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is what many of these tests are about."""


@contextmanager
def wire_server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[WireServer]:
    """Run a server until the block ends."""
    seen, ended = WireServer(endpoint=""), threading.Event()
    handler = type("H", (Handler,), {"answer": answer, "seen": seen, "ended": ended})
    with _Server(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        seen.endpoint = f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield seen
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def reply(
    body: bytes, *, status: int = 200, headers: Mapping[str, str] = NO_HEADERS, close: bool = False
) -> Answer:
    """A whole answer; with `close` the connection ends after it, unannounced."""
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body, close=close)


def raw(wire: bytes, *, close: bool = True) -> Answer:
    """These bytes and nothing else."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(wire)
        handler.close_connection = close

    return answer


def endless(first: bytes, then: bytes, every_seconds: float = 0.0) -> Answer:
    """Bytes without end, as fast as they are taken or one portion every so often."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(first)
        while not handler.ended.wait(every_seconds):
            handler.wfile.write(then)

    return answer


def reset(handler: Handler) -> None:
    """Close with RST instead of an answer."""
    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True
