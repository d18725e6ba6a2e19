"""A client that holds every answer it gets against the OpenAPI document."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from app.web.factory import create_app
from tests.unit.web.fakes import MemoryFeed, MemoryServices

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

Json = dict[str, Any]  # an OpenAPI document, walked freely

_ON_EVERY_REPLY = {
    *("content-type", "content-length", "content-encoding", "content-security-policy"),
    *(
        "x-content-type-options",
        "referrer-policy",
        "pragma",
        "allow",
        "cross-origin-resource-policy",
        "x-request-id",
    ),
}


class DocumentedClient(FlaskClient):
    """Fails the test whose request is answered otherwise than the document has it."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
        check(response)
        return response


def check(response: TestResponse) -> None:
    """Fail if this is not an answer that the document describes; other paths are let through."""
    request = response.request
    described = find_operation(request.method, request.path)
    if described is None or response.status_code in (405, 421):  # no route answers these
        return
    asked = f"{request.method} {request.path}: {response.status}"
    assert str(response.status_code) in described["responses"], asked
    answer = resolved(described["responses"][str(response.status_code)])
    sent = {name.lower() for name, _ in response.headers}
    assert sent <= _ON_EVERY_REPLY | {name.lower() for name in answer["headers"]}, asked
    if response.status_code in (204, 304):
        return
    assert response.content_type in answer["content"], asked
    is_whole = request.method != "HEAD" and "Content-Encoding" not in response.headers
    if is_whole and response.is_json:
        schema = answer["content"][response.content_type]["schema"]
        wrong = problems(schema, response.get_json())
        assert wrong == [], f"{asked} {wrong}"


def find_operation(method: str, path: str) -> Json | None:
    """Return what the document says of a request; None if nothing."""
    for template, operations in document()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found: Json | None = operations.get("get" if method == "HEAD" else method.lower())
            return found
    return None


def problems(schema: Json, value: object) -> list[str]:
    """Return what is wrong with a value, in words."""
    validator = Draft202012Validator({**document(), **schema})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def resolved(found: Json) -> Json:
    """Return what a reference leads to."""
    reference = found.get("$ref")
    if reference is None:
        return found
    _, _, kind, name = reference.split("/")
    return resolved(document()["components"][kind][name])


@cache
def document() -> Json:
    """Return the document; it is the same for every service."""
    app = create_app(MemoryServices(MemoryFeed()))
    found: Json = app.test_client().get("/openapi.json").get_json()
    return found
