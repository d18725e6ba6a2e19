"""POST /plan: what a new watch would cost."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from pydantic import Field

from app.auth.scopes import Scope
from app.ingest.planning import MAX_VIDEOS_PER_DAY
from app.web.api import examples, plan_schemas
from app.web.api.openapi import responses
from app.web.bodies import Body
from app.web.limits import costs
from app.web.parameters import Keyword, Query
from app.web.replies import rounded, uncached_json
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.ingest.planning import Preview, Slowdown

plan = APIBlueprint("plan", __name__, tag="Plan")

_ERRORS = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class PlanRequest(Body):
    """What would be watched."""

    keyword: Keyword = Field(description="1 to 200 characters.", examples=["sailing"])
    videos_per_day: float | None = Field(
        default=None,
        gt=0,
        le=MAX_VIDEOS_PER_DAY,
        description="How many videos it brings; without it, as many as the present watches do.",
    )


# To ask is for those who may do it: it tells of the quota, and a POST that is open to every reader
# would be open to every web page, too.
@plan.post("/plan")
@scope(Scope.WATCHES_WRITE)
@costs(100)
@plan.input(Query, location="query", arg_name="query")
@plan.input(PlanRequest, location="json", arg_name="wanted", example=examples.PLAN_REQUEST)
@plan.output(plan_schemas.Plan, example=examples.PLAN)
@plan.doc(operation_id="plan_watch", responses=responses(*_ERRORS, headers=("Cache-Control",)))
def plan_watch(query: Query, wanted: PlanRequest) -> Response:  # noqa: ARG001 - takes no parameters
    """Say what watching a keyword would cost, and which watches it would slow down.

    It changes nothing. Reckoned with a whole day's search calls but for the reserve.
    """
    return uncached_json(_body(services().planning.preview(wanted.keyword, wanted.videos_per_day)))


def _body(preview: Preview) -> dict[str, object]:
    cadence = preview.cadence
    return {
        "keyword": preview.term,
        "known": preview.known,
        "videos_per_day": rounded(preview.videos_per_day),
        "interval_seconds": rounded(cadence.interval_seconds),
        "mean_delay_seconds": rounded(cadence.mean_delay_seconds),
        "calls_per_day": rounded(cadence.calls_per_day),
        "slower": [_slower(other) for other in preview.others],
    }


def _slower(other: Slowdown) -> dict[str, object]:
    return {
        "watch_id": other.watch.watch_id,
        "term": other.watch.term,
        "interval_seconds_before": rounded(other.before.interval_seconds),
        "interval_seconds_after": rounded(other.after.interval_seconds),
    }
