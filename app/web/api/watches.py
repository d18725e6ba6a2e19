"""/watches: what is watched, and how; /watches/{watch_id}/videos: what was found."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from flask import Response

from app.auth.scopes import Scope
from app.domain.clock import format_instant
from app.domain.errors import InvalidMemberError, InvalidValueError, NotFoundError
from app.domain.options import filters_members
from app.domain.watches import WatchKind
from app.web.api import examples, watch_examples, watch_schemas
from app.web.api.openapi import responses
from app.web.api.video_schemas import VideoList
from app.web.api.videos import PAGE_HEADERS, reply_with_page
from app.web.api.watch_bodies import WatchPatch, WatchRequest
from app.web.callers import caller
from app.web.errors import ErrorObject
from app.web.limits import costs
from app.web.lists import about_page, numbered_links
from app.web.parameters import MAX_ROW_ID, NumberedQuery, Query
from app.web.replies import canonical_path, uncached_json
from app.web.scopes import scope
from app.web.selections import FeedQuery
from app.web.services import services

if TYPE_CHECKING:
    from app.domain.follows import Follow
    from app.domain.watches import Watch
    from app.web.watch_services import Watching

watches = APIBlueprint("watches", __name__, tag="Watches")

_PATH = "/watches"
_USUAL = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_TAKE = (*_USUAL, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
_NO_CHANNEL = {
    HTTPStatus.NOT_FOUND: ErrorObject("not_found", "YouTube has no channel @harbourradio")
}
_NOT_NOW = {HTTPStatus.CONFLICT: ErrorObject("watch_paused", "watch 1 is paused: resume it first")}
_WATCH_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)


@watches.get(_PATH)
@scope(Scope.VIDEOS_READ)
@watches.input(NumberedQuery, location="query", arg_name="query")
@watches.output(watch_schemas.WatchList, example=watch_examples.WATCH_LIST)
@watches.doc(
    operation_id="list_watches",
    responses=responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.SERVICE_UNAVAILABLE,
        headers=("Cache-Control", "Link"),
    ),
)
def list_watches(query: NumberedQuery) -> Response:
    """List what is watched, oldest first."""
    page = services().watching.page(query.page, query.page_length)
    links = numbered_links(_PATH, query, more=query.page * query.page_length < page.total)
    about = about_page(
        links,
        page=query.page,
        limit=query.page_length,
        total=page.total,
        next_cursor=None,
        previous_cursor=None,
    )
    items = [_item(watch, videos) for watch, videos in page.items]
    response = uncached_json({"items": items, **about})
    response.headers["Link"] = links.header
    return response


@watches.post(_PATH)
@scope(Scope.WATCHES_WRITE)
@costs(10)
@watches.input(Query, location="query", arg_name="query")
@watches.input(
    WatchRequest, location="json", arg_name="wanted", example=watch_examples.WATCH_REQUEST
)
@watches.output(watch_schemas.WatchDetails, status_code=201, example=watch_examples.WATCH_DETAILS)
@watches.doc(
    operation_id="create_watch",
    responses=responses(
        *_TAKE,
        HTTPStatus.CONFLICT,
        HTTPStatus.BAD_GATEWAY,
        headers=("Cache-Control", "Location"),
        success=HTTPStatus.CREATED,
        examples=_NO_CHANNEL,
    ),
)
def create_watch(query: Query, wanted: WatchRequest) -> Response:  # noqa: ARG001 - takes no parameters
    """Watch a keyword or a channel.

    It is due at once, and begins BACKFILL_SECONDS ago. What is watched already answers 409
    `duplicate_watch` with its id in `meta`, and so does the 1,001st watch (`too_many_watches`).
    A channel's @handle is looked up for one unit: 404 if nobody has it, 502 or 503 if YouTube does
    not tell or cannot be asked now.
    """
    watch = _created(wanted)
    response = uncached_json({**_item(watch, 0), "followed": []}, HTTPStatus.CREATED)
    response.headers["Location"] = canonical_path(f"{_PATH}/{watch.watch_id}", {})
    return response


@watches.get(f"{_PATH}/<watch_id>")
@scope(Scope.VIDEOS_READ)
@watches.input(Query, location="query", arg_name="query")
@watches.output(watch_schemas.WatchDetails, example=watch_examples.WATCH_DETAILS)
@watches.doc(operation_id="get_watch", responses=responses(*_USUAL, headers=("Cache-Control",)))
def get_watch(watch_id: str, query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Return a watch, and the channels that are followed for it."""
    return _reply(parse_watch_id(watch_id))


@watches.patch(f"{_PATH}/<watch_id>")
@scope(Scope.WATCHES_WRITE)
@costs(5)
@watches.input(Query, location="query", arg_name="query")
@watches.input(WatchPatch, location="json", arg_name="wanted", example=watch_examples.WATCH_PATCH)
@watches.output(watch_schemas.WatchDetails, example=watch_examples.WATCH_DETAILS)
@watches.doc(operation_id="change_watch", responses=responses(*_TAKE, headers=("Cache-Control",)))
def change_watch(watch_id: str, query: Query, wanted: WatchPatch) -> Response:  # noqa: ARG001 - takes no parameters
    """Change how something is watched; its keyword or channel stays.

    New filters apply to what is found from now on, and batch by batch to what was found before:
    `refiltering` says while that is under way. What no watch wants any more leaves every feed.
    """
    number = parse_watch_id(watch_id)
    _acting().change(number, wanted.given)
    return _reply(number)


