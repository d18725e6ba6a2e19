"""/dashboard/coverage: what was read when, how late search was, and how much is published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from app.auth.scopes import Scope
from app.domain.statistics import Grain
from app.web.dashboard.charts import Times, of_counts, of_delays
from app.web.dashboard.pages import page, page_blueprint
from app.web.dashboard.timelines import ALONE, AMONG_OTHERS, HEIGHT, LEGEND, WIDTH, drawing
from app.web.limits import costs
from app.web.parameters import MAX_PAGE, Digits, Query, RowId
from app.web.replies import canonical_path
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.timelines import TimelinePage
    from app.web.dashboard.charts import Chart

coverage_pages = page_blueprint("coverage_pages")

_PATH = "/dashboard/coverage"
_LENGTH = 20


class CoverageQuery(Query):
    """Which page of the watches, or which watch alone."""

    page: Annotated[int, Field(ge=1, le=MAX_PAGE), Digits] = 1
    watch: RowId | None = None


@coverage_pages.get(_PATH)
@scope(Scope.VIDEOS_READ, or_login=True)
@costs(30)
@coverage_pages.input(CoverageQuery, location="query", arg_name="query")
def show_coverage(query: CoverageQuery) -> Response:
    """Show the timelines of a page of watches, or of one, and charts of all or of one."""
    found = _timelines(query)
    one = query.watch and found.items[0].watch
    least = ALONE if one else AMONG_OTHERS
    return page(
        "coverage.html",
        window=found.window,
        drawings=[drawing(each, found.window, least) for each in found.items],
        total=found.total,
        one=one,
        charts=_charts(query.watch),
        legend=LEGEND,
        width=WIDTH,
        height=HEIGHT,
        older=_to(query.page - 1) if query.page > 1 and not one else None,
        newer=_to(query.page + 1) if query.page * _LENGTH < found.total else None,
    )


def _timelines(query: CoverageQuery) -> TimelinePage:
    if query.watch is not None:
        return services().coverage.timeline(query.watch)
    return services().coverage.timelines(query.page, _LENGTH)


def _charts(watch_id: int | None) -> list[Chart]:
    statistics = services().statistics
    hours = statistics.counts(Grain.HOUR, None, None, watch_id)
    days = statistics.counts(Grain.DAY, None, None, watch_id)
    late = statistics.delays(watch_id)
    return [
        of_counts("hours", "Videos per hour, last 48 hours", Times.MOMENT, hours),
        of_counts("days", "Videos per day, last 30 days", Times.DAY, days),
        of_delays("delay", f"How late search shows videos, last {len(late)} days", late),
    ]


def _to(number: int) -> str:
    return canonical_path(_PATH, {"page": str(number)})
