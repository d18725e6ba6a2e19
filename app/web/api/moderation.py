"""PATCH /videos/{video_id}: taking a video out of every feed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson
from apiflask import APIBlueprint

from app.auth.scopes import Scope
from app.domain.clock import format_instant
from app.feed.items import encode_item
from app.web.api import moderation_schemas as schemas
from app.web.api.openapi import responses
from app.web.callers import caller
from app.web.limits import costs
from app.web.parameters import Query
from app.web.replies import uncached_json
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.ingest.moderating import Moderated

moderation = APIBlueprint("moderation", __name__, tag="Moderation")


@moderation.patch("/videos/<video_id>")
@scope(Scope.VIDEOS_WRITE)
@costs(5)
@moderation.input(Query, location="query", arg_name="query")
@moderation.input(
    schemas.ModerationPatch, location="json", arg_name="wanted", example=schemas.MODERATION_PATCH
)
@moderation.output(schemas.Moderated, example=schemas.MODERATED)
@moderation.doc(
    operation_id="moderate_video",
    responses=responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.SERVICE_UNAVAILABLE,
        headers=("Cache-Control",),
    ),
)
def moderate_video(
    video_id: str,
    query: Query,  # noqa: ARG001 - it takes no parameters
    wanted: schemas.ModerationPatch,
) -> Response:
    """Hide a video, or let it be seen again.

    What is hidden is in no feed, search, count or webhook, /changes tells that it is deleted, and
    GET answers 404 to everybody; caches may show it for seconds more. It stays hidden when YouTube
    takes it away and shows it again. To ask for what is so already changes nothing but the note.
    """
    acting = services().moderation.by(caller())
    done = acting.set_hidden(video_id, hidden=wanted.hidden, note=wanted.note)
    return uncached_json(_body(done))


def _body(done: Moderated) -> dict[str, object]:
    mark = done.hidden
    return {
        "video_id": done.video_id,
        "hidden": mark is not None,
        "note": mark and mark.note,
        "hidden_at": mark and format_instant(mark.hidden_at),
        "hidden_by": mark and mark.hidden_by,
        "video": done.stored and orjson.Fragment(encode_item(done.stored)),
    }
