"""/dashboard/activity and /dashboard/audit: what is wrong, what was fetched, who changed what."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator

from app.auth.scopes import Scope
from app.domain.audit import Action, AuditQuery
from app.domain.errors import StoreUnavailableError
from app.domain.fetches import FetchQuery, FetchSource
from app.web.dashboard.audit_lines import ACTIONS, audit_line
from app.web.dashboard.fetch_lines import SOURCES, fetch_line
from app.web.dashboard.pages import page, page_blueprint
from app.web.dashboard.troubles import told_trouble, troubles
from app.web.limits import costs
from app.web.log_lists import LogQuery, log_links
from app.web.parameters import Limit, RowId
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

activity = page_blueprint("activity")

_FETCHES = "/dashboard/activity"
_CHANGES = "/dashboard/audit"
_LENGTH = 30


def _given(value: object) -> object:
    """Take a field of a form that was left empty as one that is not there."""
    return None if value == "" else value


_MayBeEmpty = BeforeValidator(_given)


class _LogPageQuery(LogQuery):
    """Which page of a log; its filters come from a form, where they may be empty."""

    limit: Limit = _LENGTH

    @property
    def filters(self) -> dict[str, str]:
        """The filters that choose anything."""
        return {name: text for name, text in super().filters.items() if text != "None"}


class FetchesPageQuery(_LogPageQuery):
    """Which fetches, and which page of them."""

    watch: Annotated[RowId | None, _MayBeEmpty] = None
    source: Annotated[FetchSource | None, _MayBeEmpty] = None
    failed: Annotated[Literal["true", "false"] | None, _MayBeEmpty] = None


class ChangesPageQuery(_LogPageQuery):
    """Which changes, and which page of them."""

    action: Annotated[Action | None, _MayBeEmpty] = None


@activity.get(_FETCHES)
@scope(Scope.ADMIN, or_login=True)
@costs(20)
@activity.input(FetchesPageQuery, location="query", arg_name="query")
def show(query: FetchesPageQuery) -> Response:
    """Show what is wrong now, who is told of it, and the log of fetches."""
    now_wrong = troubles(services().readiness.check().problems)
    try:
        return _fetches_page(query, now_wrong)
    except StoreUnavailableError:
        # What is wrong is what one comes for, above all then.
        away = HTTPStatus.SERVICE_UNAVAILABLE
        return page("activity.html", away, troubles=now_wrong, query=query)


@activity.get(_CHANGES)
@scope(Scope.ADMIN, or_login=True)
@activity.input(ChangesPageQuery, location="query", arg_name="query")
def show_audit(query: ChangesPageQuery) -> Response:
    """Show who changed what."""
    found = services().audit_log.page(
        AuditQuery(query.page_length, query.place, None, query.action)
    )
    return page(
        "audit.html",
        query=query,
        actions=ACTIONS,
        lines=[audit_line(entry) for entry in found.lines],
        links=log_links(_CHANGES, query, found),
    )


def _fetches_page(query: FetchesPageQuery, now_wrong: object) -> Response:
    watches = services().watching.list_all()
    names = {watch.watch_id: watch.name() for watch in watches}
    failed = None if query.failed is None else query.failed == "true"
    wanted = FetchQuery(query.page_length, query.place, query.watch, query.source, failed)
    found = services().fetch_log.page(wanted)
    told = services().alert_reports.report()
    return page(
        "activity.html",
        query=query,
        troubles=now_wrong,
        channels=told.channels,
        alerts=[told_trouble(alert) for alert in told.alerts],
        names=names,
        sources=SOURCES,
        lines=[fetch_line(fetch, names) for fetch in found.lines],
        links=log_links(_FETCHES, query, found),
    )
