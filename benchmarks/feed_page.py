"""The feed page: what it weighs, how soon something is seen, and what it costs the server.

Weight and first paint are Chromium's own figures, with empty caches, from a gunicorn as in
production over a SQLite file. Thumbnails are drawn by the harness of tests/browser.
"""

from __future__ import annotations

import random
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from app.domain.clock import system_clock
from app.domain.watches import WatchKind
from benchmarks.feed_page_report import render
from benchmarks.pages import STARTS_AT, make_videos, new_page, pages_of
from benchmarks.read_servers import started
from benchmarks.rounds import Meter
from tests.browser.chromium import Chromium
from tests.browser.sites import HOST, PASSWORD, open_site
from tests.browser.visitors import Device, open_visitor
from tests.browser.weights import weigh
from tests.processes import PROJECT, SECRET_KEY, Processes, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask.testing import FlaskClient
    from playwright.sync_api import Browser

    from app.store.store import Store
    from benchmarks.pages import Page
    from benchmarks.results import Result
    from benchmarks.rounds import Round
    from tests.browser.sites import Site
    from tests.browser.visitors import Visitor

T = TypeVar("T")

SEED = 11
VIDEOS = 500
VISITS = 10
ROUNDS = 9
REQUESTS = 40
LIMIT = 50
PAGES: Mapping[str, str] = {
    "JSON, uncached": f"/videos?limit={LIMIT}&page=3",
    "feed page": f"/?limit={LIMIT}",
    "feed page, uncached": f"/?limit={LIMIT}&page=3",
}
"""What the CPU of is compared: page 3 begins beyond the head that is kept, in the database."""

_FIRST_PAINT = """() => new Promise((resolve) => {
    new PerformanceObserver((list) => {
        for (const it of list.getEntriesByName("first-contentful-paint")) resolve(it.startTime);
    }).observe({ type: "paint", buffered: true });
})"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found.

    Args:
        weights: bytes by kind of what the page loads.
        paints: milliseconds from the start of the navigation to the first contentful paint.
        least: the same of a page with next to nothing on it: the browser's and the machine's part.
        rounds: what REQUESTS requests of each of PAGES cost.
    """

    weights: Mapping[str, int]
    paints: tuple[float, ...]
    least: tuple[float, ...]
    rounds: tuple[Round, ...]


def run() -> Result:
    """Measure in turns, on one filled database."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="newsreel-bench-")))
        site = stack.enter_context(open_site(folder))
        fill(site)
        chromium = stack.enter_context(closing(Chromium()))
        processes = stack.enter_context(closing(Processes(folder)))
        served = replace(site, url=_served(processes, site.rig.database_url))
        weights = _visited(chromium.browser(), served, lambda it: weigh(it, "/"))
        paints = [_paints(chromium.browser(), served) for _ in range(VISITS)]
        client = site.app.test_client()
        rounds = tuple(_round(client) for _ in range(ROUNDS))
    about = {"limit": LIMIT, "videos": VIDEOS, "requests": REQUESTS}
    of_feed, of_least = zip(*paints, strict=True)
    return render(Measured(weights, of_feed, of_least, rounds), PAGES, about)


def fill(site: Site) -> None:
    """Store the videos, found by three watches in turn."""
    store = site.rig.services.store
    ids = [_add_watch(store, term) for term in ("news", "music", "boats")]
    videos = make_videos(random.Random(SEED), VIDEOS)  # noqa: S311 - the same every time
    for number, page in enumerate(pages_of(videos)):
        _record(store, new_page(page, ids[number % len(ids)]))


def _add_watch(store: Store, term: str) -> int:
    kind, now = WatchKind.KEYWORD, STARTS_AT
    watch, _ = store.write(lambda t: t.watches.add(kind, term, now=now, read_until=now))
    return watch.watch_id


def _record(store: Store, page: Page) -> None:
    store.write(lambda transaction: transaction.record(page, system_clock()))


def _served(processes: Processes, database_url: str) -> str:
    """Start the service's own gunicorn; return its address."""
    port = free_port()
    env = {
        "ADMIN_PASSWORD": PASSWORD,
        "DATABASE_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "HOST": HOST,
        "PORT": str(port),
        "LOG_LEVEL": "warning",
    }
    given = ("-c", str(PROJECT / "gunicorn.conf.py"), "app.wsgi:app")
    started(processes.python("gunicorn", *given, env=env), port, "/health")
    return f"http://{HOST}:{port}"


def _visited(browser: Browser, site: Site, look: Callable[[Visitor], T]) -> T:
    """Look at the site with empty caches."""
    visitor = open_visitor(browser, site, Device())
    try:
        return look(visitor)
    finally:
        troubles = visitor.end()
        assert not troubles, troubles  # noqa: S101 - figures of a broken page mean nothing


def _paints(browser: Browser, site: Site) -> tuple[float, float]:
    feed, least = (partial(_first_paint, path) for path in ("/", "/login"))
    return _visited(browser, site, feed), _visited(browser, site, least)


def _first_paint(path: str, visitor: Visitor) -> float:
    visitor.go(path)
    found: float = visitor.page.evaluate(_FIRST_PAINT)
    return found


def _round(client: FlaskClient) -> Round:
    meter = Meter()
    return {name: meter.measure(partial(_ask, client, path)) for name, path in PAGES.items()}


def _ask(client: FlaskClient, path: str) -> None:
    for _ in range(REQUESTS):
        reply = client.get(path)
        assert reply.status_code == HTTPStatus.OK, path  # noqa: S101 - as above
