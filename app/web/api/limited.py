"""What the OpenAPI document says of limits, from the marks that web/limits.py judges by."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from app.web.api.openapi import described_error
from app.web.api.security import documented_views
from app.web.errors import RATE_LIMITED
from app.web.limits import declared_cost

if TYPE_CHECKING:
    from app.web.api.openapi import ApiDoc


def describe(document: ApiDoc) -> ApiDoc:
    """Add to each operation that costs something how it is refused to those who ask too much."""
    status = HTTPStatus.TOO_MANY_REQUESTS
    for path, method, view in documented_views():
        operation = document["paths"].get(path, {}).get(method)
        if operation is not None and declared_cost(view):
            refusal = described_error(status, RATE_LIMITED)
            operation["responses"].setdefault(str(status.value), refusal)
    return document
