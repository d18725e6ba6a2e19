"""/dashboard/watches: what is watched and how it is doing; with forms to add, pause and remove.

The page that a form was sent from, its number and the search, stands in the address of the form, so
that one comes back to it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from app.auth.scopes import Scope
from app.domain.addresses import MAX_REFERENCE_CHARACTERS, parse_target
from app.domain.errors import ConflictError, DuplicateWatchError, NewsreelError, NotFoundError
from app.web.api.watches import parse_watch_id
from app.web.callers import caller
from app.web.dashboard.pages import form_fields, page, page_blueprint
from app.web.dashboard.watch_lines import line_of, plan_for
from app.web.errors import told_of
from app.web.limits import costs
from app.web.parameters import MAX_PAGE, Digits, Query, RowId
from app.web.replies import canonical_path, to_page
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

    from app.web.watch_services import Watching

watch_pages = page_blueprint("watch_pages")

_PATH = "/dashboard/watches"
_LENGTH = 50
_UNDO_SHOWN = 10

_WHAT_TO_DO = {
    "duplicate_watch": "It is in the list below.",
    "too_many_watches": "Remove one that you need less.",
    "invalid_value": "A channel is given by its @handle, its id or its address; all else is "
    "a keyword.",
    "not_found": "Look at how it is written, or give the channel's id or address.",
    "watch_paused": "",
    "reserve_spent": "It is full again at midnight Pacific time; the watch is polled as planned "
    "until then.",
}
"""What is said after a refusal, by its code."""


class ListQuery(Query):
    """Which part of the watches: a page of those whose names hold a text."""

    page: Annotated[int, Field(ge=1, le=MAX_PAGE), Digits] = 1
    q: Annotated[str, Field(max_length=200)] = ""

    @property
    def parameters(self) -> dict[str, str]:
        """The same as an address names it."""
        number = {"page": str(self.page)} if self.page > 1 else {}
        return {**number, **({"q": self.q} if self.q else {})}


class WatchesQuery(ListQuery):
    """And what is typed to be watched, of which the cost is shown; what was added."""

    add: Annotated[str, Field(max_length=MAX_REFERENCE_CHARACTERS)] = ""
    added: RowId | None = None


@watch_pages.get(_PATH)
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(5)
@watch_pages.input(WatchesQuery, location="query", arg_name="query")
def show_watches(query: WatchesQuery) -> Response:
    """Show a page of the watches, oldest first."""
    return _watches_page(query, text=query.add, added=query.added)


@watch_pages.post(_PATH)
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(10)
@watch_pages.input(Query, location="query", arg_name="query")
def add(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Watch a keyword or a channel, whichever the text names, and show it."""
    (text,) = form_fields("add")
    try:
        watch = _acting().create(*parse_target(text), {})
    except NewsreelError as error:
        return _refused(ListQuery(), error, text=text)
    last = _pages(services().watch_reports.page(1, 1).total)
    here = {"page": str(last)} if last > 1 else {}
    return _to_list(here, added=str(watch.watch_id))


@watch_pages.post(f"{_PATH}/preview")
@scope(Scope.WATCHES_WRITE, or_login=True)
@watch_pages.input(Query, location="query", arg_name="query")
def preview(query: Query) -> Response:  # noqa: ARG001 - as above
    """Lead on to what watching a text would cost: for browsers without scripts."""
    (text,) = form_fields("add")
    return _to_list({}, add=text[:MAX_REFERENCE_CHARACTERS])


@watch_pages.post(f"{_PATH}/<watch_id>/pause")
@scope(Scope.WATCHES_WRITE, or_login=True)
@watch_pages.input(ListQuery, location="query", arg_name="query")
def pause(watch_id: str, query: ListQuery) -> Response:
    """Stop fetching for a watch."""
    form_fields()
    _acting().change(parse_watch_id(watch_id), {"paused": True})
    return _to_list(query.parameters)


@watch_pages.post(f"{_PATH}/<watch_id>/resume")
@scope(Scope.WATCHES_WRITE, or_login=True)
@watch_pages.input(ListQuery, location="query", arg_name="query")
def resume(watch_id: str, query: ListQuery) -> Response:
    """Fetch for a watch again."""
    form_fields()
    _acting().change(parse_watch_id(watch_id), {"paused": False})
    return _to_list(query.parameters)


