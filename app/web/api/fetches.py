"""GET /fetches: what was asked of the sources, for the operator."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from apiflask import APIBlueprint
from pydantic import AfterValidator, Field, WithJsonSchema

from app.auth.scopes import Scope
from app.domain.clock import format_instant
from app.domain.errors import InvalidValueError
from app.domain.fetches import FetchCursor, FetchQuery, FetchSource
from app.web.api import examples, fetch_schemas
from app.web.api.openapi import responses
from app.web.lists import Links, about_page
from app.web.parameters import LimitedQuery, RowId, checked_by
from app.web.replies import canonical_path, uncached_json
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.fetches import FetchPage, LoggedFetch

fetches = APIBlueprint("fetches", __name__, tag="Fetches")

_PATH = "/fetches"
_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
_PLAIN_CURSOR = re.compile(r"1([on])([1-9][0-9]{0,17})", re.ASCII)


def _encode(cursor: FetchCursor | None) -> str | None:
    """Write a cursor as clients see it: version, direction (older or newer), id."""
    if cursor is None:
        return None
    plain = f"1{'n' if cursor.newer else 'o'}{cursor.fetch_id}"
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _decode(text: str) -> FetchCursor:
    padded = text.encode("ascii", "replace") + b"=" * (-len(text) % 4)
    try:
        match = _PLAIN_CURSOR.fullmatch(urlsafe_b64decode(padded).decode("ascii"))
    except ValueError:
        match = None
    cursor = FetchCursor(int(match[2]), newer=match[1] == "n") if match else None
    if cursor is None or _encode(cursor) != text:
        raise InvalidValueError("this is not a cursor that was handed out here")
    return cursor


def _cursor_text(text: str) -> str:
    _decode(text)
    return text


_CURSOR = {"type": "string", "pattern": "^MW[A-Za-z0-9_-]+$"}
CursorText = Annotated[str, AfterValidator(checked_by(_cursor_text)), WithJsonSchema(_CURSOR)]


class FetchesQuery(LimitedQuery):
    """Which fetches, and which page of them."""

    cursor: CursorText | None = Field(
        default=None, description="`next_cursor` or `previous_cursor` of a page, as given."
    )
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
            cursor=None if query.cursor is None else _decode(query.cursor),
            watch_id=query.watch,
            source=query.source,
            failed=None if query.error is None else query.error == "true",
        )
    )
    links = _links(query, page)
    about = about_page(
        links,
        page=1 if query.cursor is None else None,
        limit=query.page_length,
        total=None,
        next_cursor=_encode(page.next_cursor),
        previous_cursor=_encode(page.previous_cursor),
    )
    response = uncached_json({"items": [_item(fetch) for fetch in page.fetches], **about})
    response.headers["Link"] = links.header
    return response


def _links(query: FetchesQuery, page: FetchPage) -> Links:
    kept = {**query.filters, "limit": str(query.page_length)}

    def to(cursor: str | None) -> str | None:
        return None if cursor is None else canonical_path(_PATH, {**kept, "cursor": cursor})

    first = canonical_path(_PATH, kept)
    return Links(
        here=to(query.cursor) or first,
        first=first,
        next=to(_encode(page.next_cursor)),
        previous=to(_encode(page.previous_cursor)),
    )


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
