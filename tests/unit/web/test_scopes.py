from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth.scopes import Scope
from app.web.scopes import declared_scope

if TYPE_CHECKING:
    from flask import Flask


def test_a_scope_is_found_through_the_decorators_of_a_route(app: Flask) -> None:
    assert declared_scope(app.view_functions["videos.list_videos"]) is Scope.VIDEOS_READ
    assert declared_scope(app.view_functions["operations.health"]) is Scope.PUBLIC


def test_a_forgotten_scope_is_seen() -> None:
    def view() -> str:
        return ""

    assert declared_scope(view) is None
