"""Errors as JSON:API error objects, for every status. The one table from domain errors to HTTP.

The content type is `application/vnd.api+json`: it tells a client that the body is an error in that
format, and any JSON parser reads it. Codes are stable; details are for people and may change.
A 5xx says nothing of what went wrong inside: it names an id that stands in the log.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

import orjson
from apiflask import HTTPError
from flask import Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date

from app.domain.errors import (
    CacheUnavailableError,
    ChangesForgottenError,
    ConflictError,
    DuplicateWatchError,
    ForeignRequestError,
    InvalidMemberError,
    InvalidValueError,
    LimiterUnavailableError,
    NewsreelError,
    NotFoundError,
    NothingToServeError,
    NoUsableKeyError,
    RateLimitedError,
    SourceError,
    StoreUnavailableError,
)
from app.telemetry import get_logger
from app.web.request_limits import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_REQUEST_LINE_BYTES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Flask
    from pydantic_core import ErrorDetails

MEDIA_TYPE = "application/vnd.api+json"
RETRY_AFTER_SECONDS = 5
_MOST_ERRORS = 20
"""A body can hold thousands of slips, and the answer is not to be longer than the question."""

_NOTHING_READ = "Nothing can be read right now."
REPLIES: tuple[tuple[type[NewsreelError], HTTPStatus, str | None], ...] = (
    (NotFoundError, HTTPStatus.NOT_FOUND, None),
    (ConflictError, HTTPStatus.CONFLICT, None),
    (ChangesForgottenError, HTTPStatus.GONE, None),
    (RateLimitedError, HTTPStatus.TOO_MANY_REQUESTS, None),
    (InvalidValueError, HTTPStatus.BAD_REQUEST, None),
    (ForeignRequestError, HTTPStatus.FORBIDDEN, None),
    (NothingToServeError, HTTPStatus.SERVICE_UNAVAILABLE, _NOTHING_READ),
    (StoreUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE, _NOTHING_READ),
    (CacheUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE, _NOTHING_READ),
    (LimiterUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE, "Nobody can be let in right now."),
    (NoUsableKeyError, HTTPStatus.SERVICE_UNAVAILABLE, "YouTube cannot be asked right now."),
    (SourceError, HTTPStatus.BAD_GATEWAY, "YouTube did not answer as it should."),
)
"""The status of an error and what is told of it; None where its own words are for clients."""

CODE_OF_RULE = {
    "extra_forbidden": "unknown_parameter",
    "repeated_parameter": "repeated_parameter",
    "conflicting_parameters": "conflicting_parameters",
}
"""Rules of validation with a code of their own; every other breach is `invalid_<parameter>`."""


@dataclass(frozen=True, slots=True)
class ErrorObject:
    """One error: a stable code, a sentence, and what in the request is to blame, if anything.

    `parameter` is one of the query; `pointer` (RFC 6901) leads to a member of the body; `meta` says
    more to programs.
    """

    code: str
    detail: str
    parameter: str | None = None
    pointer: str | None = None
    error_id: str | None = None
    meta: Mapping[str, object] | None = None

    def as_json(self, status: HTTPStatus) -> dict[str, object]:
        """Return the JSON:API members that are known."""
        members: dict[str, object] = {
            "status": str(status.value),
            "code": self.code,
            "title": self.code.replace("_", " ").capitalize(),
            "detail": self.detail,
        }
        if self.error_id is not None:
            members["id"] = self.error_id
        if self.parameter is not None:
            members["source"] = {"parameter": self.parameter}
        elif self.pointer is not None:
            members["source"] = {"pointer": self.pointer}
        if self.meta is not None:
            members["meta"] = self.meta
        return members


ERROR_OF_STATUS = {
    HTTPStatus.BAD_REQUEST: ErrorObject("bad_request", "The request cannot be read."),
    HTTPStatus.NOT_FOUND: ErrorObject("not_found", "There is nothing at this path."),
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorObject(
        "method_not_allowed", "This path has other methods; Allow names them."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorObject(
        "body_too_large", f"At most {MAX_BODY_BYTES // 1024} KiB are read."
    ),
    HTTPStatus.REQUEST_URI_TOO_LONG: ErrorObject(
        "uri_too_long", f"At most {MAX_REQUEST_LINE_BYTES} bytes of a request line are read."
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ErrorObject(
        "unsupported_media_type", "The body is to be JSON, sent as application/json."
    ),
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE: ErrorObject(
        "range_not_satisfiable", "The file is shorter than that."
    ),
    HTTPStatus.EXPECTATION_FAILED: ErrorObject(
        "expectation_failed", "Expect may only ask for 100-continue."
    ),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ErrorObject(
        "headers_too_large",
        f"At most {MAX_HEADERS} headers of {MAX_HEADER_BYTES} bytes each are read.",
    ),
    HTTPStatus.NOT_IMPLEMENTED: ErrorObject(
        "not_implemented", "The body is to be sent as it is, or chunked."
    ),
    HTTPStatus.HTTP_VERSION_NOT_SUPPORTED: ErrorObject(
        "http_version_not_supported", "HTTP/1.0 and HTTP/1.1 are spoken here."
    ),
}

FOREIGN_HOST = ErrorObject(
    "foreign_host",
    "On its own machine the service is reached as localhost, by an address, or by the host of"
    " PUBLIC_URL; behind a proxy, set that or PROXY_HOPS.",
)
OVERLOADED = ErrorObject("overloaded", "Too many requests wait already; try again soon.")
RATE_LIMITED = ErrorObject(RateLimitedError.code, str(RateLimitedError(1)))
"""As those are told who ask for ready pages, and as the document shows it."""


def error_response(
    status: HTTPStatus, *errors: ErrorObject, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a reply with these errors, which no cache keeps."""
    body = orjson.dumps({"errors": [error.as_json(status) for error in errors]})
    response = Response(body, status, headers, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    return response


def register_error_handlers(app: Flask) -> None:
    """Make every error of the application answer in the format above."""
    app.register_error_handler(HTTPError, _on_library_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(NewsreelError, _on_domain_error)
    app.register_error_handler(Exception, on_unexpected_error)


def _on_library_error(error: HTTPError) -> Response:
    found = _found_by(error)
    if not found:
        return on_unexpected_error(error)
    refused = _refused_member if "json" in error.detail else _refused_parameter
    return error_response(HTTPStatus.BAD_REQUEST, *map(refused, found[:_MOST_ERRORS]))


def told_of_query(error: HTTPError) -> str | None:
    """Return what is told people of a query that was refused; None if it is a fault of our own."""
    found = _found_by(error)
    return _refused_parameter(found[0]).detail if found else None


def _found_by(error: HTTPError) -> list[ErrorDetails]:
    # The library flattens what pydantic found into texts; the original stands behind it.
    if not isinstance(error.__cause__, ValidationError):
        return []
    return error.__cause__.errors(include_url=False, include_input=False)


def _refused_parameter(found: ErrorDetails) -> ErrorObject:
    named = found.get("ctx", {}).get("parameter")
    parameter = str(named or found["loc"][0])
    code = CODE_OF_RULE.get(found["type"], f"invalid_{parameter}")
    if found["type"] == "extra_forbidden":
        return ErrorObject(code, "There is no such parameter here.", parameter)
    return ErrorObject(code, f"{parameter}: {_reason(found)}", parameter)


def _refused_member(found: ErrorDetails) -> ErrorObject:
    if found["type"] == "refused_body":
        return ErrorObject("invalid_body", f"The body is to {_reason(found)}.", pointer="")
    if not found["loc"]:
        return ErrorObject("invalid_body", "The body is to be a JSON object.", pointer="")
    about = found.get("ctx", {})
    unknown = found["type"] == "extra_forbidden" or about.get("unknown", False)
    return _member(_reason(found), (*found["loc"], *about.get("path", ())), unknown=unknown)


def _member(reason: str, path: Sequence[str | int], *, unknown: bool = False) -> ErrorObject:
    """Return the error of a member of the body; its code names the last name on the way to it."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    pointer = "".join(f"/{step}" for step in steps)
    if unknown:
        return ErrorObject("unknown_member", "There is no such member here.", pointer=pointer)
    name = next(step for step in reversed(path) if isinstance(step, str))
    return ErrorObject(f"invalid_{name}", f"{name}: {reason}", pointer=pointer)


def _reason(found: ErrorDetails) -> str:
    return found["msg"].removeprefix("Value error, ")


def _on_http_error(error: HTTPException) -> Response:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return on_unexpected_error(error)
    told = ERROR_OF_STATUS.get(status, ErrorObject(f"http_{status.value}", f"{status.phrase}."))
    headers = dict(error.get_headers())
    headers.pop("Content-Type", None)
    return error_response(status, told, headers=headers)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of an error, in JSON or on a page: its status, a sentence, and headers."""

    status: HTTPStatus
    detail: str
    headers: Mapping[str, str]


def told_of(error: NewsreelError) -> Told | None:
    """Return what is told of an error; None if it is a fault of our own."""
    for kind, status, told in REPLIES:
        if isinstance(error, kind):
            return Told(status, told or str(error), _when_again(error, status))
    return None


def _when_again(error: NewsreelError, status: HTTPStatus) -> dict[str, str]:
    if isinstance(error, RateLimitedError):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, NoUsableKeyError) and error.retry_at:
        return {"Retry-After": http_date(error.retry_at)}
    is_over_soon = status is HTTPStatus.SERVICE_UNAVAILABLE
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if is_over_soon else {}


def _on_domain_error(error: NewsreelError) -> Response:
    told = told_of(error)
    if told is None:
        return on_unexpected_error(error)
    if isinstance(error, InvalidMemberError):
        return error_response(told.status, _member(str(error), error.path, unknown=error.unknown))
    code = error.reason if isinstance(error, NoUsableKeyError) else error.code
    meta = {"watch_id": error.watch_id} if isinstance(error, DuplicateWatchError) else None
    return error_response(
        told.status, ErrorObject(code, told.detail, meta=meta), headers=told.headers
    )


def _path_without_secrets() -> str:
    """Return the path as the log may have it: the token in one of the hub is a secret."""
    secret = request.url_rule is not None and "token" in (request.view_args or {})
    return str(request.url_rule) if secret else request.path


def on_unexpected_error(error: Exception) -> Response:
    """Log a fault of our own, and tell nothing but where it stands in the log."""
    told = failure(error, method=request.method, path=_path_without_secrets())
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, told)


def failure(error: BaseException, **request_details: str) -> ErrorObject:
    """Log an error of ours, and return what is told of it: the id that it has in the log."""
    error_id = uuid4().hex
    get_logger(__name__).error(
        "request_failed", error_id=error_id, exc_info=error, **request_details
    )
    detail = f"The service failed; its log tells more under {error_id}."
    return ErrorObject("internal_error", detail, error_id=error_id)
