"""All pages, by their blueprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.web.dashboard.activity import activity
from app.web.dashboard.assets import assets
from app.web.dashboard.coverage import coverage_pages
from app.web.dashboard.docs import docs
from app.web.dashboard.feed import dashboard
from app.web.dashboard.help import help_pages
from app.web.dashboard.importing import importing
from app.web.dashboard.login import login
from app.web.dashboard.quota import quota_pages
from app.web.dashboard.settings import settings_pages
from app.web.dashboard.watch import watch_editing
from app.web.dashboard.watches import watch_pages
from app.web.dashboard.webhooks import webhook_pages

if TYPE_CHECKING:
    from flask import Blueprint

PAGES: tuple[Blueprint, ...] = (
    assets,
    dashboard,
    watch_pages,
    watch_editing,
    importing,
    coverage_pages,
    quota_pages,
    activity,
    webhook_pages,
    settings_pages,
    help_pages,
    login,
    docs,
)
