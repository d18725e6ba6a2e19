"""A name that was made to point to this machine is answered nothing; all others are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.web.factory import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

EVIL = "evil.example:5001"
PUBLIC_URL = "https://news.example.org:8443/"


def ask(client: FlaskClient, path: str, host: str, peer: str = "127.0.0.1", **more: str) -> int:
    environ = {"REMOTE_ADDR": peer, "HTTP_HOST": host, **more}
    return client.get(path, environ_overrides=environ).status_code


@pytest.fixture
def client(services: MemoryServices) -> FlaskClient:
    return create_app(services, trusts_this_machine=True, public_url=PUBLIC_URL).test_client()


@pytest.mark.parametrize(
    "path", ["/videos", "/videos?page=2", "/watches", "/", "/ready", "/nowhere"]
)
def test_a_rebound_name_reads_nothing_not_even_what_is_ready(
    client: FlaskClient, path: str
) -> None:
    known = ask(client, path, "localhost:5001")
    assert known != 421
    assert ask(client, path, EVIL) == 421
    assert ask(client, path, EVIL, "::1") == 421
    assert ask(client, path, "localhost:5001") == known


@pytest.mark.parametrize("header", ["X_FORWARDED_FOR", "FORWARDED", "VIA", "AUTHORIZATION"])
def test_a_page_cannot_pass_for_a_proxy(client: FlaskClient, header: str) -> None:
    assert ask(client, "/videos", EVIL, **{f"HTTP_{header}": "203.0.113.7"}) == 421


@pytest.mark.parametrize("host", ["", "[", ":5001", "a b", "ü.example", "x" * 300, "a@b:99999"])
def test_a_host_that_is_no_name_is_not_ours(client: FlaskClient, host: str) -> None:
    assert ask(client, "/videos", host) == (421 if host else 200)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST:5001", "127.0.0.1:5001", "[::1]:5001", "newsreel.localhost"),
        *("192.168.1.2:5001", "[2001:db8::1]", "news.example.org", "NEWS.example.org:1"),
    ],
)
def test_addresses_localhost_and_the_public_name_are_ours(client: FlaskClient, host: str) -> None:
    assert ask(client, "/videos", host) == 200


def test_who_comes_from_elsewhere_may_use_any_name(client: FlaskClient) -> None:
    assert ask(client, "/videos", "my-server.lan:5001", "192.168.1.7") == 200


def test_a_refusal_says_what_to_do_and_looks_like_all_others(client: FlaskClient) -> None:
    refused = client.get("/videos", environ_overrides={"HTTP_HOST": EVIL})
    (error,) = refused.get_json()["errors"]
    assert (error["code"], "PUBLIC_URL" in error["detail"]) == ("foreign_host", True)
    assert refused.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in refused.headers
    assert client.head("/videos", environ_overrides={"HTTP_HOST": EVIL}).get_data() == b""


@pytest.mark.parametrize("options", [{"proxy_hops": 1, "trusts_this_machine": True}, {}])
def test_behind_a_proxy_that_is_told_of_any_name_leads_here(
    services: MemoryServices, options: dict[str, int]
) -> None:
    client = create_app(services, **options).test_client()  # type: ignore[arg-type] # as named
    assert ask(client, "/videos", EVIL) == 200
