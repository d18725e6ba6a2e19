"""GET /changes: for those who keep a copy of the videos."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import orjson
from apiflask import APIBlueprint
from pydantic import AfterValidator, Field, WithJsonSchema

from app.auth.scopes import Scope
from app.domain.changes import Bookmark
from app.feed.changes import decode_bookmark, encode_bookmark
from app.web.api import examples, video_schemas
from app.web.api.openapi import responses
from app.web.limits import costs
from app.web.parameters import Digits, Query, checked_by
from app.web.replies import cacheable_json, canonical_path
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.changes import ChangeList

changes = APIBlueprint("changes", __name__, tag="Changes")

MAX_CHANGES = 1000
DEFAULT_CHANGES = 100

_ERRORS = (HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.SERVICE_UNAVAILABLE)


def _bookmark_text(text: str) -> str:
    decode_bookmark(text)
    return text


_BOOKMARK = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,18})(-[1-9][0-9]{0,18})?$"}
BookmarkText = Annotated[str, AfterValidator(checked_by(_bookmark_text)), WithJsonSchema(_BOOKMARK)]


class ChangesQuery(Query):
    """From where on, and how many at once."""

    after: BookmarkText = Field(
        default=encode_bookmark(Bookmark()),
        description="`next_after` of the page before, as given; `0` begins a copy.",
        examples=["5020"],
    )
    limit: Annotated[int, Field(ge=1, le=MAX_CHANGES), Digits] = Field(
        default=DEFAULT_CHANGES, description="Changes on a page.", examples=[100]
    )


@changes.get("/changes")
@scope(Scope.VIDEOS_READ)
@costs(3)
@changes.input(ChangesQuery, location="query", arg_name="query")
@changes.output(video_schemas.Changes, example=examples.CHANGES)
@changes.doc(
    operation_id="list_changes",
    responses=responses(*_ERRORS, headers=("ETag", "Cache-Control", "Vary"), cached=True),
)
def list_changes(query: ChangesQuery) -> Response:
    """List what changed, so that a copy can be kept.

    Begin with `after=0`: what comes then is everything there is. Apply each page in its order,
    `put` in place of what you have of the video, `delete` whether you have it or not, and go on
    with `next_after`: at once while `more`, else whenever you like. View and like counts change
    in silence. Deletions are known for 30 days; a copy that was not brought up to date for longer
    is answered 410 and must be made anew from `after=0`.
    """
    page = services().changes.read(decode_bookmark(query.after), query.limit)
    address = canonical_path("/changes", {"after": query.after, "limit": str(query.limit)})
    return cacheable_json(_body(page), version=page.version, address=address)


def _body(page: ChangeList) -> bytes:
    about = orjson.dumps({"next_after": page.next_after, "more": page.more})
    return b'{"changes":[' + b",".join(page.changes) + b"]," + about[1:]
