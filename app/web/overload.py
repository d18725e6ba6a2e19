"""The answer to a request for which there is no thread left: come again later."""

from __future__ import annotations

from http import HTTPStatus

from app.web.errors import ErrorObject, error_response
from app.web.headers import add_security_headers
from app.web.representations import Answer

OVERLOADED = ErrorObject("overloaded", "Too many requests wait already; try again soon.")


def overloaded() -> Answer:
    """Return a 503 as every error looks; made outside of Flask, for which there is no thread."""
    response = add_security_headers(error_response(HTTPStatus.SERVICE_UNAVAILABLE, OVERLOADED))
    return Answer(response.status, response.headers.to_wsgi_list(), [response.get_data()])
