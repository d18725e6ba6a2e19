"""The examples of errors in the document are what is really answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.auth.scopes import GRANTABLE, Scope
from app.web.factory import create_app
from tests.unit.web.documented import DocumentedClient, Json, document, resolved
from tests.unit.web.fakes import MemoryAccess, MemoryServices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

STRANGER = {"REMOTE_ADDR": "203.0.113.7", "HTTP_HOST": "news.example.org"}
FILLED = {
    "{video_id}": "vid00000099",
    "{channel_id}": "UCa1B2c3D4e5F6g7H8i9J0kL",
    "{watch_id}": "1",
    "{webhook_id}": "1",
    "{token}": "x" * 32,
}
MISSING = {**FILLED, "{video_id}": "vid00000000", "{watch_id}": "999", "{webhook_id}": "999"}


@pytest.fixture
def stranger(services: MemoryServices) -> FlaskClient:
    """A client from elsewhere, where reading takes a token; each scope has one of its name."""
    allowed: dict[str, frozenset[Scope]] = {it.value: frozenset((it,)) for it in GRANTABLE}
    services.access = MemoryAccess(reads_are_open=False, allowed=allowed)
    app = create_app(services)
    app.test_client_class = DocumentedClient
    client: FlaskClient = app.test_client()
    client.environ_base.update(STRANGER)
    return client


def described(status: str) -> list[tuple[str, str, Json, Json]]:
    """Method, path, operation and example of each operation that may answer with a status."""
    found = list(_described(status))
    assert found
    return found


def _described(status: str) -> Iterator[tuple[str, str, Json, Json]]:
    for path, operations in document()["paths"].items():
        for method, operation in operations.items():
            if status in operation["responses"]:
                content = resolved(operation["responses"][status])["content"]
                example = content["application/vnd.api+json"]["example"]
                yield method.upper(), path, operation, example


def filled(path: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        path = path.replace(name, value)
    return path


def test_what_is_unclear_or_too_long_is_refused_everywhere(client: FlaskClient) -> None:
    for method, path, _, example in described("400"):
        reply = client.open(f"{filled(path, FILLED)}?limit=1&limit=2", method=method)
        assert reply.get_json() == example, path
    for method, path, _, example in described("413"):
        reply = client.open(filled(path, FILLED), method=method, data=b"x" * 70_000)
        assert reply.get_json() == example, path


def test_who_may_not_is_told_so(stranger: FlaskClient) -> None:
    for method, path, operation, example in described("403"):
        here = filled(path, FILLED)
        reply = stranger.open(here, method=method)
        refusal = resolved(operation["responses"]["401"])["content"]["application/vnd.api+json"]
        assert reply.get_json() == refusal["example"], path
        (needed,) = operation["security"][-1]["oauth2"]
        other = next(scope for scope in Scope if scope in GRANTABLE and scope != needed)
        reply = stranger.open(here, method=method, headers={"Authorization": f"Bearer {other}"})
        assert reply.get_json() == example, path


def test_a_body_of_another_type_is_refused(client: FlaskClient) -> None:
    for method, path, _, example in described("415"):
        reply = client.open(filled(path, FILLED), method=method, data=b"x", content_type="text/css")
        assert reply.get_json() == example, path


def test_what_is_not_there_is_not_found(client: FlaskClient) -> None:
    for method, path, operation, example in described("404"):
        if {"watch_id", "webhook_id", "video_id"} & {it["name"] for it in operation["parameters"]}:
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            reply = client.open(filled(path, MISSING), method=method, json=body.get("example"))
            (error,), (shown,) = reply.get_json()["errors"], example["errors"]
            assert (error["status"], error["code"]) == (shown["status"], shown["code"]), path


@pytest.mark.parametrize(("method", "path"), [("POST", "/plan"), ("PATCH", "/watches/1")])
def test_null_is_not_an_object_without_members(
    client: FlaskClient, services: MemoryServices, method: str, path: str
) -> None:
    reply = client.open(path, method=method, data=b"null", content_type="application/json")
    assert reply.status_code == 400
    assert reply.get_json()["errors"][0]["code"] == "invalid_body"
    assert services.watching.asked == []