@watch_pages.post(f"{_PATH}/<watch_id>/fetch")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(20)
@watch_pages.input(ListQuery, location="query", arg_name="query")
def fetch(watch_id: str, query: ListQuery) -> Response:
    """Poll for a watch at the next tick, which the reserve pays."""
    form_fields()
    try:
        _acting().fetch_now(parse_watch_id(watch_id))
    except ConflictError as error:
        return _refused(query, error)
    return _to_list(query.parameters)


@watch_pages.post(f"{_PATH}/<watch_id>/remove")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(5)
@watch_pages.input(ListQuery, location="query", arg_name="query")
def remove(watch_id: str, query: ListQuery) -> Response:
    """Remove a watch, which can be brought back for a while."""
    form_fields()
    _acting().remove(parse_watch_id(watch_id))
    return _to_list(query.parameters)


@watch_pages.post(f"{_PATH}/<watch_id>/restore")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(5)
@watch_pages.input(ListQuery, location="query", arg_name="query")
def restore(watch_id: str, query: ListQuery) -> Response:
    """Bring back a watch that was removed a moment ago."""
    form_fields()
    try:
        _acting().restore(parse_watch_id(watch_id))
    except DuplicateWatchError as error:
        told = f"The same is watched again, as watch {error.watch_id}: remove that one first."
        return _watches_page(query, HTTPStatus.CONFLICT, list_problem=told)
    except NotFoundError:
        told = "It is too late to bring that watch back. Add it again, and its videos are found."
        return _watches_page(query, HTTPStatus.NOT_FOUND, list_problem=told)
    except ConflictError as error:
        return _refused(query, error)
    return _to_list(query.parameters)


def _acting() -> Watching:
    return services().watching.by(caller())


def _refused(query: ListQuery, error: NewsreelError, *, text: str | None = None) -> Response:
    """Draw the page with what hindered an act, beside the form it was sent from.

    Args:
        query: the part of the list to be shown.
        error: what hindered it; one that is a fault of our own is raised again.
        text: what was to be added; None if nothing was.
    """
    told = told_of(error)
    if told is None:
        raise error
    problem = f"{told.detail.rstrip('.')}. {_WHAT_TO_DO.get(error.code, '')}".strip()
    problem = problem[:1].upper() + problem[1:]
    if text is None:
        response = _watches_page(query, told.status, list_problem=problem)
    else:
        response = _watches_page(query, told.status, text=text, problem=problem)
    response.headers.update(told.headers)
    return response


def _watches_page(
    query: ListQuery,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    text: str = "",
    problem: str = "",
    list_problem: str = "",
    added: int | None = None,
) -> Response:
    """Draw the page.

    Args:
        query: the part of the list.
        status: of the reply.
        text: what is typed to be watched.
        problem: why that was not added.
        list_problem: why something else was not done.
        added: the watch that was, to be pointed out.
    """
    found = services().watch_reports.page(query.page, _LENGTH, query.q.strip())
    removed = services().watching.removed()
    return page(
        "watches.html",
        status,
        has_form=True,
        watches=[line_of(report) for report in found.items],
        total=found.total,
        query=query,
        here=query.parameters,
        previous=_at(query, query.page - 1) if query.page > 1 else None,
        next=_at(query, query.page + 1) if query.page < _pages(found.total) else None,
        removed=removed[:_UNDO_SHOWN],
        more_removed=len(removed[_UNDO_SHOWN:]),
        plan=None if problem else plan_for(text),
        text=text,
        problem=problem,
        list_problem=list_problem,
        added=added,
        import_path=canonical_path("/dashboard/import", {}),
    )


def _at(query: ListQuery, number: int) -> str:
    chosen = {"q": query.q} if query.q else {}
    return canonical_path(_PATH, {"page": str(number), **chosen})


def _pages(total: int) -> int:
    return (total + _LENGTH - 1) // _LENGTH


def _to_list(here: Mapping[str, str], **more: str) -> Response:
    response = to_page(_PATH)
    response.headers["Location"] = canonical_path(_PATH, {**here, **more})
    return response
