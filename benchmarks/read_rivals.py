"""What the feed is compared with: applications that gunicorn loads by a call with literals.

Each answers with a reply that was captured from the service (`/10` and `/100`, by the limit it was
asked with), or, the usual way, with a page made of what Redis keeps.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, jsonify, request
from redis import Redis

from app.web.read_layer import Needs
from app.web.representations import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from app.web.representations import Headers

USUAL_KEY = "usual:newest"
REPLIES = "replies.json"
_OK = "200 OK"


@dataclass(frozen=True, slots=True)
class Reply:
    """A captured 200: its own headers, without those that every server adds."""

    headers: Headers
    body: bytes


def save_replies(folder: Path, replies: dict[str, Reply]) -> None:
    """Write replies by their path for `load_replies`."""
    told = {path: [reply.headers, reply.body.decode()] for path, reply in replies.items()}
    (folder / REPLIES).write_text(json.dumps(told), encoding="utf-8")


def load_replies(folder: str) -> dict[str, Reply]:
    """Read what `save_replies` wrote."""
    told = json.loads(Path(folder, REPLIES).read_text(encoding="utf-8"))
    return {
        path: Reply([(name, value) for name, value in headers], body.encode())
        for path, (headers, body) in told.items()
    }


class InLoop:
    """Any WSGI application on the event worker, called in its loop: nothing is cheaper there."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self.wsgi_app = self
        """Where the worker looks for what can answer without a thread."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer under any other worker."""
        return self._app(environ, start_response)

    def ready(self, _environ: WSGIEnvironment) -> None:
        """Ask for a whole environ."""

    def needs(self, _environ: WSGIEnvironment) -> Needs:
        """Ask for no thread."""
        return Needs.NOTHING

    def ask(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer under the event worker."""
        return self._app(environ, start_response)


class Bare:
    """The least that a WSGI application can do, under any worker."""

    def __init__(self, replies: dict[str, Reply]) -> None:
        self._replies = replies
        self.wsgi_app = self

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer under any other worker."""
        reply = self._replies[environ["PATH_INFO"]]
        start_response(_OK, reply.headers.copy())
        return [reply.body]

    def ready(self, environ: WSGIEnvironment) -> Answer:
        """Answer under the event worker."""
        reply = self._replies[environ["PATH_INFO"]]
        return Answer(_OK, reply.headers.copy(), [reply.body])


def bare(folder: str) -> Bare:
    """Return the bare WSGI application with the replies of a folder."""
    return Bare(load_replies(folder))


def bare_flask(folder: str) -> InLoop:
    """Return a bare Flask view with the replies of a folder."""
    replies = load_replies(folder)
    app = Flask(__name__)

    @app.get("/<limit>")
    def reply(limit: str) -> Response:
        kept = replies[f"/{limit}"]
        return Response(kept.body, headers=kept.headers)

    return InLoop(app)


def usual_way(redis_url: str) -> InLoop:
    """Return the view that most would write: the newest hundred from Redis, cut and encoded."""
    app = Flask(__name__)
    redis = Redis.from_url(redis_url)

    @app.get("/videos")
    def list_videos() -> Response:
        page = request.args.get("page", 1, int)
        limit = request.args.get("limit", 10, int)
        stored = json.loads(redis.get(USUAL_KEY) or b"")
        items = stored["items"][(page - 1) * limit : page * limit]
        return jsonify(items=items, page=page, limit=limit, total=stored["total"])

    return InLoop(app)
