"""A proxy before the simulator that sees which searches are under way at the same time."""

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
                status, body = _forwarded(gate.upstream + self.path, self.headers)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", gate
        finally:
            server.shutdown()
            thread.join()


def _forwarded(url: str, headers: object) -> tuple[int, bytes]:
    key = headers.get("X-Goog-Api-Key", "") if hasattr(headers, "get") else ""
    request = urllib.request.Request(url, headers={"X-Goog-Api-Key": key})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
