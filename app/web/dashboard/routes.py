"""All pages, by their blueprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.dashboard.assets import assets
from app.web.dashboard.docs import docs
from app.web.dashboard.feed import dashboard
from app.web.dashboard.importing import importing
from app.web.dashboard.login import login
from app.web.dashboard.watch import watch_editing
from app.web.dashboard.watches import watch_pages

if TYPE_CHECKING:
    from flask import Blueprint

PAGES: tuple[Blueprint, ...] = (
    assets,
    dashboard,
    watch_pages,
    watch_editing,
    importing,
    login,
    docs,
)
