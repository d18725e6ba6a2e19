"""GET /metrics: who may read it, and what the web layer counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.auth.scopes import Scope
from app.domain.feeds import CacheState
from app.web.api.examples import METRICS
from app.web.factory import create_app
from tests.unit.web.documented import DocumentedClient
from tests.unit.web.fakes import MemoryFeed, MemoryServices

if TYPE_CHECKING:
    from flask.testing import FlaskClient

TOKEN = "scraper-0123456789-abcdefghijkl-x"
ABROAD = {"REMOTE_ADDR": "192.0.2.7"}


def guarded(services: MemoryServices, token: str = TOKEN) -> FlaskClient:
    app = create_app(services, trusts_this_machine=False, metrics_token=token)
    app.test_client_class = DocumentedClient
    opened: FlaskClient = app.test_client()
    return opened


def counted(services: MemoryServices, name: str) -> dict[tuple[str, ...], float]:
    return {
        tuple(sample.labels.values()): sample.value
        for family in services.processes.registry.collect()
        for sample in family.samples
        if sample.name == name and sample.value
    }


def test_a_scraper_shows_its_token_and_nobody_else_gets_in(services: MemoryServices) -> None:
    client = guarded(services)
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (answer.status_code, answer.text) == (200, METRICS)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    for wrong in ({}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": "Bearer ü"}):
        assert client.get("/metrics", headers=wrong).status_code == 401


def test_a_scrapers_token_opens_nothing_else(services: MemoryServices) -> None:
    client = guarded(services)
    for path in ("/quota", "/audit", "/fetches"):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert client.get(path, headers=headers).status_code == 401


def test_without_a_token_an_empty_one_opens_nothing(services: MemoryServices) -> None:
    client = guarded(services, token="")
    for given in ("Bearer ", "Bearer", "Bearer  "):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 401


def test_this_machine_may_read_them_in_the_embedded_mode_and_no_other(
    client: FlaskClient,
) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base=ABROAD).status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401


def test_an_administrators_token_opens_them(services: MemoryServices) -> None:
    services.access.allowed["good"] = frozenset([Scope.ADMIN])
    answer = guarded(services).get("/metrics", headers={"Authorization": "Bearer good"})
    assert answer.status_code == 200


def test_requests_are_counted_by_template_and_never_by_path(
    client: FlaskClient, services: MemoryServices
) -> None:
    client.get("/videos/vid00000099")
    client.get("/videos/vid00000098")
    client.get("/videos/nothing-here")
    client.get("/nowhere/at/all")
    client.open("/videos", method="BREW")
    name = "newsreel_http_request_seconds_count"
    assert counted(services, name) == {
        ("/videos/<video_id>", "GET", "2xx"): 2,
        ("/videos/<video_id>", "GET", "4xx"): 1,
        ("none", "GET", "4xx"): 1,
        ("none", "other", "4xx"): 1,
    }


def test_pages_are_counted_by_where_they_came_from(
    client: FlaskClient, services: MemoryServices
) -> None:
    client.get("/videos")  # a hit that the application answers, and keeps
    for _ in range(3):
        client.get("/videos")  # from memory
    client.get("/videos", headers={"If-None-Match": client.get("/videos").headers["ETag"]})
    services.feed.cache = CacheState.MISS
    client.get("/videos")
    services.feed.cache = CacheState.STALE
    client.get("/videos")
    assert counted(services, "newsreel_pages_total") == {("hit",): 6, ("miss",): 1, ("stale",): 1}
    assert counted(services, "newsreel_ready_replies_total") == {("answered",): 5}


def test_a_reply_carries_its_id_unless_a_cache_may_give_it_to_others(client: FlaskClient) -> None:
    first, second = (client.get("/watches").headers["X-Request-ID"] for _ in range(2))
    assert first != second
    assert "X-Request-ID" in client.get("/nowhere").headers
    for path in ("/videos", "/feed.atom", "/videos?page=2", "/videos/vid00000099"):
        assert "X-Request-ID" not in client.get(path).headers, path


@pytest.mark.parametrize("path", ["/metrics", "/health"])
def test_watching_over_the_service_is_never_limited(path: str) -> None:
    client = guarded(MemoryServices(MemoryFeed()))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert {client.get(path, headers=headers).status_code for _ in range(50)} == {200}
