"""/dashboard/help: how to get a key, what it buys, what YouTube asks, and how to read the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.scopes import Scope
from app.web.dashboard.pages import page, page_blueprint
from app.web.parameters import Query
from app.web.scopes import scope

if TYPE_CHECKING:
    from flask import Response

help_pages = page_blueprint("help")


@help_pages.get("/dashboard/help")
@scope(Scope.PUBLIC)
@help_pages.input(Query, location="query", arg_name="query")
def show(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Show the help."""
    return page("help.html")
