"""The wire of all sources: httplib2 with a bound on how long and how large an answer may be.

It knows nothing of videos or errors' meanings. Proxies of the environment are not used.
"""

from __future__ import annotations

import http.client
import io
import ssl
import threading
import time
import weakref
from typing import TYPE_CHECKING

import httplib2

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from _typeshed import WriteableBuffer

MAX_ANSWER_BYTES = 10 << 20
"""Fifty videos with the longest texts are about 2 MB."""

MAX_IDLE_SECONDS = 60.0
"""Routers forget a quiet connection after some minutes; a call over it would be lost."""

_INFLATE_CHUNK_BYTES = 4 << 10  # inflates to 4 MB at most before the limit is looked at


class AnswerTooLargeError(Exception):
    """More bytes came than any real answer has."""


class RefusedError(Exception):
    """An HTTP status other than 200, with the body as it came (it may hold anything)."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        self.body = body


class BoundedHttp:
    """What google-api-python-client needs of an HTTP client; for one thread.

    It keeps its connection open between calls that succeed, follows no redirects, and allows
    `timeout_seconds` for connecting and again for the whole answer, however slowly that drips in.
    No request is sent twice.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._http = httplib2.Http(
            timeout=timeout_seconds,
            proxy_info=None,
            decode_limit_hard=MAX_ANSWER_BYTES,
            decode_limit_chunk=_INFLATE_CHUNK_BYTES,
        )
        self._http.follow_redirects = False
        self._used_at = 0.0
        weakref.finalize(self, self._http.close)

    def request(
        self, uri: str, method: str, body: str | None, headers: Mapping[str, str]
    ) -> tuple[object, bytes]:
        """Send one request and return the response and its body.

        Raises:
            RefusedError: the status is not 200. The client library never sees such an answer: it
                would log the raw body and trip over some shapes of it.
            Exception: whatever httplib2, http.client, ssl or socket raise.
        """
        kind = _HttpsConnection if uri.startswith("https:") else _HttpConnection
        if time.monotonic() - self._used_at > MAX_IDLE_SECONDS:
            self._http.close()
        try:
            response, content = self._http.request(uri, method, body, headers, connection_type=kind)
        except BaseException:
            self._http.close()  # half an answer may still be on its way
            raise
        self._used_at = time.monotonic()
        if response.status != http.client.OK:
            self._http.close()  # who refuses may hang up without a word
            raise RefusedError(response.status, response, content)
        return response, content


class HttpUser:
    """Who asks over HTTP: it has a client for each thread, because none may be shared.

    Args:
        timeout_seconds: for connecting, and again for a whole answer.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._of_thread = threading.local()

    def _http(self) -> BoundedHttp:
        http: BoundedHttp | None = getattr(self._of_thread, "http", None)
        if http is None:
            http = self._of_thread.http = BoundedHttp(self._timeout_seconds)
        return http


class _BoundedReader(io.RawIOBase):
    """The receiving side of a socket for one answer: it ends in time or raises."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout = sock.gettimeout() or 0.0
        self._deadline = time.monotonic() + self._timeout
        self._received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(left)
        try:
            count = self._raw.readinto(buffer)
        finally:
            self._sock.settimeout(self._timeout)  # the connection outlives this answer
        self._received += count or 0
        if self._received > MAX_ANSWER_BYTES:
            raise AnswerTooLargeError
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(
        self,
        sock: socket.socket,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_BoundedReader(self.fp.detach(), sock))


class _BoundedConnection(http.client.HTTPConnection):
    """Keeps httplib2 from sending a request twice: calls are counted.

    httplib2 repeats a request whose connection was closed without an answer. It may have been
    delivered, so that is an error here; a kept connection is looked at before it is used again.
    """

    response_class = _BoundedResponse

    def putrequest(
        self,
        method: str,
        url: str,
        skip_host: bool = False,  # noqa: FBT001, FBT002 - as http.client has it
        skip_accept_encoding: bool = False,  # noqa: FBT001, FBT002 - as http.client has it
    ) -> None:
        if self.sock is not None and not _is_quiet(self.sock):
            self.close()  # sending opens it again
        super().putrequest(method, url, skip_host, skip_accept_encoding)

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            return super().getresponse()
        except http.client.BadStatusLine as error:  # also for no answer at all
            raise ConnectionAbortedError(type(error).__name__) from None


def _is_quiet(sock: socket.socket) -> bool:
    """Tell whether a kept connection has neither ended nor brought what nobody asked for.

    To receive is the only way to know: TLS brings tickets that are neither.
    """
    timeout = sock.gettimeout()
    sock.settimeout(0)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    finally:
        sock.settimeout(timeout)
    return False


class _HttpConnection(_BoundedConnection, httplib2.HTTPConnectionWithTimeout):  # type: ignore[misc]  # untyped library
    pass


class _HttpsConnection(_BoundedConnection, httplib2.HTTPSConnectionWithTimeout):  # type: ignore[misc]  # untyped library
    pass
