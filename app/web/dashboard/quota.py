"""/dashboard/quota: today's budget as it burns down, the keys, and what is polled next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.auth.scopes import Scope
from app.domain.burn_down import continued, levels, planned
from app.domain.quota import Bucket
from app.web.dashboard.charts import Chart, Shape, Times, Unit
from app.web.dashboard.pages import page, page_blueprint
from app.web.limits import costs
from app.web.parameters import Query
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.burn_down import Outcome, SpentDay
    from app.ingest.quota_report import QuotaReport

quota_pages = page_blueprint("quota_pages")

_PATH = "/dashboard/quota"
_NEXT = 20
_NAMES = {Bucket.SEARCH: "Search calls", Bucket.UNITS: "Units"}
_UNITS = {Bucket.SEARCH: Unit.CALLS, Bucket.UNITS: Unit.UNITS}


@dataclass(frozen=True, slots=True)
class Budget:
    """Today's budget of a bucket, of all projects together.

    Args:
        name: of the bucket.
        unit: what it holds.
        limit: what there is a day.
        used: by the ledger.
        logged: what today's fetches cost, by their log.
        left: by the ledger.
        goal: where it is on its way to.
        is_planned: whether the planner says so, and not the pace so far.
        chart: the same by the hour.
    """

    name: str
    unit: Unit
    limit: int
    used: int
    logged: int
    left: int
    goal: Outcome
    is_planned: bool
    chart: Chart


@quota_pages.get(_PATH)
@scope(Scope.ADMIN, or_login=True)
@costs(40)
@quota_pages.input(Query, location="query", arg_name="query")
def show_quota(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Show what is spent, what is left until when, and of which keys."""
    report, day = services().quota.report(), services().quota.spent_today()
    polls = report.forecast.polls
    return page(
        "quota.html",
        report=report,
        day=day,
        budgets=[_budget(report, day, bucket) for bucket in Bucket] if report.projects else [],
        names=_NAMES,
        keys=[key for project in report.projects for key in project.keys],
        polls=polls[:_NEXT],
        more_polls=len(polls[_NEXT:]),
    )


def _budget(report: QuotaReport, day: SpentDay, bucket: Bucket) -> Budget:
    usage = [it for project in report.projects for it in project.usage if it.bucket is bucket]
    limit, used = sum(it.limit for it in usage), sum(it.used for it in usage)
    left = sum(it.left for it in usage)
    spent = day.by_hour(bucket)
    last_call_at = report.forecast.last_call_at if bucket is Bucket.SEARCH else None
    goal = (
        continued(left, used, day)
        if last_call_at is None
        else planned(left, report.forecast.calls_reserved, last_call_at, day)
    )
    line = levels(day, limit, left, spent, goal)
    chart = Chart(
        f"budget-{bucket}",
        f"{_NAMES[bucket]} left today",
        Shape.LINES,
        Times.MOMENT,
        _UNITS[bucket],
        ("Left", "Expected"),
        tuple((level.at, (level.left, level.expected)) for level in line),
    )
    is_planned = last_call_at is not None
    return Budget(
        _NAMES[bucket], _UNITS[bucket], limit, used, sum(spent), left, goal, is_planned, chart
    )
