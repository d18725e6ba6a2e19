"""What the OpenAPI document says of things that no route declares by itself.

Headers, examples of errors, and the parameters in paths and in headers. Data alone.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from app.web.errors import ERROR_OF_STATUS, OVERLOADED, RATE_LIMITED, ErrorObject

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonObject = dict[str, object]

HEADERS: Final[Mapping[str, tuple[str, str]]] = {
    "ETag": ("Names these bytes; send it back as If-None-Match.", '"57-8f2c6a1b9d03-identity"'),
    "Cache-Control": ("How long a cache may keep the reply.", "public, max-age=5"),
    "Vary": ("What else the reply depends on.", "Accept-Encoding"),
    "Link": ("The pages around (RFC 8288).", '</videos?limit=10&page=2>; rel="next"'),
    "X-Cache": ("Where the page came from: hit, miss or stale.", "hit"),
    "Age": ("Seconds since a stale page was known to be right; else absent.", "12"),
    "X-Demo": ("1 when the videos are simulated; else absent.", "1"),
    "Location": ("Path of what was made.", "/watches/1"),
    "WWW-Authenticate": ("What to show (RFC 6750).", 'Bearer realm="newsreel"'),
    "Retry-After": ("Seconds to wait before asking again, or a date (RFC 9110).", "5"),
    "RateLimit": (
        "Units left (r), and seconds until there are more (t); not on what shared caches keep.",
        '"address";r=1190;t=1',
    ),
    "RateLimit-Policy": (
        "Units there are (q), and seconds in which they flow back (w).",
        '"address";q=1200;w=60',
    ),
}

ERRORS: Final[Mapping[HTTPStatus, ErrorObject]] = {
    **ERROR_OF_STATUS,
    HTTPStatus.BAD_REQUEST: ErrorObject(
        "repeated_parameter", "Give this parameter only once.", "limit"
    ),
    HTTPStatus.NOT_FOUND: ErrorObject("not_found", "There is no such watch."),
    HTTPStatus.CONFLICT: ErrorObject(
        "duplicate_watch", "watch 1 is for it already", meta={"watch_id": 1}
    ),
    HTTPStatus.GONE: ErrorObject(
        "changes_forgotten", "deletions after the bookmark are forgotten: start anew at 0"
    ),
    HTTPStatus.TOO_MANY_REQUESTS: RATE_LIMITED,
    HTTPStatus.INTERNAL_SERVER_ERROR: ErrorObject(
        "internal_error", "The service failed; its log tells more under 4f1d.", error_id="4f1d"
    ),
    HTTPStatus.BAD_GATEWAY: ErrorObject(
        "youtube_unavailable", "YouTube did not answer as it should."
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorObject(
        "nothing_to_serve", "Nothing can be read right now."
    ),
}
"""An example for each status; a route that answers another one says so itself."""

HEADERS_OF_ERRORS: Final[Mapping[HTTPStatus, tuple[str, ...]]] = {
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After",),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}

HEADERS_EVERYWHERE: Final = ("Cache-Control", "X-Demo")

FIGURES_OF_LIMITS: Final = ("RateLimit", "RateLimit-Policy")
"""Of operations that are limited; absent from replies that shared caches may keep."""

ERRORS_EVERYWHERE: Final[Mapping[HTTPStatus, ErrorObject]] = {
    HTTPStatus.BAD_REQUEST: ERRORS[HTTPStatus.BAD_REQUEST],
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ERRORS[HTTPStatus.REQUEST_ENTITY_TOO_LARGE],
    HTTPStatus.INTERNAL_SERVER_ERROR: ERRORS[HTTPStatus.INTERNAL_SERVER_ERROR],
    HTTPStatus.SERVICE_UNAVAILABLE: OVERLOADED,
}
"""What any operation may answer, whatever it is about."""

_ROW_ID: Final[JsonObject] = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}

PATH_PARAMETERS: Final[Mapping[str, JsonObject]] = {
    "video_id": {
        "description": "The video's id on YouTube.",
        "example": "a1B2c3D4e5F",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{11}$"},
    },
    "channel_id": {
        "description": "The channel's id on YouTube: `UC` and 22 more characters.",
        "example": "UCa1B2c3D4e5F6g7H8i9J0kL",
        "schema": {"type": "string", "pattern": "^UC[A-Za-z0-9_-]{22}$"},
    },
    "watch_id": {"description": "The id of the watch.", "example": 1, "schema": _ROW_ID},
    "webhook_id": {"description": "The id of the webhook.", "example": 1, "schema": _ROW_ID},
    "token": {
        "description": "The end of an address that the hub was given.",
        "example": "k3JqfX0v3cQm0H8m5sW1pZ7yT2uB9nLd",
    },
}

EXCLUDED_BY_OTHERS: Final = ("page", "limit")
"""Parameters whose default is told in words: generated clients send the others' along."""

MAKERS: Final = {"create_watch": "watch_id", "create_webhook": "webhook_id"}
"""Operations that make something, and the member of their answers that others take in a path."""

IF_NONE_MATCH: Final[JsonObject] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of what you have; 304 if there is nothing newer.",
    "example": '"57-8f2c6a1b9d03-identity"',
    "schema": {"type": "string"},
}


def _of_hub(name: str, description: str, example: str) -> JsonObject:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "example": example,
        "schema": {"type": "string"},
    }


OTHER_PARAMETERS: Final[Mapping[str, tuple[JsonObject, ...]]] = {
    "confirm_subscription": (
        _of_hub("hub.mode", "`subscribe`, `unsubscribe` or `denied`.", "subscribe"),
        _of_hub(
            "hub.topic",
            "What was asked for: the address of a channel's feed.",
            "https://www.youtube.com/feeds/videos.xml?channel_id=UCa1B2c3D4e5F6g7H8i9J0kL",
        ),
        _of_hub("hub.challenge", "What the answer is to be; 1 to 1,000 characters.", "4817294561"),
        _of_hub("hub.lease_seconds", "How long the subscription holds.", "432000"),
    ),
    "receive_push": (
        {
            "name": "X-Hub-Signature",
            "in": "header",
            "required": False,
            "description": "HMAC of the body; a push without the right one is ignored.",
            "example": "sha1=4f1d2c3b5a60718293a4b5c6d7e8f90a1b2c3d4e",
            "schema": {"type": "string"},
        },
    ),
}
"""Of operations whose parameters are the WebSub specification's, not ours to be strict about."""

PUSH: Final[JsonObject] = {
    "application/atom+xml": {
        "schema": {"type": "string"},
        "example": (
            '<feed xmlns="http://www.w3.org/2005/Atom" '
            'xmlns:yt="http://www.youtube.com/xml/schemas/2015"><entry>'
            "<yt:videoId>a1B2c3D4e5F</yt:videoId>"
            "<yt:channelId>UCa1B2c3D4e5F6g7H8i9J0kL</yt:channelId>"
            "</entry></feed>"
        ),
    }
}
"""What the hub sends."""
