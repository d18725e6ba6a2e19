"""What the OpenAPI document says of limits, from the marks that web/limits.py judges by."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from app.web.api.openapi import described_error, described_headers
from app.web.api.security import documented_views
from app.web.errors import RATE_LIMITED
from app.web.limits import declared_cost

if TYPE_CHECKING:
    from app.web.api.openapi import ApiDoc, OperationDoc

_FIGURES = ("RateLimit", "RateLimit-Policy")


def describe(document: ApiDoc) -> ApiDoc:
    """Add to each operation that costs something its refusal, and the headers with the figures.

    Replies with an ETag are for shared caches, too, and have none.
    """
    for path, method, view in documented_views():
        operation = document["paths"].get(path, {}).get(method)
        if operation is not None and declared_cost(view):
            _describe(operation)
    return document


def _describe(operation: OperationDoc) -> None:
    status = HTTPStatus.TOO_MANY_REQUESTS
    refusal = described_error(status, RATE_LIMITED, headers=("Retry-After",))
    operation["responses"].setdefault(str(status.value), refusal)
    for response in operation["responses"].values():
        known = response.get("headers")
        told = known if isinstance(known, dict) else {}
        figures = () if "ETag" in told else _FIGURES
        response["headers"] = {**told, **described_headers(*figures)}
