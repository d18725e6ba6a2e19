"""Every kind of reply of a real server, its own refusals included: headers, format, limits."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import TYPE_CHECKING

import orjson
import pytest

from app.auth.scopes import GRANTABLE
from app.bootstrap import build_services
from app.settings import Settings
from app.web.refusals import overloaded
from app.web.request_limits import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_REQUEST_LINE_BYTES,
    MAX_UPLOAD_BYTES,
)
from tests.contract.web.conftest import seeded
from tests.contract.web.test_process import answers, gunicorn
from tests.processes import SECRET_KEY, ChildProcess, Processes, free_port
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOKEN = b"{token}"
SECRET = "nrf_s3cret"  # what a malformed request may hold; must be repeated nowhere
FORM = "application/x-www-form-urlencoded"
BEARER = "Authorization: Bearer {token}"
OF_EVERY_REPLY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OF_PAGES = {"Cross-Origin-Opener-Policy", "Permissions-Policy"}


@dataclass(frozen=True)
class Reply:
    """What a client was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    """gunicorn as an operator starts it, over a database with videos."""

    process: ChildProcess
    port: int
    token: str

    def ask(self, request: bytes) -> Reply:
        """Send bytes, TOKEN replaced by a good one, and read one reply."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=15) as connection:
            connection.sendall(request.replace(TOKEN, self.token.encode()))
            method = request.partition(b" ")[0].decode("latin-1")
            with HTTPResponse(connection, method=method) as response:
                response.begin()
                return Reply(response.status, dict(response.headers), response.read())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("replies"), free_port()
    url = f"sqlite:///{folder}/news.db"
    seeded(url).close()
    token = token_for_all(url)
    processes = Processes(folder)
    process = gunicorn(processes, PORT=str(port), DATABASE_URL=url, LOG_LEVEL="debug")
    wait_until(lambda: answers(f"http://127.0.0.1:{port}"), 30, claim="the service starts")
    yield Server(process, port, token)
    processes.close()


def token_for_all(database_url: str) -> str:
    services = build_services(Settings(database_url=database_url, secret_key=SECRET_KEY))
    client, secret = services.access.clients.add("all", frozenset(GRANTABLE))
    granted = services.access.grants.issue(client.client_id, secret)
    services.close()
    return granted.token


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    whole = [f"{line} HTTP/1.1", "Host: localhost", *headers, "", ""]
    return "\r\n".join(whole).encode("latin-1") + body


def posted(path: str, length: int, kind: str = "application/json") -> bytes:
    told = f"Content-Length: {length}", f"Content-Type: {kind}", BEARER
    return request(f"POST {path}", *told, body=b"x" * length)


def chunked(path: str, body: bytes, kind: str = "application/json") -> bytes:
    told = "Transfer-Encoding: chunked", f"Content-Type: {kind}", BEARER
    return request(f"POST {path}", *told, body=body)


def line_of(length: int) -> str:
    """A request line of that many bytes."""
    begin, end = f"GET /videos?q={SECRET}", " HTTP/1.1"
    return begin + "a" * (length - len(begin) - len(end))


def header_of(length: int) -> str:
    """A header line of that many bytes, its end included."""
    return f"X-Long: {SECRET}".ljust(length - 2, "a")


TOO_LONG_IN_CHUNKS = b"20000\r\n" + b"x" * 0x20000 + b"\r\n0\r\n\r\n"
ANSWERED = {
    "a page of the feed": (request("GET /videos?page=2"), 200),
    "a page not modified": (request("GET /videos", 'If-None-Match: "x"'), 200),
    "HEAD": (request("HEAD /videos"), 200),
    "HEAD of nothing": (request("HEAD /nowhere"), 404),
    "gzip": (request("GET /videos", "Accept-Encoding: gzip"), 200),
    "HTML": (request("GET /"), 200),
    "the docs": (request("GET /docs"), 200),
    "the document": (request("GET /openapi.json"), 200),
    "Atom": (request("GET /feed.atom"), 200),
    "a file": (request("GET /assets/x/docs.js"), 200),
    "a part of a file": (request("GET /assets/x/docs.js", "Range: bytes=0-9"), 200),
    "no file": (request("GET /assets/x/nothing.js"), 404),
    "health": (request("GET /health"), 200),
    "readiness": (request("GET /ready"), 200),
    "OPTIONS": (request("OPTIONS /videos"), 200),
    "OPTIONS of all": (request("OPTIONS *"), 404),
    "nothing there": (request(f"GET /{SECRET}"), 404),
    "wrong method": (request("DELETE /videos"), 405),
    "TRACE": (request("TRACE /videos"), 405),
    "wrong parameter": (request("GET /videos?limit=0"), 400),
    "no token": (request("GET /quota"), 401),
    "a preflight": (request("OPTIONS /watches", "Origin: https://evil.example"), 200),
    "another origin": (request("GET /videos", "Origin: https://evil.example"), 200),
    "wrong type": (posted("/plan", 10, "text/plain"), 415),
    "the longest body": (posted("/plan", MAX_BODY_BYTES), 400),
    "a longer body": (posted("/plan", MAX_BODY_BYTES + 1), 413),
    "a longer form": (
        posted("/oauth/token", MAX_BODY_BYTES + 1, FORM),
        413,
    ),
    "a longer body in chunks": (
        chunked("/plan", TOO_LONG_IN_CHUNKS),
        413,
    ),
    "a longer form in chunks": (
        chunked("/oauth/token", TOO_LONG_IN_CHUNKS, FORM),
        413,
    ),
    "the longest line": (request(line_of(MAX_REQUEST_LINE_BYTES)[:-9]), 400),
    "the most headers": (request("GET /videos", *["X-One: 1"] * (MAX_HEADERS - 1)), 200),
    "the longest header": (request("GET /videos", header_of(MAX_HEADER_BYTES)), 200),
}
REFUSED = {
    "a longer line": (request(line_of(MAX_REQUEST_LINE_BYTES + 1)), 414),
    "a line without end": (b"GET /" + b"a" * 3 * MAX_REQUEST_LINE_BYTES, 414),
    "more headers": (request("GET /videos", *["X-One: 1"] * MAX_HEADERS), 431),
    "a longer header": (request("GET /videos", header_of(MAX_HEADER_BYTES + 1)), 431),
    "headers without end": (request("GET /")[:-2] + b"X-One: 1\r\n" * 100_000, 431),
    "no HTTP": (f"{SECRET}\r\n\r\n".encode(), 400),
    "a wrong method": (request(f"g{SECRET} /videos"), 400),
    "no such version": (f"GET /{SECRET} HTTP/3.0\r\n\r\n".encode(), 505),
    "a control character": (request(f"GET /videos?q={SECRET}\x01"), 400),
    "a raw byte": (request(f"GET /videos?q={SECRET}\xff"), 400),
    "a header without a name": (request("GET /videos", f": {SECRET}"), 400),
    "NUL in a header": (request("GET /videos", f"X-One: {SECRET}\0"), 400),
    "a folded header": (request("GET /videos", "X-One: 1", f" {SECRET}"), 400),
    "two hosts": (request("GET /videos", "Host: evil.example"), 400),
    "a line feed alone": (f"GET /{SECRET} HTTP/1.1\nHost: x\n\n".encode(), 400),
    "an expectation": (request("POST /plan", f"Expect: {SECRET}"), 417),
    "an unknown coding": (request("POST /plan", f"Transfer-Encoding: {SECRET}"), 501),
    "both lengths": (chunked("/plan", b"").replace(b"Host:", b"Content-Length: 3\r\nHost:"), 400),
    "a length of letters": (request("POST /plan", f"Content-Length: {SECRET}"), 400),
    "a chunk without a size": (chunked("/plan", b"zz\r\n\r\n"), 400),
}


def check_headers(headers: Mapping[str, str]) -> None:
    """Fail where a reply lacks what each is to carry, or opens to others what is ours."""
    assert {name: headers[name] for name in OF_EVERY_REPLY} == OF_EVERY_REPLY
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert not [name for name in headers if name.lower().startswith("access-control-")]
    if headers.get("Content-Type", "").startswith("text/html"):
        assert headers.keys() >= OF_PAGES


def check_error(status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Fail where what is refused is not told as every error is."""
    assert headers["Content-Type"] == "application/vnd.api+json"
    assert headers["Cache-Control"] == "no-store"
    [error] = orjson.loads(body)["errors"]
    assert error["status"] == str(status)
    assert error["code"] != f"http_{status}", "the status has a code of its own"


