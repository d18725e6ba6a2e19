"""GET /stats: how many videos were published when."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from apiflask import APIBlueprint
from pydantic import Field, WithJsonSchema

from app.auth.scopes import Scope
from app.domain.clock import format_instant, parse_instant
from app.domain.statistics import Grain
from app.web.api import watch_examples
from app.web.api.openapi import responses
from app.web.api.watch_schemas import Stats
from app.web.limits import costs
from app.web.parameters import Query, RowId
from app.web.replies import uncached_json
from app.web.scopes import scope
from app.web.selections import InstantText
from app.web.services import services

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Response

    from app.domain.statistics import Counts

stats = APIBlueprint("stats", __name__, tag="Stats")

_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)


class StatsQuery(Query):
    """Which counts."""

    by: Annotated[
        Grain, WithJsonSchema({"type": "string", "enum": [grain.value for grain in Grain]})
    ] = Field(default=Grain.HOUR, description="What is counted together (UTC).")
    watch: RowId | None = Field(default=None, description="Only videos of the watch with this id.")
    published_after: InstantText | None = Field(
        default=None,
        description="From the hour or day of this instant on; at most 744 hours or 3,653 days.",
        examples=["2026-01-02T00:00:00Z"],
    )
    published_before: InstantText | None = Field(
        default=None,
        description="Up to the hour or day of this instant; without it, to the present.",
        examples=["2026-01-02T18:00:00Z"],
    )


@stats.get("/stats")
@scope(Scope.VIDEOS_READ)
@costs(3)
@stats.input(StatsQuery, location="query", arg_name="query")
@stats.output(Stats, example=watch_examples.STATS)
@stats.doc(operation_id="get_stats", responses=responses(*_ERRORS, headers=("Cache-Control",)))
def get_stats(query: StatsQuery) -> Response:
    """Count videos by the hour or day of their publish time.

    Without a beginning these are 48 hours or 30 days.
    """
    counts = services().statistics.counts(
        query.by, _instant(query.published_after), _instant(query.published_before), query.watch
    )
    return uncached_json(_body(counts))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def _body(counts: Counts) -> dict[str, object]:
    query = counts.query
    each = zip(query.starts(), counts.videos, strict=True)
    by_watch = [{"watch_id": watch_id, "videos": n} for watch_id, n in counts.by_watch]
    return {
        "watch_id": query.watch_id,
        "by": query.grain.value,
        "total": sum(counts.videos),
        "counts": [{"starts_at": format_instant(at), "videos": n} for at, n in each],
        "by_watch": by_watch if query.watch_id is None else None,
    }
