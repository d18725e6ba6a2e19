"""GET /docs: the API's documentation, drawn by Swagger UI from local files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, make_response, render_template

from app.auth.scopes import Scope
from app.web.headers import DOCS_POLICY
from app.web.scopes import scope

if TYPE_CHECKING:
    from flask import Response

docs = Blueprint("docs", __name__)


@docs.get("/docs")
@scope(Scope.PUBLIC)
def show() -> Response:
    """Return the page that draws /openapi.json."""
    response = make_response(render_template("docs.html"))
    response.headers["Content-Security-Policy"] = DOCS_POLICY
    return response
