"""GET /health, GET /ready and GET /metrics: for those who run the service."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from flask import Response

from app.auth.scopes import Scope
from app.domain.clock import format_instant
from app.metrics.exposition import CONTENT_TYPE
from app.web.api import examples, operation_schemas
from app.web.api.openapi import also, responses
from app.web.errors import OVERLOADED, RETRY_AFTER_SECONDS
from app.web.limits import costs
from app.web.replies import uncached_json
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from app.web.api.openapi import ResponseDoc, ResponseDocs
    from app.web.report_services import Readiness

operations = APIBlueprint("operations", __name__, tag="Operations")

_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


def _ready_responses() -> ResponseDocs:
    usual = responses(headers=("Cache-Control",), examples={_UNAVAILABLE: OVERLOADED})
    described = also("Readiness", examples.UNAVAILABLE, "Retry-After", status=_UNAVAILABLE)
    described[_UNAVAILABLE]["content"] |= usual[_UNAVAILABLE]["content"]  # type: ignore[operator]  # both are dicts
    return {**usual, **described}


@operations.get("/health")
@scope(Scope.PUBLIC)
@costs(0)
@operations.output(operation_schemas.Health, example=examples.HEALTH)
@operations.doc(operation_id="get_health", responses=responses(headers=("Cache-Control",)))
def health() -> Response:
    """Tell that the process lives; asks no backend."""
    return uncached_json({"status": "ok", "demo": services().demo})


@operations.get("/ready")
@scope(Scope.PUBLIC)
@costs(0)
@operations.output(operation_schemas.Readiness, example=examples.READINESS)
@operations.doc(
    operation_id="get_readiness",
    responses=_ready_responses(),
)
def ready() -> Response:
    """Tell whether reads can be answered, and everything that is wrong.

    Keys, quota, YouTube and workers only degrade it: what is stored can still be read.
    """
    state = services().readiness.check()
    body = {
        "status": _status(state),
        "demo": services().demo,
        "problems": [
            {"code": it.code, "since": format_instant(it.since), "detail": it.detail}
            for it in state.problems
        ],
    }
    if state.serving:
        return uncached_json(body)
    response = uncached_json(body, HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


_SCRAPE = responses(headers=("Cache-Control",), examples={_UNAVAILABLE: OVERLOADED})
_EXPOSITION: ResponseDoc = {
    **_SCRAPE[HTTPStatus.OK],
    "description": "Metrics in the text format of Prometheus.",
    "content": {CONTENT_TYPE: {"schema": {"type": "string"}, "example": examples.METRICS}},
}


@operations.get("/metrics")
@scope(Scope.ADMIN, or_metrics_token=True)
@costs(0)
@operations.doc(operation_id="get_metrics", responses={**_SCRAPE, HTTPStatus.OK.value: _EXPOSITION})
def metrics() -> Response:
    """Tell Prometheus how the service is, whatever of it is away.

    METRICS_TOKEN, sent as a bearer's, opens it, too.
    """
    response = Response(services().metrics.text(), content_type=CONTENT_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _status(state: Readiness) -> str:
    if not state.serving:
        return "unavailable"
    return "degraded" if state.problems else "ok"
