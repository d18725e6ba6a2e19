"""GET /fetches: what was asked of the sources, for the operator."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from apiflask import APIBlueprint
from pydantic import Field, WithJsonSchema

from app.auth.scopes import Scope
from app.domain.clock import format_instant
from app.domain.fetches import FetchQuery, FetchSource
from app.web.api import examples, fetch_schemas
from app.web.api.openapi import responses
from app.web.log_lists import LogQuery, log_reply
from app.web.parameters import RowId
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.fetches import LoggedFetch

fetches = APIBlueprint("fetches", __name__, tag="Fetches")

_PATH = "/fetches"
_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)


class FetchesQuery(LogQuery):
    """Which fetches, and which page of them."""

    watch: RowId | None = Field(
        default=None, description="Only fetches for the watch with this id, be it gone by now."
    )
    source: (
        Annotated[
            FetchSource,
            WithJsonSchema({"type": "string", "enum": [it.value for it in FetchSource]}),
        ]
        | None
    ) = Field(default=None, description="Only fetches that asked this source.")
    error: Literal["true", "false"] | None = Field(
        default=None, description="`true`: only fetches that failed; `false`: only the others."
    )


@fetches.get(_PATH)
@scope(Scope.ADMIN)
@fetches.input(FetchesQuery, location="query", arg_name="query")
@fetches.output(fetch_schemas.FetchList, example=examples.FETCH_LIST)
@fetches.doc(
    operation_id="list_fetches",
    responses=responses(*_ERRORS, headers=("Cache-Control", "Link")),
)
def list_fetches(query: FetchesQuery) -> Response:
    """List the fetches that are over, newest first.

    A fetch that was killed on its way is not told; what it was charged still stands in /quota.
    Fetches are forgotten after FETCH_LOG_DAYS. Pages are led through by cursor only.
    """
    page = services().fetch_log.page(
        FetchQuery(
            limit=query.page_length,
            cursor=query.place,
            watch_id=query.watch,
            source=query.source,
            failed=None if query.error is None else query.error == "true",
        )
    )
    return log_reply(_PATH, query, page, [_item(fetch) for fetch in page.lines])


def _item(fetch: LoggedFetch) -> dict[str, object]:
    told = fetch.record
    span, code = told.stretch, told.error_code
    duration = max(timedelta(), told.finished_at - told.started_at)  # clocks are set back at times
    return {
        "fetch_id": fetch.fetch_id,
        "watches": list(told.watch_ids),
        "source": told.source.value,
        "purpose": told.purpose.value,
        "range": span
        and {
            "starts_at": format_instant(span.starts_at),
            "ends_at": format_instant(span.ends_at),
        },
        "started_at": format_instant(told.started_at),
        "finished_at": format_instant(told.finished_at),
        "duration_seconds": round(duration.total_seconds(), 3),
        "pages": told.pages,
        "search_calls": told.search_calls,
        "units": told.units,
        "found": told.found,
        "added": told.added,
        "updated": told.updated,
        "rejected": told.rejected,
        "error": code and {"code": code, "detail": told.error_detail},
    }
