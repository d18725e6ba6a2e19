"""What the document cannot say of a good request, for schemathesis to keep to.

OpenAPI has no words for parameters that exclude each other, nor for a cursor, which only the
service can write. Requests that are meant to be good are made so here; bad ones are left alone.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, cast

import schemathesis

from app.domain.addresses import parse_channel_reference
from app.domain.errors import InvalidValueError
from app.domain.feeds import Cursor, Position
from app.domain.options import parse_filters, parse_region
from app.domain.text_query import parse_text_query
from app.feed.changes import decode_bookmark
from app.feed.cursors import encode_cursor

if TYPE_CHECKING:
    from collections.abc import Callable

    from schemathesis.generation.meta import CaseMetadata

Members = dict[str, object]


class Operation(Protocol):
    """A method of a path of the document."""

    method: str
    path: str


class Request(Protocol):
    """What is used here of a case of schemathesis."""

    operation: Operation
    meta: CaseMetadata | None
    path_parameters: Members
    query: Members
    body: object


_EXCLUDING = (
    ("limit", "per_page", "page_size"),
    ("page", "cursor"),
    ("watch", "keyword", "channel_id"),
)
_CURSOR = encode_cursor(
    Cursor(Position(datetime(2026, 1, 2, 18, tzinfo=UTC), "avideo-0000"), newer=False)
)
_LOG_CURSOR = "MW85"
_CHANNEL = "UCa1B2c3D4e5F6g7H8i9J0kL"
_FAR = 1000
"""No test makes as many of anything."""

_PUBLIC = "https://93.184.216.34/newsreel"
"""Tests have no names to look up; no worker runs that would send there."""


@schemathesis.hook
def before_call(context: object, case: Request, kwargs: object) -> None:
    """Mend a request that is meant to be good, as it is about to be made."""
    del context, kwargs
    if case.meta is not None and case.meta.generation.mode.is_negative:
        return
    path = case.operation.path
    mend_path(case.operation.method, case.path_parameters)
    mend_query(path, case.query)
    if isinstance(case.body, dict):
        case.body = _written_whole(case.body)
        mend_body(path, cast("Members", case.body))


def mend_path(method: str, parameters: Members) -> None:
    """Ask for what there is: the first watch and webhook, which nobody removes."""
    for name in ("watch_id", "webhook_id"):
        if name in parameters:
            number = int(str(parameters[name]))
            asked = number if number < _FAR else 1
            parameters[name] = asked + 1 if method.lower() == "delete" and asked == 1 else asked


def mend_query(path: str, query: Members) -> None:
    """Take out of the parameters what others exclude, and mend those with a grammar."""
    for names in _EXCLUDING:
        for extra in [name for name in names if name in query][1:]:
            del query[extra]
    if "cursor" in query:
        query["cursor"] = _LOG_CURSOR if path in ("/fetches", "/audit") else _CURSOR
    _mend(query, "q", parse_text_query, "news")
    _mend(query, "after", _near_bookmark, "0")
    if path == "/stats" and query.pop("published_after", None) is not None:
        query.update(published_after="2026-01-02T00:00:00Z")
        query.update(published_before="2026-01-20T00:00:00Z")


def mend_body(path: str, body: Members) -> None:
    """Make a body one that means something."""
    if path == "/watches":
        if body.get("keyword") is not None:
            body.pop("channel", None)
        elif body.get("channel") is None:
            body["keyword"] = "sailing"
        else:
            _mend(body, "channel", parse_channel_reference, _CHANNEL)
    if path.startswith("/oauth"):
        _mend_form(body)
    _mend(body, "region", parse_region, "NZ")
    _mend(body, "filters", parse_filters, {"exclude_words": ["trailer"]})
    if "/webhooks" in path and "url" in body:
        body["url"] = _PUBLIC
    if path == "/webhooks":
        body["watch_id"] = None  # there may be none with the id
    if path.endswith("/replay"):
        body["after"] = 0  # the feed may not have come as far


def _mend_form(body: Members) -> None:
    """Say who asks in the header alone, as it does, and ask for what there is."""
    body.pop("client_id", None)
    body.pop("client_secret", None)
    if "grant_type" in body:
        body.update(grant_type="client_credentials", scope="videos:read")


def _near_bookmark(text: object) -> None:
    """Let through few that the feed has not come to, as all of those are answered alike."""
    place = decode_bookmark(str(text))
    if place.deletions_after > _FAR:
        raise InvalidValueError("far ahead")


def _written_whole(value: object) -> object:
    """Write 2.0 as 2: a whole number to JSON Schema, but not to a service strict about types."""
    if isinstance(value, dict):
        return {name: _written_whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_written_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _mend(members: Members, name: str, parse: Callable[..., object], otherwise: object) -> None:
    if name in members:
        with suppress(InvalidValueError):
            parse(members[name])
            return
        members[name] = otherwise
