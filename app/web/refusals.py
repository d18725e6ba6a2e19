"""Answers made outside of Flask, for requests that do not reach it: they look like all others.

Of a request that cannot be read nothing is repeated, neither to the client nor to the log: what it
holds may be a token that was sent in a wrong way.
"""

from __future__ import annotations

from http import HTTPStatus

from gunicorn.http.errors import (  # type: ignore[attr-defined] # the stub lacks two
    ConfigurationProblem,
    ExpectationFailed,
    InvalidHTTPVersion,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)

from app.web.errors import ERROR_OF_STATUS, OVERLOADED, ErrorObject, error_response, failure
from app.web.headers import add_security_headers
from app.web.representations import Answer

_OURS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)
"""What gunicorn calls a parse error and no client has brought about."""

_STATUS_OF_ERROR: tuple[tuple[type[Exception], HTTPStatus], ...] = (
    (LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG),
    (LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    (ExpectationFailed, HTTPStatus.EXPECTATION_FAILED),
    (UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED),
    (InvalidHTTPVersion, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED),
    (ParseException, HTTPStatus.BAD_REQUEST),
)


def overloaded() -> Answer:
    """Return the 503 for which no thread is needed."""
    return _answer(HTTPStatus.SERVICE_UNAVAILABLE, OVERLOADED)


def refusal(error: BaseException) -> Answer:
    """Return the answer to a request that the server could not read, or failed at.

    Args:
        error: gunicorn's; any other is a failure of ours and logged under an id.
    """
    status = next((it for kind, it in _STATUS_OF_ERROR if isinstance(error, kind)), None)
    if status is None or isinstance(error, _OURS):
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, failure(error))
    return _answer(status, ERROR_OF_STATUS[status])


def _answer(status: HTTPStatus, error: ErrorObject) -> Answer:
    response = add_security_headers(error_response(status, error))
    return Answer(response.status, response.headers.to_wsgi_list(), [response.get_data()])
