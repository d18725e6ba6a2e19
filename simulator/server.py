"""HTTP: routes requests to the Data API, feeds, the hub, Invidious, /_truth and /_control.

`Simulator.handle` is the whole service without sockets; the handler below only reads and
writes bytes.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from simulator import faults, truth
from simulator.calling import call
from simulator.control import Control
from simulator.errors import METHOD_NAMES, ApiError
from simulator.feeds import PATHS as FEED_PATHS
from simulator.feeds import Feeds
from simulator.hub import PATH as HUB_PATH
from simulator.hub import Hub
from simulator.invidious import PATH as INVIDIOUS_PATH
from simulator.invidious import Invidious
from simulator.reply import HTML_TYPE, Reply, json_reply

if TYPE_CHECKING:
    from simulator.api import DataApi
    from simulator.quota import Quota

API_PATH = "/youtube/v3/"
NOT_FOUND = Reply(404, b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>", HTML_TYPE)
LARGEST_BODY = 1_000_000
IDLE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `key` is the X-Goog-Api-Key header."""

    verb: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    key: str = ""
    body: bytes = b""
    caller_ip: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Simulator:
    """The parts of the running service."""

    api: DataApi
    quota: Quota
    faults: faults.Faults
    feeds: Feeds
    hub: Hub
    invidious: Invidious

    def handle(self, request: Request) -> Reply:
        """The answer to any request."""
        method = request.path.removeprefix(API_PATH)
        if request.path.startswith(API_PATH) and method in METHOD_NAMES and request.verb == "GET":
            return self._data_api(method, request)
        if (request.verb, request.path) == ("GET", "/_truth"):
            return self._truth(request)
        if (request.verb, request.path) == ("POST", "/_control"):
            return self._control(request)
        return self._other_source(request)

    def _data_api(self, method: str, request: Request) -> Reply:
        """Key and quota first: an invalid call is charged too. Refusals meet no fault."""
        key = request.key or (request.query.get("key") or [""])[-1]
        try:
            self.quota.charge(key, method, request.caller_ip)
        except ApiError as error:
            return json_reply(error.status, error.body)
        rules = self.faults.for_call(method)
        try:
            payload = self.api.call(method, request.query, overlap=faults.overlap(rules))
            reply = json_reply(200, payload)
        except ApiError as error:
            reply = json_reply(error.status, error.body)
        return faults.apply(reply, rules)

    def _other_source(self, request: Request) -> Reply:
        """Feeds, the hub and Invidious: they want no key."""
        if request.verb == "GET" and request.path in FEED_PATHS:
            name, reply = "feed", self.feeds.get((request.query.get("channel_id") or [""])[-1])
        elif (request.verb, request.path) == ("GET", INVIDIOUS_PATH):
            name, reply = "invidious", self.invidious.search(request.query)
        elif (request.verb, request.path) == ("POST", HUB_PATH):
            name, reply = "hub", self.hub.take(request.body)
        else:
            return NOT_FOUND
        return faults.apply(reply, self.faults.for_call(name))

    def _truth(self, request: Request) -> Reply:
        try:
            after = int(request.query.get("after", ["0"])[-1])
            limit = int(request.query.get("limit", [str(truth.PART)])[-1])
        except ValueError:
            return json_reply(400, {"error": "after and limit are whole numbers"})
        part = truth.report(self.api.world, self.quota, self.faults, max(after, 0), max(limit, 1))
        return json_reply(200, part)

    def _control(self, request: Request) -> Reply:
        control = Control(self.api.world, self.quota, self.faults)
        try:
            return json_reply(200, control.run(json.loads(request.body)))
        except (ValueError, OverflowError) as error:
            return json_reply(400, {"error": str(error)})


def make_simulator(api: DataApi, quota: Quota, rules: faults.Faults) -> Simulator:
    """Everything there is over one world."""
    return Simulator(api, quota, rules, Feeds(api.world), Hub(api.world, call), Invidious(api))


class Server(ThreadingHTTPServer):
    """A thread for each connection; threads do not hold up the end of the process."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], simulator: Simulator) -> None:
        super().__init__(address, _Handler)
        self.simulator = simulator

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error of ours; anything else is a bug and printed."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typed as a socket only


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "ESF"
    sys_version = ""
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: Server

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(json_reply(400, {"error": "bad Content-Length"}))
            return
        self._answer(self.rfile.read(int(length)))

    def _answer(self, body: bytes) -> None:
        url = urlsplit(self.path)
        verb, query = self.command, url.query
        if verb == "POST" and self.headers.get("X-HTTP-Method-Override") == "GET":
            verb, query = "GET", body.decode("utf-8", "replace")  # how clients send a long query
        request = Request(
            verb=verb,
            path=url.path,
            query=parse_qs(query, keep_blank_values=True),
            key=self.headers.get("X-Goog-Api-Key", ""),
            body=body,
            caller_ip=str(self.client_address[0]),
        )
        self._send(self.server.simulator.handle(request))

    def _send(self, reply: Reply) -> None:
        time.sleep(reply.delay_seconds)
        if reply.reset:
            self._reset()
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: reply.cut_after])
        if reply.cut_after is not None:
            self.close_connection = True

    def _reset(self) -> None:
        """Close with RST: SO_LINGER of zero seconds drops what was not sent."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
        """Stay silent: requests may carry keys."""
