"""/dashboard/watches: what is watched, with forms to add, pause and remove."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from app.auth.scopes import Scope
from app.domain.addresses import parse_target
from app.domain.errors import NewsreelError
from app.web.api.watches import parse_watch_id
from app.web.callers import caller
from app.web.dashboard.pages import form_fields, page, page_blueprint
from app.web.errors import told_of
from app.web.parameters import MAX_PAGE, Digits, Query
from app.web.replies import canonical_path, to_page
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

watch_pages = page_blueprint("watch_pages")

_PATH = "/dashboard/watches"
_LENGTH = 50


class WatchesQuery(Query):
    """Which page of the watches."""

    page: Annotated[int, Field(ge=1, le=MAX_PAGE), Digits] = 1


@watch_pages.get(_PATH)
@scope(Scope.WATCHES_WRITE, or_login=True)
@watch_pages.input(WatchesQuery, location="query", arg_name="query")
def show_watches(query: WatchesQuery) -> Response:
    """Show a page of the watches, oldest first."""
    return _watches_page(query.page)


@watch_pages.post(_PATH)
@scope(Scope.WATCHES_WRITE, or_login=True)
@watch_pages.input(Query, location="query", arg_name="query")
def add(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Watch a keyword or a channel, whichever the text names."""
    (text,) = form_fields("watch")
    try:
        services().watching.by(caller()).create(*parse_target(text), {})
    except NewsreelError as error:
        told = told_of(error)
        if told is None:
            raise
        response = _watches_page(1, told.status, problem=told.detail, text=text)
        response.headers.update(told.headers)
        return response
    return to_page(_PATH)


@watch_pages.post(f"{_PATH}/<watch_id>/pause")
@scope(Scope.WATCHES_WRITE, or_login=True)
@watch_pages.input(Query, location="query", arg_name="query")
def pause(watch_id: str, query: Query) -> Response:  # noqa: ARG001 - as above
    """Stop fetching for a watch."""
    form_fields()
    services().watching.by(caller()).change(parse_watch_id(watch_id), {"paused": True})
    return to_page(_PATH)


@watch_pages.post(f"{_PATH}/<watch_id>/resume")
@scope(Scope.WATCHES_WRITE, or_login=True)
@watch_pages.input(Query, location="query", arg_name="query")
def resume(watch_id: str, query: Query) -> Response:  # noqa: ARG001 - as above
    """Fetch for a watch again."""
    form_fields()
    services().watching.by(caller()).change(parse_watch_id(watch_id), {"paused": False})
    return to_page(_PATH)


@watch_pages.post(f"{_PATH}/<watch_id>/remove")
@scope(Scope.WATCHES_WRITE, or_login=True)
@watch_pages.input(Query, location="query", arg_name="query")
def remove(watch_id: str, query: Query) -> Response:  # noqa: ARG001 - as above
    """Remove a watch."""
    form_fields()
    services().watching.by(caller()).remove(parse_watch_id(watch_id))
    return to_page(_PATH)


def _watches_page(
    number: int, status: HTTPStatus = HTTPStatus.OK, *, problem: str = "", text: str = ""
) -> Response:
    found = services().watching.page(number, _LENGTH)
    more = number * _LENGTH < found.total
    return page(
        "watches.html",
        status,
        has_form=True,
        watches=found.items,
        total=found.total,
        newer=_to(number + 1) if more else None,
        older=_to(number - 1) if number > 1 else None,
        problem=problem,
        text=text,
    )


def _to(number: int) -> str:
    return canonical_path(_PATH, {"page": str(number)})
