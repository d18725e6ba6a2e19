"""GET /coverage: how far each watch has been read, and what is missing."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from pydantic import Field

from app.auth.scopes import Scope
from app.domain.clock import format_instant
from app.domain.coverage import CoveragePage
from app.web.api import coverage_schemas, examples
from app.web.api.openapi import responses
from app.web.limits import costs
from app.web.lists import about_page, numbered_links
from app.web.parameters import NumberedQuery, RowId
from app.web.replies import uncached_json
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.coverage import WatchCoverage
    from app.domain.ranges import Pending

coverage = APIBlueprint("coverage", __name__, tag="Coverage")

_PATH = "/coverage"
_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)


class CoverageQuery(NumberedQuery):
    """Which watches, and which page of them."""

    watch: RowId | None = Field(default=None, description="Only the watch with this id.")


@coverage.get(_PATH)
@scope(Scope.VIDEOS_READ)
@costs(20)
@coverage.input(CoverageQuery, location="query", arg_name="query")
@coverage.output(coverage_schemas.CoverageList, example=examples.COVERAGE_LIST)
@coverage.doc(
    operation_id="list_coverage",
    responses=responses(*_ERRORS, headers=("Cache-Control", "Link")),
)
def list_coverage(query: CoverageQuery) -> Response:
    """List how far each watch has been read, and what is missing.

    Every second of publish time is read when it is fresh and again LOOKBACK_SECONDS later, because
    search shows videos late; then it is complete. What is not read in time stands in `gaps` with
    its reason until it is.

    A channel is listed, not searched: it is read up to where its feed or its uploads playlist has
    shown everything, and complete as far as the playlist has, which is read once a day.
    """
    page = _page(query)
    links = numbered_links(_PATH, query, more=query.page * query.page_length < page.total)
    about = about_page(
        links,
        page=query.page,
        limit=query.page_length,
        total=page.total,
        next_cursor=None,
        previous_cursor=None,
    )
    response = uncached_json({"items": [_item(told) for told in page.items], **about})
    response.headers["Link"] = links.header
    return response


def _page(query: CoverageQuery) -> CoveragePage:
    if query.watch is None:
        return services().coverage.page(query.page, query.page_length)
    alone = services().coverage.get(query.watch)
    return CoveragePage((alone,) if query.page == 1 else (), total=1)


def _item(told: WatchCoverage) -> dict[str, object]:
    watch, delay = told.watch, told.delay
    return {
        "watch_id": watch.watch_id,
        "kind": watch.kind.value,
        "term": watch.term,
        "paused": watch.paused,
        "read_until": format_instant(watch.read_until),
        "complete_until": format_instant(told.complete_until),
        "gaps": [_gap(item) for item in told.open],
        "delay": {
            "samples": delay.samples,
            "median_seconds": delay.median_seconds,
            "p95_seconds": delay.p95_seconds,
        },
    }


def _gap(item: Pending) -> dict[str, object]:
    starts_at, ends_at = item.stretch.starts_at, item.stretch.ends_at
    # What was never read is due since ever: for readers, since all of it was published.
    due_at = item.due_at and format_instant(max(item.due_at, ends_at))
    return {
        "starts_at": format_instant(starts_at),
        "ends_at": format_instant(ends_at),
        "reason": item.reason.value,
        "reading": int(item.reading),
        "due_at": due_at,
    }