@watches.delete(f"{_PATH}/<watch_id>")
@scope(Scope.WATCHES_WRITE)
@costs(5)
@watches.input(Query, location="query", arg_name="query")
@watches.output({}, status_code=204)
@watches.doc(
    operation_id="delete_watch",
    responses=responses(*_USUAL, headers=("Cache-Control",), success=HTTPStatus.NO_CONTENT),
)
def delete_watch(watch_id: str, query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Stop watching.

    The watch and its feed are gone at once; videos that no other watch found go in the minutes
    after, and /changes tells of each. For five minutes people can bring it back on the dashboard.
    """
    _acting().remove(parse_watch_id(watch_id))
    response = Response(status=HTTPStatus.NO_CONTENT)
    del response.headers["Content-Type"]
    response.headers["Cache-Control"] = "no-store"
    return response


@watches.post(f"{_PATH}/<watch_id>/fetch")
@scope(Scope.WATCHES_WRITE)
@costs(20)
@watches.input(Query, location="query", arg_name="query")
@watches.output(watch_schemas.WatchDetails, status_code=202, example=watch_examples.WATCH_DETAILS)
@watches.doc(
    operation_id="fetch_now",
    responses=responses(
        *_USUAL, headers=("Cache-Control",), success=HTTPStatus.ACCEPTED, examples=_NOT_NOW
    ),
)
def fetch_now(watch_id: str, query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Poll for a watch at the next tick, whatever its pace.

    A search is paid from the reserve, a tenth of the day's calls; 409 `reserve_spent` when that is
    used up, `watch_paused` for a paused watch. To ask again before it has come changes nothing.
    """
    number = parse_watch_id(watch_id)
    _acting().fetch_now(number)
    return _reply(number, HTTPStatus.ACCEPTED)


@watches.get(f"{_PATH}/<watch_id>/videos")
@scope(Scope.VIDEOS_READ)
@watches.input(FeedQuery, location="query", arg_name="query")
@watches.output(VideoList, example=examples.VIDEO_LIST)
@watches.doc(
    operation_id="list_videos_of_watch",
    responses=responses(*_USUAL, headers=PAGE_HEADERS, cached=True),
)
def list_videos_of_watch(watch_id: str, query: FeedQuery) -> Response:
    """List the videos of a watch, newest first: as /videos with `watch`."""
    number = parse_watch_id(watch_id)
    feed = services().feed.resolve_watch(number)
    return reply_with_page(f"{_PATH}/{number}/videos", feed, query)


def _acting() -> Watching:
    return services().watching.by(caller())


def parse_watch_id(text: str) -> int:
    """Return the id in a path; raises NotFoundError if none can look like this."""
    if not _WATCH_ID.fullmatch(text) or int(text) > MAX_ROW_ID:
        raise NotFoundError("There is no such watch.")
    return int(text)


def _created(wanted: WatchRequest) -> Watch:
    watching = _acting()
    if wanted.keyword is not None:
        return watching.create(WatchKind.KEYWORD, wanted.keyword, wanted.given)
    try:
        return watching.create(WatchKind.CHANNEL, wanted.channel or "", wanted.given)
    except InvalidMemberError:
        raise
    except InvalidValueError as error:
        raise InvalidMemberError(str(error), "channel") from None


def _reply(watch_id: int, status: HTTPStatus = HTTPStatus.OK) -> Response:
    watching = services().watching
    item = _item(*watching.get(watch_id))
    followed = [_followed(follow) for follow in watching.followed(watch_id)]
    return uncached_json({**item, "followed": followed}, status)


def _item(watch: Watch, videos: int) -> dict[str, object]:
    error, success_at = watch.last_error, watch.last_success_at
    return {
        "watch_id": watch.watch_id,
        "kind": watch.kind.value,
        "term": watch.term,
        "label": watch.label,
        "paused": watch.paused,
        "min_interval_seconds": watch.min_interval_seconds,
        "weight": watch.weight,
        "region": watch.region,
        "language": watch.language,
        "filters": filters_members(watch.filters),
        "follow": watch.follow,
        "refiltering": watch.refiltering,
        "videos": videos,
        "created_at": format_instant(watch.created_at),
        "next_due_at": format_instant(watch.next_due_at),
        "read_until": format_instant(watch.read_until),
        "last_success_at": success_at and format_instant(success_at),
        "last_error": error
        and {"code": error.code, "since": format_instant(error.since), "detail": error.detail},
    }


def _followed(follow: Follow) -> dict[str, object]:
    brings = follow.brings
    return {
        "channel_id": brings.channel_id,
        "channel_title": brings.channel_title,
        "since": format_instant(follow.since),
        "matches": brings.matches,
        "last_match_at": format_instant(brings.last_match_at),
    }