@pytest.mark.parametrize("kind", [*ANSWERED, *REFUSED])
def test_every_reply_is_guarded_and_every_refusal_an_error_object(
    server: Server, kind: str
) -> None:
    asked, status = {**ANSWERED, **REFUSED}[kind]
    reply = server.ask(asked)
    assert reply.status == status
    check_headers(reply.headers)
    if status >= 400 and not asked.startswith(b"HEAD"):
        check_error(status, reply.headers, reply.body)
    assert SECRET.encode() not in reply.body, "what was sent is not repeated"


def test_the_largest_upload_is_read_and_what_is_said_to_be_larger_is_not(server: Server) -> None:
    path, kind = "/dashboard/import", "multipart/form-data; boundary=x"
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    form = head.ljust(MAX_UPLOAD_BYTES - 10, b"y") + b"\r\n--x--\r\n"
    told = f"Content-Length: {len(form)}", f"Content-Type: {kind}", BEARER
    read = server.ask(request(f"POST {path}", *told, body=form))
    assert read.status == 403, "there is no token of a form in it"
    longer = f"Content-Length: {MAX_UPLOAD_BYTES + 1}", f"Content-Type: {kind}", BEARER
    refused = server.ask(request(f"POST {path}", *longer))
    assert refused.status == 413
    assert b"At most 8 MiB" in refused.body


def test_a_page_from_memory_and_one_not_modified_are_guarded_too(server: Server) -> None:
    first = server.ask(request("GET /videos"))
    ready = server.ask(request("GET /videos"))
    assert (ready.status, ready.headers["X-Cache"]) == (200, "hit")
    same = server.ask(request("GET /videos", f"If-None-Match: {first.headers['ETag']}"))
    assert same.status == 304
    for reply in (ready, same):
        check_headers(reply.headers)


def test_what_is_answered_for_want_of_a_thread_is_guarded_too() -> None:
    answer = overloaded()
    check_headers(dict(answer.headers))
    check_error(503, dict(answer.headers), b"".join(answer.body))


def test_a_refused_request_ends_its_connection_and_leaves_nothing_in_the_log(
    server: Server,
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as connection:
        connection.sendall(request(f"g{SECRET} /videos") + request("GET /videos"))
        told = b"".join(iter(lambda: connection.recv(65536), b""))
    assert told.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in told
    assert SECRET not in server.process.output()
    assert "request_failed" not in server.process.output()
