"""/dashboard/watches/ID: one watch, a form of its options, and what its filters would do.

The form is the page's address: with what is typed as parameters the page shows a preview of it and
saves nothing. POST saves, and changes only what somebody changed in the form.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from flask import request
from pydantic import create_model

from app.auth.scopes import Scope
from app.domain.categories import CATEGORY_NAMES
from app.domain.errors import InvalidMemberError, InvalidValueError
from app.domain.filters import Exclusion, Shorts
from app.domain.videos import LiveState
from app.web import browsers
from app.web.api.watches import parse_watch_id
from app.web.callers import caller
from app.web.dashboard.pages import FORM, page, page_blueprint
from app.web.dashboard.troubles import trouble_of
from app.web.dashboard.watch_form import FIELDS, TICKED, changed, fields_of, read_form
from app.web.limits import costs
from app.web.parameters import Query
from app.web.replies import canonical_path, to_page
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response

watch_editing = page_blueprint("watch_editing")

_PATH = "/dashboard/watches"
_COST = 30
"""Words are looked for in the whole text of hundreds of videos."""

_FIELD_OF_MEMBER = {"min_interval_seconds": "min_interval"}
_EXCLUDED = {
    Exclusion.EXCLUDE_WORDS: "has a word that is not wanted",
    Exclusion.INCLUDE_WORDS: "has none of the words it must have",
    Exclusion.MIN_DURATION: "too short",
    Exclusion.MAX_DURATION: "too long",
    Exclusion.LIVE: "not of a wanted live state",
    Exclusion.SHORTS: "by the choice about Shorts",
    Exclusion.LANGUAGES: "another language",
    Exclusion.CATEGORIES: "another category",
}
_LIVE = {
    LiveState.NONE: "Ordinary videos",
    LiveState.UPCOMING: "Announced broadcasts and premieres",
    LiveState.LIVE: "Live now",
    LiveState.COMPLETED: "Broadcasts that ended",
}
_SHORTS = {
    Shorts.ANY: "Shorts and longer ones",
    Shorts.WITHOUT: "Without Shorts",
    Shorts.ONLY: "Shorts only",
}


class SavedQuery(Query):
    """Whether the form was just saved."""

    saved: Literal["yes"] | None = None


WatchQuery = create_model(  # type: ignore[call-overload]  # of which fields, it cannot know
    "WatchQuery", __base__=SavedQuery, **dict.fromkeys(FIELDS, (str, ""))
)
"""What the form holds and nobody has saved; without any of it the page shows what is saved."""


@watch_editing.get(f"{_PATH}/<watch_id>")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(_COST)
@watch_editing.input(WatchQuery, location="query", arg_name="query")
def show(watch_id: str, query: SavedQuery) -> Response:
    """Show a watch as it is, or with what is typed and what that would do."""
    typed = {name: getattr(query, name) for name in FIELDS if name in query.model_fields_set}
    return _watch_page(parse_watch_id(watch_id), typed or None, saved=query.saved is not None)


@watch_editing.post(f"{_PATH}/<watch_id>")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(_COST)
@watch_editing.input(Query, location="query", arg_name="query")
def save(watch_id: str, query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Save the form, or show it again with what is wrong."""
    number, typed = parse_watch_id(watch_id), _form()
    watch, _ = services().watching.get(number)
    read = read_form(typed, watch.kind)
    if read.problems:
        return _watch_page(number, typed, read.problems)
    try:
        services().watching.by(caller()).change(number, changed(read.options, watch))
    except InvalidMemberError as error:
        name = str(error.path[0])
        return _watch_page(number, typed, {_FIELD_OF_MEMBER.get(name, name): str(error)})
    response = to_page(f"{_PATH}/{number}")
    response.headers["Location"] = canonical_path(f"{_PATH}/{number}", {"saved": "yes"})
    return response


def _form() -> dict[str, str]:
    """Return what was sent; what is not ticked is not.

    Raises:
        InvalidValueError: it is not the form of the page.
    """
    names = [name for name, _ in request.form.items(multi=True)]
    known = {browsers.CSRF_FIELD, *FIELDS}
    if request.mimetype != FORM or len(names) > len(set(names)) or not known.issuperset(names):
        raise InvalidValueError("This is not the form of the page: load it and send it again.")
    return {name: text for name, text in request.form.items() if name in FIELDS}


def _watch_page(
    watch_id: int,
    typed: Mapping[str, str] | None,
    refused: Mapping[str, str] | None = None,
    *,
    saved: bool = False,
) -> Response:
    """Draw the page.

    Args:
        watch_id: which watch.
        typed: what the form holds; None: what is saved.
        refused: what cannot be saved, by field.
        saved: whether it just was.
    """
    watching = services().watching
    watch, videos = watching.get(watch_id)
    fields = fields_of(watch) if typed is None else typed
    read = read_form(fields, watch.kind)
    previews = services().filter_previews
    return page(
        "watch.html",
        HTTPStatus.BAD_REQUEST if refused else HTTPStatus.OK,
        has_form=True,
        watch=watch,
        videos=videos,
        followed=watching.followed(watch_id),
        fields=fields,
        trouble=None if watch.last_error is None else trouble_of(watch.last_error),
        problems={**read.problems, **(refused or {})},
        preview=None if read.filters is None else previews.preview(watch_id, read.filters),
        is_typed=typed is not None,
        saved=saved,
        ticked=TICKED,
        live_states=_LIVE,
        shorts=_SHORTS,
        categories=CATEGORY_NAMES,
        excluded=_EXCLUDED,
    )
