"""/dashboard/settings: what is configured, without secrets, and how each part is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.scopes import Scope
from app.web.dashboard.health_lines import health_lines
from app.web.dashboard.pages import page, page_blueprint
from app.web.limits import costs
from app.web.parameters import Query
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

settings_pages = page_blueprint("settings")


@settings_pages.get("/dashboard/settings")
@scope(Scope.ADMIN, or_login=True)
@costs(20)
@settings_pages.input(Query, location="query", arg_name="query")
def show(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Show the health of the parts and the settings."""
    return page(
        "settings.html",
        parts=health_lines(services().health.report()),
        settings=services().configured,
    )
