from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from app.domain.watches import Problem
from tests.unit.web.fakes import MemoryReadiness

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

PROBLEM = Problem("no_keys", datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "No API key.")


def test_health_needs_no_backend(client: FlaskClient, services: MemoryServices) -> None:
    services.readiness.state = MemoryReadiness(serving=False)
    services.feed.broken = RuntimeError()
    response = client.get("/health")
    assert (response.status_code, response.get_json()) == (200, {"status": "ok", "demo": False})


def test_all_well_is_ready(client: FlaskClient) -> None:
    response = client.get("/ready")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ok", "demo": False, "problems": []}


def test_a_problem_that_leaves_reads_alone_only_degrades(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.readiness.state = MemoryReadiness(problems=(PROBLEM,))
    response = client.get("/ready")
    assert response.status_code == 200
    assert response.get_json() == {
        "status": "degraded",
        "demo": False,
        "problems": [{"code": "no_keys", "since": "2026-01-02T03:04:05Z", "detail": "No API key."}],
    }


def test_without_reads_it_is_unavailable(client: FlaskClient, services: MemoryServices) -> None:
    services.readiness.state = MemoryReadiness(serving=False, problems=(PROBLEM,))
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.get_json()["status"] == "unavailable"
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_states_are_never_cached(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/health", "/ready"])
def test_the_demo_is_named(client: FlaskClient, services: MemoryServices, path: str) -> None:
    services.demo = True
    assert client.get(path).get_json()["demo"] is True
