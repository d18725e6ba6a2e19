"""What the event worker serves in tests that are about connections alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.event_worker import EventWorker
from app.web.read_layer import Needs
from app.web.representations import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment


BIG = bytes(1_000_000)


class HastyWorker(EventWorker):
    """Gives a client that takes its answer slowly little time."""

    send_seconds = 0.5


class Layer:
    """`/ready` and `/ready-big` come from memory, all else out of a thread; `/big` is big."""

    def __init__(self) -> None:
        self.wsgi_app = self
        self._asked = 0

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.ask(environ, start_response)

    def ready(self, environ: WSGIEnvironment) -> Answer | None:
        self._asked += 1
        path = environ["PATH_INFO"]
        return _answer(path) if path.startswith("/ready") else None

    def kept(self, _environ: WSGIEnvironment) -> None:
        """Nothing is kept."""

    def needs(self, _environ: WSGIEnvironment) -> Needs:
        return Needs.STORE

    def ask(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = _answer(environ["PATH_INFO"])
        start_response(answer.status, [*answer.headers, ("X-Asked", str(self._asked))])
        return answer.body


def _answer(path: str) -> Answer:
    body = BIG if path.endswith("big") else path.encode()
    return Answer("200 OK", [("Content-Length", str(len(body)))], [body])
