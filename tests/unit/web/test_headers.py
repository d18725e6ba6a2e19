from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.auth.scopes import Scope
from tests.unit.web.dashboards import ELSEWHERE

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

PATHS = ["/", "/videos", "/videos?page=x", "/nope", "/ready", "/docs", "/openapi.json"]


@pytest.mark.parametrize("path", PATHS)
def test_every_reply_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", PATHS)
def test_every_reply_of_the_demo_is_marked(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    assert "X-Demo" not in client.get(path).headers
    services.demo, services.feed.version = True, 2  # a page that was kept is of its time
    assert client.get(path).headers["X-Demo"] == "1"


def test_a_failure_carries_them_too(client: FlaskClient, services: MemoryServices) -> None:
    services.demo, services.feed.broken = True, RuntimeError()
    headers = client.get("/videos").headers
    assert (headers["X-Demo"], headers["X-Content-Type-Options"]) == ("1", "nosniff")


OTHER_HOSTS = {
    "img-src": ("https://i.ytimg.com",),
    "frame-src": ("https://www.youtube-nocookie.com",),
}
"""Thumbnails, and the player after a click."""


@pytest.mark.parametrize("path", PATHS)
def test_no_page_allows_inline_scripts_or_other_hosts(client: FlaskClient, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]
    for directive in policy.split("; "):
        name, _, sources = directive.partition(" ")
        allowed = {"'self'", "'none'", "'unsafe-inline'", "data:", *OTHER_HOSTS.get(name, ())}
        assert set(sources.split()) <= allowed
        assert "'unsafe-inline'" not in sources or (path, name) == ("/docs", "style-src")


@pytest.mark.parametrize("path", ["/", "/dashboard/coverage", "/dashboard/help"])
def test_a_shared_cache_may_keep_a_page_only_as_any_visitor_gets_it(
    client: FlaskClient, path: str
) -> None:
    anybodys = client.get(path, environ_overrides=ELSEWHERE).headers
    assert (anybodys["Cache-Control"], anybodys["Vary"]) == ("no-cache", "Cookie")
    assert client.get(path).headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", ["/", "/dashboard/settings"])
def test_what_takes_a_token_is_for_its_client_alone(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    services.access.reads_are_open = False
    services.access.allowed = {"t": frozenset({Scope.VIDEOS_READ, Scope.ADMIN})}
    headers = {"Authorization": "Bearer t"}
    reply = client.get(path, headers=headers, environ_overrides=ELSEWHERE)
    assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "private, no-cache")
