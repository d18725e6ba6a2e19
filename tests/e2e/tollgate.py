"""A proxy before the simulator that sees which searches are under way at the same time."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Tollgate:
    """Holds every call for `delay_seconds` and counts those of one search term together."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.delay_seconds = 0.0
        self.echoes_keys = False
        self.most_at_once: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._held = threading.Event()

    @contextmanager
    def passing(self, term: str) -> Iterator[None]:
        with self._lock:
            self._under_way[term] += 1
            self.most_at_once[term] = max(self.most_at_once[term], self._under_way[term])
        try:
            self._held.wait(self.delay_seconds)
            yield
        finally:
            with self._lock:
                self._under_way[term] -= 1
                self.finished[term] += 1

    def forget(self) -> None:
        """Count from now on."""
        with self._lock:
            self.most_at_once.clear()
            self.finished.clear()


@contextmanager
def tollgate(upstream: str) -> Iterator[tuple[str, Tollgate]]:
    """Run a gate; give its URL and itself."""
    gate = Tollgate(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            term = parse_qs(urlsplit(self.path).query).get("q", [""])[0]
            with gate.passing(term):
                key = self.headers.get("X-Goog-Api-Key", "")
                status, body = (
                    _indiscreet(key)
                    if gate.echoes_keys
                    else _forwarded(gate.upstream, self.path, key)
                )
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", gate
        finally:
            server.shutdown()
            thread.join()


def _forwarded(upstream: str, path: str, key: str) -> tuple[int, bytes]:
    request = urllib.request.Request(upstream + path, headers={"X-Goog-Api-Key": key})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def _indiscreet(key: str) -> tuple[int, bytes]:
    """An error that repeats the key in its words, plain and in a URL."""
    words = f"The key {key} of https://youtube.googleapis.com/youtube/v3/search?key={key} is odd."
    return 403, json.dumps({"error": {"code": 403, "message": words, "errors": []}}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client or an upstream that goes away is what the tests are about."""
