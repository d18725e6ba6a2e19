"""What the OpenAPI document says of tokens: the scheme, and each route's scope.

It describes what web/scopes.py decides, from the same marks.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from flask import current_app

from app.auth.scopes import Scope
from app.web.api.oauth_schemas import OAuthError
from app.web.api.openapi import described_error
from app.web.scopes import NO_TOKEN, declared_scope, insufficient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.web.api.openapi import ApiDoc, OperationDoc
    from app.web.api.openapi_texts import JsonObject

SCHEME = "oauth2"
_ABOUT = (
    "`python -m app client add NAME --scope SCOPE` makes a client; its id and secret give a token "
    "at `/oauth/token`. Reading videos takes none unless READ_AUTH=required, and in the embedded "
    "mode nothing does for clients on the same machine."
)
_MEANINGS = {
    Scope.VIDEOS_READ: "read videos, watches and what is known of both",
    Scope.VIDEOS_WRITE: "hide videos",
    Scope.WATCHES_WRITE: "add, change and remove watches",
    Scope.ADMIN: "see quota, keys, the log of fetches and who changed what",
}
_CONVERTED = re.compile(r"<(?:[^<>:]+:)?([^<>:]+)>")


def describe(generated: object) -> ApiDoc:
    """Add to a generated document the scheme, and what each operation takes and how it refuses."""
    document = cast("ApiDoc", generated)
    document["components"]["securitySchemes"] = {SCHEME: _scheme()}
    document["components"]["schemas"][OAuthError.__name__] = OAuthError.model_json_schema()
    for path, method, view in documented_views():
        needed = declared_scope(view)
        operation = document["paths"].get(path, {}).get(method)
        if operation is not None and needed is not None and needed is not Scope.PUBLIC:
            _describe(operation, needed)
    return document


def _scheme() -> JsonObject:
    # Relative to the document, as the servers are.
    flow = {"tokenUrl": "oauth/token", "scopes": {it.value: text for it, text in _MEANINGS.items()}}
    return {"type": "oauth2", "description": _ABOUT, "flows": {"clientCredentials": flow}}


def _describe(operation: OperationDoc, needed: Scope) -> None:
    by_token: JsonObject = {SCHEME: [needed.value]}
    operation["security"] = [{}, by_token] if needed is Scope.VIDEOS_READ else [by_token]
    for status, error in (
        (HTTPStatus.UNAUTHORIZED, NO_TOKEN),
        (HTTPStatus.FORBIDDEN, insufficient(needed)),
    ):
        operation["responses"][str(status.value)] = described_error(
            status, error, headers=("WWW-Authenticate",)
        )


def documented_views() -> Iterator[tuple[str, str, Callable[..., object]]]:
    """Yield every route: its path and method as the document writes them, and its view."""
    for rule in current_app.url_map.iter_rules():
        path = _CONVERTED.sub(r"{\1}", rule.rule)
        for method in rule.methods or ():
            yield path, method.lower(), current_app.view_functions[rule.endpoint]
