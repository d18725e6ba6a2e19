"""The real web application over a rig (tests/unit/ingest/rig.py), served on loopback.

A site has the rig's services on a SQLite file, its simulated YouTube and its clock, which stands
still until a test moves it. Only the HTTP server is not the one of production.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from app.domain.intake import Finding
from app.domain.videos import Source
from app.web.factory import create_app
from tests.processes import SECRET_KEY
from tests.unit.ingest.rig import make_rig
from tests.unit.simulator.worlds import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta
    from pathlib import Path
    from wsgiref.types import WSGIApplication

    from apiflask import APIFlask

    from app.domain.videos import Video
    from tests.unit.ingest.rig import Rig

HOST = "127.0.0.1"
PREFIX = "/newsreel"
PASSWORD = "lantern-harbour-tuesday-4"
NOW = NOON
"""What the clock of a new site says: 1 March 2026, 12:00 UTC."""


@dataclass(frozen=True)
class Site:
    """A running site.

    Args:
        url: of its root, with the prefix and without a slash at the end.
        rig: what is below: `rig.services`, `rig.publish(...)` on the simulated YouTube,
            `rig.tick()`, `rig.clock`.
        app: what is served.
    """

    url: str
    rig: Rig
    app: APIFlask

    def watch(self, term: str) -> int:
        """Watch a keyword; return the watch's id."""
        return self.rig.watch(term).watch_id

    def record(
        self, *videos: Video, watch_id: int | None = None, source: Source = Source.SEARCH
    ) -> None:
        """Store videos by the real way in, found by a watch if one is named, and tell readers."""
        services = self.rig.services
        findings = [Finding(video, source, watch_id) for video in videos]
        recorded = services.store.write(lambda t: t.record(findings, self.rig.clock()))
        assert not recorded.rejected
        services.ingest._publisher.publish(recorded.watches)

    def move(self, by: timedelta) -> None:
        """Let time pass here; `Visitor.later` does it here and in the browser."""
        self.rig.clock.move(by.total_seconds())


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Say nothing: the tests look at the replies."""


@contextmanager
def open_site(
    folder: Path, *, prefix: str = "", trusts_this_machine: bool = True, **settings: object
) -> Iterator[Site]:
    """Serve a new site without watches and videos.

    Args:
        folder: where its database is put.
        prefix: below which it is found, as a proxy says it by SCRIPT_NAME; nothing else is.
        trusts_this_machine: whether visitors may do everything without login, as embedded.
        settings: of the service, e.g. `read_auth="required"`.
    """
    values: dict[str, object] = {"secret_key": SECRET_KEY, "admin_password": PASSWORD, **settings}
    rig = make_rig(folder, **values)  # type: ignore[arg-type]  # none of its own
    try:
        app = create_app(rig.services, trusts_this_machine=trusts_this_machine)
        served = (
            DispatcherMiddleware(Response("Nothing is here.", 404), {prefix: app})
            if prefix
            else app
        )
        with _serving(served) as origin:
            yield Site(origin + prefix, rig, app)
    finally:
        rig.services.close()


def _below(prefix: str, app: WSGIApplication) -> WSGIApplication:
    return DispatcherMiddleware(Response("Nothing is here.", 404), {prefix: app})


@contextmanager
def _serving(app: WSGIApplication) -> Iterator[str]:
    server = make_server(HOST, 0, app, threaded=True, request_handler=_Silent)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
