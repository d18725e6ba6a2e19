from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.auth.scopes import Scope
from app.web.scopes import declared_scope, scope

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A service with a route for each scope, and one whose scope was forgotten."""
    for needed in Scope:
        view = scope(needed)(lambda: "answered")
        app.add_url_rule(f"/{needed.name}", needed.name, view, methods=["GET", "POST"])
    app.add_url_rule("/forgotten", "forgotten", lambda: "answered")
    return app.test_client()


def test_a_scope_is_found_through_the_decorators_of_a_route(app: Flask) -> None:
    assert declared_scope(app.view_functions["videos.list_videos"]) is Scope.VIDEOS_READ
    assert declared_scope(app.view_functions["operations.health"]) is Scope.PUBLIC


def test_a_forgotten_scope_is_seen() -> None:
    def view() -> str:
        return ""

    assert declared_scope(view) is None


def _ask(client: FlaskClient, path: str, address: str = "127.0.0.1", **headers: str) -> int:
    environ = {"REMOTE_ADDR": address, "HTTP_HOST": "localhost:5001", **headers}
    return client.get(path, environ_overrides=environ).status_code


@pytest.mark.parametrize("needed", Scope)
def test_a_stranger_may_read_videos_and_nothing_more(client: FlaskClient, needed: Scope) -> None:
    is_open = needed in (Scope.PUBLIC, Scope.VIDEOS_READ)
    assert _ask(client, f"/{needed.name}", "203.0.113.7") == (200 if is_open else 401)
    assert _ask(client, f"/{needed.name}") == 200


def test_a_route_whose_scope_was_forgotten_is_for_nobody_else(client: FlaskClient) -> None:
    assert _ask(client, "/forgotten", "203.0.113.7") == 401


def test_a_session_is_for_every_scope_and_not_for_a_forgotten_one(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.access.sessions.password = "a password"
    client.set_cookie("newsreel", services.access.sessions.open("a password"))
    for path, status in (*((f"/{it.name}", 200) for it in Scope), ("/forgotten", 401)):
        assert _ask(client, path, "203.0.113.7") == status


def test_a_stranger_is_told_why_and_what_is_not_there_stays_not_found(client: FlaskClient) -> None:
    outside = {"REMOTE_ADDR": "203.0.113.7"}
    refused = client.get("/ADMIN?x=1&x=2", environ_overrides=outside)
    assert refused.status_code == 401
    assert refused.get_json()["errors"][0]["code"] == "token_required"
    assert refused.headers["Cache-Control"] == "no-store"
    assert client.get("/nothing", environ_overrides=outside).status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "post", "options"])
def test_every_method_is_closed(client: FlaskClient, method: str) -> None:
    outside = {"REMOTE_ADDR": "203.0.113.7"}
    assert client.open("/ADMIN", method=method, environ_overrides=outside).status_code == 401


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"])
def test_this_machine_has_many_addresses(client: FlaskClient, address: str) -> None:
    assert _ask(client, "/ADMIN", address) == 200


@pytest.mark.parametrize(
    "address",
    ["", "10.0.0.1", "172.17.0.1", "192.168.1.2", "fe80::1", "::", "0.0.0.0", "::ffff:10.0.0.1"],
)
def test_a_neighbour_is_a_stranger(client: FlaskClient, address: str) -> None:
    assert _ask(client, "/ADMIN", address) == 401


@pytest.mark.parametrize(
    "header", ["FORWARDED", "X_FORWARDED_FOR", "X_FORWARDED_PROTO", "X_REAL_IP", "VIA"]
)
def test_a_proxy_on_this_machine_is_not_the_client(client: FlaskClient, header: str) -> None:
    assert _ask(client, "/ADMIN", **{f"HTTP_{header}": "127.0.0.1"}) == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:5001", 200),
        ("127.0.0.1:5001", 200),
        ("[::1]:5001", 200),
        ("rebound.example", 421),
        ("localhost.rebound.example", 421),
        ("127.0.0.1.rebound.example:5001", 421),
        ("localhost@rebound.example", 421),
        ("[", 421),
        ("newsreel.localhost", 401),
        ("203.0.113.1:5001", 401),
        ("", 401),
    ],
)
def test_a_foreign_name_for_this_machine_is_refused(
    client: FlaskClient, host: str, status: int
) -> None:
    assert _ask(client, "/ADMIN", HTTP_HOST=host) == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 401),
        ("null", 401),
        ("http://localhost.evil.example:5001", 401),
        ("http://localhost:8080", 401),
        ("http://127.0.0.1:5001", 401),
        ("https://localhost:5001", 401),
        ("http://localhost:5001", 200),
    ],
)
def test_a_form_of_a_foreign_page_may_not_write(
    client: FlaskClient, origin: str, status: int
) -> None:
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:5001", "HTTP_ORIGIN": origin}
    for needed in (Scope.WATCHES_WRITE, Scope.ADMIN):
        assert client.post(f"/{needed.name}", environ_overrides=environ).status_code == status
    assert client.get("/ADMIN", environ_overrides=environ).status_code == 200
