"""The one client for addresses that others may have chosen: it asks public hosts and no others.

A name is looked up once, every address it has is checked, and the connection goes to one that was
checked, so that a name cannot mean another machine a moment later. Redirects are not followed,
proxies of the environment not used. What comes back is a status and a wait, never a body.
Addresses that the operator has set (YouTube's, the hub, Invidious) do not need it.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property, partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import ip_address
from threading import Thread
from typing import TYPE_CHECKING, cast

from app.domain.errors import InvalidValueError, UpstreamError
from app.domain.targets import NOTHING_ALLOWED, check_addresses, parse_target
from app.sources.youtube_refusal import retry_after_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from _typeshed import WriteableBuffer

    from app.domain.targets import Address, Allowance, Target

    Resolve = Callable[[str, int], tuple[Address, ...]]

TIMEOUT_SECONDS = 5.0
MAX_ANSWER_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told of an answer; `retry_after` in seconds, if it says so."""

    status: int
    retry_after: float | None


def resolve(host: str, port: int) -> tuple[Address, ...]:
    """Return every address of a host; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(ip_address(str(address[0])) for *_, address in found))


class Outgoing:
    """Sends single requests over connections of their own; safe to share between threads.

    Args:
        allowance: what may be asked although it is not public.
        resolve: looks hosts up.
        trust: the certificates that are believed; the system's if None.
        timeout_seconds: for everything, the look-up included.
    """

    def __init__(
        self,
        allowance: Allowance = NOTHING_ALLOWED,
        resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._allowance = allowance
        self._resolve = resolve
        self._given_trust = trust
        self._timeout_seconds = timeout_seconds

    def check(self, url: str) -> None:
        """Say at once what a request would say later.

        Raises:
            InvalidValueError: the address may not be asked, or its host has none.
        """
        try:
            self._look_up(parse_target(url), self._deadline())
        except UpstreamError as error:
            raise InvalidValueError(str(error)) from None

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body; any status is an answer.

        Raises:
            InvalidValueError: the address may not be asked (any more).
            UpstreamError: no answer that could be read came in time.
        """
        target = parse_target(url)
        deadline = self._deadline()
        addresses = self._look_up(target, deadline)
        try:
            with self._connect(target, addresses, deadline) as connected:
                return _exchange(target, connected, deadline, body, headers)
        except (OSError, HTTPException, ValueError) as error:
            # In our own words: a library's may hold the path, which is often a secret.
            raise UpstreamError(f"no usable answer ({type(error).__name__})") from None

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout_seconds

    def _look_up(self, target: Target, deadline: float) -> tuple[Address, ...]:
        look = partial(self._resolve, target.host, target.port)
        try:
            addresses = _in_time(look, deadline)
        except (OSError, UnicodeError):
            raise UpstreamError("has no address: no host of that name was found") from None
        if not addresses:
            raise UpstreamError("has no address")
        check_addresses(target, addresses, self._allowance)
        return addresses

    def _connect(
        self, target: Target, addresses: tuple[Address, ...], deadline: float
    ) -> socket.socket:
        plain = _first_to_answer(addresses, target.port, deadline)
        if target.scheme == "http":
            return plain
        try:
            plain.settimeout(_left(deadline))
            return self._trust.wrap_socket(plain, server_hostname=target.host)
        except BaseException:
            plain.close()
            raise

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self._given_trust or ssl.create_default_context()


def _in_time(look: Callable[[], tuple[Address, ...]], deadline: float) -> tuple[Address, ...]:
    """Look a name up in a thread: the system's resolver has a patience of its own, often 30 s."""
    found: Future[tuple[Address, ...]] = Future()

    def work() -> None:
        try:
            found.set_result(look())
        except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
            found.set_exception(error)

    Thread(target=work, name="look-up", daemon=True).start()
    return found.result(_left(deadline))


def _first_to_answer(addresses: tuple[Address, ...], port: int, deadline: float) -> socket.socket:
    for address in addresses[:-1]:
        try:
            share = _left(deadline) / 2  # so that the next one has its chance, too
            return socket.create_connection((str(address), port), share)
        except OSError:
            continue
    return socket.create_connection((str(addresses[-1]), port), _left(deadline))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _exchange(
    target: Target,
    connected: socket.socket,
    deadline: float,
    body: bytes,
    headers: Mapping[str, str],
) -> Answer:
    kind = HTTPSConnection if target.scheme == "https" else HTTPConnection
    connection = kind(target.host, target.port)
    connection.sock = connected
    connection.auto_open = 0  # a connection of its own making would be to an unchecked address
    connected.settimeout(_left(deadline))
    connection.request("POST", target.path, body, {**headers, "Connection": "close"})
    # It asks a socket for its file, and for nothing else.
    response = HTTPResponse(cast("socket.socket", _Receiver(connected, deadline)), method="POST")
    with response:
        response.begin()
        lower = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, retry_after_of(lower))


class _Receiver(io.RawIOBase):
    """The receiving side of a socket: it ends in time, and after as much as an answer may have."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._connected = connected
        self._deadline = deadline
        self._room = MAX_ANSWER_BYTES

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._room <= 0:
            raise ValueError("the answer is too long")
        self._connected.settimeout(_left(self._deadline))
        count = self._connected.recv_into(memoryview(buffer)[: self._room])
        self._room -= count
        return count
