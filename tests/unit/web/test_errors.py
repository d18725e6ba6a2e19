from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import (
    LeaseLostError,
    NothingToServeError,
    StatementTimeoutError,
    StoreUnavailableError,
)
from app.telemetry import configure_logging

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices


def error_of(client: FlaskClient, method: str, path: str, data: bytes = b"") -> dict[str, str]:
    response = client.open(path, method=method, data=data)
    assert response.content_type == "application/vnd.api+json"
    assert response.headers["Cache-Control"] == "no-store"
    (error,) = response.get_json()["errors"]
    assert error["status"] == str(response.status_code)
    return dict(error)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", "404", "not_found"),
        ("GET", "/videos/", "404", "not_found"),
        ("GET", "/assets/x/nope.js", "404", "not_found"),
        ("GET", "/assets/x/../factory.py", "404", "not_found"),
        ("POST", "/videos", "405", "method_not_allowed"),
        ("BREW", "/videos", "405", "method_not_allowed"),
    ],
)
def test_every_status_answers_with_an_error_object(
    client: FlaskClient, method: str, path: str, status: str, code: str
) -> None:
    error = error_of(client, method, path)
    assert (error["status"], error["code"]) == (status, code)


def test_a_wrong_method_is_told_the_right_ones(client: FlaskClient) -> None:
    assert "GET" in client.delete("/videos").headers["Allow"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_large_body_is_refused_even_where_none_is_read(client: FlaskClient, method: str) -> None:
    error = error_of(client, method, "/videos", data=b"x" * 70_000)
    assert (error["status"], error["code"]) == ("413", "body_too_large")


@pytest.mark.parametrize(
    ("path", "status"),
    [("//videos", 200), ("/videos//vid00000099", 404), ("///", 200), ("", 200)],
)
def test_an_odd_path_is_not_redirected_to_the_host_of_the_request(
    client: FlaskClient, path: str, status: int
) -> None:
    response = client.get("/", environ_overrides={"PATH_INFO": path})
    assert response.status_code == status
    assert "Location" not in response.headers


@pytest.mark.parametrize("host", ["", "][", "a b", "x" * 300, "ü.example", "a@b:99999"])
def test_a_senseless_host_breaks_nothing(client: FlaskClient, host: str) -> None:
    response = client.get("/videos", environ_overrides={"HTTP_HOST": host})
    assert response.status_code in (200, 421)
    assert response.is_json


@pytest.mark.parametrize(
    "error",
    [
        NothingToServeError("mysql://user:secret@db"),
        StoreUnavailableError("10.0.0.7 refused"),
        StatementTimeoutError("max_statement_time exceeded"),
    ],
)
def test_without_backends_the_client_is_told_to_come_back(
    client: FlaskClient, services: MemoryServices, error: Exception
) -> None:
    services.feed.broken = error
    response = client.get("/videos")
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert str(error) not in response.get_data(as_text=True)


@pytest.mark.parametrize("error", [RuntimeError("the secret"), LeaseLostError("the secret")])
def test_a_failure_shows_an_id_that_the_log_explains(
    client: FlaskClient,
    services: MemoryServices,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    configure_logging("info")
    services.feed.broken = error
    shown = error_of(client, "GET", "/videos")
    assert (shown["status"], shown["code"]) == ("500", "internal_error")
    assert "secret" not in json.dumps(shown)
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    [logged] = [line for line in told if line["event"] == "request_failed"]
    assert {line["request_id"] for line in told} == {logged["request_id"]}
    assert logged["error_id"] == shown["id"]
    assert "the secret" in logged["exception"]
