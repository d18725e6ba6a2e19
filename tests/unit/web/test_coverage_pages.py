"""/dashboard/coverage: timelines and charts, whole without scripts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.coverage import Delay
from app.domain.errors import StoreUnavailableError
from app.domain.ranges import RangeReason
from app.domain.statistics import CountQuery, Counts, DayDelay, Grain
from app.domain.timelines import Known, Segment, TimelinePage, WatchTimeline, Window
from app.domain.watches import Problem
from app.web.dashboard.timelines import ALONE, AMONG_OTHERS, LISTED, WIDTH, drawing
from tests.unit.web.fakes import AT, NEWS

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

PATH = "/dashboard/coverage"
WINDOW = Window(AT - timedelta(days=7), AT)
HOUR = timedelta(hours=1)


def segment(first: float, last: float, known: Known, reason: RangeReason | None = None) -> Segment:
    """From so many hours ago to so many."""
    return Segment(AT - first * HOUR, AT - last * HOUR, known, reason)


MIXED = (
    segment(168, 48, Known.BEFORE),
    segment(48, 3, Known.COMPLETE),
    segment(3, 2, Known.OPEN, RangeReason.BUDGET),
    segment(2, 1, Known.ONCE),
    segment(1, 0, Known.AHEAD),
)


def timeline(*segments: Segment, watch_id: int = 1) -> WatchTimeline:
    return WatchTimeline(replace(NEWS, watch_id=watch_id), AT - 3 * HOUR, segments or MIXED)


def shown(client: FlaskClient, path: str = PATH) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_a_timeline_is_drawn_and_said_with_the_reason_of_its_gap(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.coverage.drawn = TimelinePage(WINDOW, (timeline(),), 1)
    html = shown(client)
    assert re.findall(r'<rect class="(\w+)" x=', html) == [
        "complete",
        "before",
        "ahead",
        "once",
        "open",
    ]
    assert "93 % complete, 2 % read once, 4 % not read, 1 gap" in html
    table = html[html.index("What is not complete") : html.index("</table>")]
    assert re.findall(r"<td>([^<]+)</td>", table) == [
        "since the last poll, not read yet",
        "read once, second reading comes later",
        "not read: no calls were left",
    ]
    assert "style=" not in html


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (RangeReason.NEW, "not read yet"),
        (RangeReason.BUDGET, "not read: no calls were left"),
        (RangeReason.ERROR, "not read: the last try failed"),
        (RangeReason.BACKFILL, "not read yet: older videos that are wanted"),
    ],
)
def test_every_gap_says_why_it_is_there(
    client: FlaskClient, services: MemoryServices, reason: RangeReason, told: str
) -> None:
    open_part = segment(168, 0, Known.OPEN, reason)
    services.coverage.drawn = TimelinePage(WINDOW, (timeline(open_part),), 1)
    assert f"<title>{told}\n" in shown(client)


def test_the_shortest_gap_is_seen_and_nothing_is_drawn_outside() -> None:
    second = segment(1 / 3600, 0, Known.OPEN, RangeReason.NEW)
    drawn = drawing(timeline(segment(168, 1 / 3600, Known.COMPLETE), second), WINDOW, AMONG_OTHERS)
    gap = drawn.bars[-1]
    assert (gap.kind, gap.x, gap.width) == ("open", WIDTH - 3, 3)
    assert drawn.summary == "99 % complete, 0 % read once, under 1 % not read, 1 gap"


def test_hundreds_of_open_stretches_are_few_bars_and_say_how_many_they_are() -> None:
    reasons = (RangeReason.BUDGET, RangeReason.ERROR)
    short = [
        segment((1_000 - n) / 60, (999 - n) / 60, Known.OPEN, reasons[n % 2]) for n in range(1_000)
    ]
    drawn = drawing(timeline(segment(168, 1_000 / 60, Known.COMPLETE), *short), WINDOW, ALONE)
    assert [bar.text for bar in drawn.bars] == [
        "complete: read twice",
        "1000 short stretches, at worst not read: no calls were left",
    ]


def test_a_table_lists_the_newest_stretches_and_counts_the_others() -> None:
    pairs = (
        (
            segment(2 * n + 2, 2 * n + 1, Known.COMPLETE),
            segment(2 * n + 1, 2 * n, Known.OPEN, RangeReason.ERROR),
        )
        for n in reversed(range(84))
    )
    drawn = drawing(timeline(*(it for pair in pairs for it in pair)), WINDOW, AMONG_OTHERS)
    assert (len(drawn.bars), len(drawn.listed), drawn.unlisted) == (168, LISTED, 84 - LISTED)
    assert drawn.listed[0].ends_at == AT


def test_a_new_watch_says_that_nothing_is_read(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.coverage.drawn = TimelinePage(WINDOW, (timeline(segment(168, 0, Known.BEFORE)),), 1)
    assert "This watch is new: nothing is read yet." in shown(client)


def test_of_a_failing_watch_readers_see_no_details(
    client: FlaskClient, services: MemoryServices
) -> None:
    secret = Problem("youtube_unavailable", AT, "the proxy at 10.0.0.7 refused")
    watch = replace(NEWS, last_error=secret, paused=True, label="<b>&", term="'\"")
    services.coverage.drawn = TimelinePage(WINDOW, (replace(timeline(), watch=watch),), 1)
    html = shown(client)
    assert "10.0.0.7" not in html
    assert "<b>&" not in html
    assert "<bdi>&lt;b&gt;&amp;</bdi>" in html
    assert ">paused</span>" in html


def test_charts_are_tables_with_gaps_where_nothing_is_known(
    client: FlaskClient, services: MemoryServices
) -> None:
    day = datetime(2026, 1, 1, tzinfo=AT.tzinfo)
    services.statistics.late = [
        DayDelay(day, Delay(0, None, None)),
        DayDelay(day + 24 * HOUR, Delay(9, 310, 3_725)),
    ]
    html = shown(client)
    chart = html[html.index('id="delay"') :]
    assert re.findall(r'<th scope="row" data-at="([^"]+)">([^<]+)<', chart) == [
        ("2026-01-01T00:00:00Z", "1 Jan 2026"),
        ("2026-01-02T00:00:00Z", "2 Jan 2026"),
    ]
    assert re.findall(r'<td class="figure"(?: data-value="(\d+)")?>([^<]+)<', chart) == [
        ("", "-"),
        ("", "-"),
        ("310", "5 min 10 s"),
        ("3725", "1 h 2 min"),
    ]


def test_videos_are_counted_of_all_or_of_the_watch(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counts(grain: Grain, _after: object, _before: object, watch_id: int | None) -> Counts:
        at = grain.floor(AT)
        return Counts(CountQuery(grain, at - grain.length, at, watch_id), (3, 1_234), ())

    monkeypatch.setattr(services.statistics, "counts", counts)
    services.coverage.drawn = TimelinePage(WINDOW, (timeline(),), 1)
    html = shown(client, f"{PATH}?watch=1")
    assert html.count('<td class="figure" data-value="1234">1,234</td>') == 2
    assert "<h1>Coverage of <bdi>News</bdi></h1>" in html
    assert services.statistics.asked == [("delays", 1)]


def test_without_watches_there_is_a_way_to_the_first(client: FlaskClient) -> None:
    html = shown(client)
    assert "Nothing is watched yet" in html
    assert "<svg viewBox" not in html


def test_a_thousand_watches_are_pages_of_twenty(
    client: FlaskClient, services: MemoryServices
) -> None:
    many = tuple(timeline(watch_id=n) for n in range(1, 21))
    services.coverage.drawn = TimelinePage(WINDOW, many, 1_000)
    first = shown(client)
    assert services.coverage.asked == [(1, 20)]
    assert first.count('role="img" aria-label="The last 7 days') == 20
    assert f'href="{PATH}?page=2" rel="next"' in first
    assert 'rel="prev"' not in first
    assert f'href="{PATH}?page=49" rel="prev"' in shown(client, f"{PATH}?page=50")
    assert 'rel="next"' not in shown(client, f"{PATH}?page=50")


@pytest.mark.parametrize("query", ["page=0", "watch=x", "watch=1&watch=2", "limit=5", "q=a"])
def test_a_query_that_is_not_understood_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"{PATH}?{query}").status_code == 400


def test_a_watch_that_is_not_there_is_told_in_a_page(client: FlaskClient) -> None:
    gone = client.get(f"{PATH}?watch=7")
    assert (gone.status_code, gone.mimetype) == (404, "text/html")


def test_without_a_database_people_are_told_in_a_page(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_number: int, _length: int) -> None:
        raise StoreUnavailableError("db-17.internal refused")

    monkeypatch.setattr(services.coverage, "timelines", away)
    refused = client.get(PATH)
    assert (refused.status_code, refused.mimetype) == (503, "text/html")
    assert "db-17" not in refused.get_data(as_text=True)


def test_strangers_read_coverage_and_not_quota(client: FlaskClient) -> None:
    outside = {"REMOTE_ADDR": "203.0.113.7"}
    assert client.get(PATH, environ_overrides=outside).status_code == 200
    assert client.get("/dashboard/quota", environ_overrides=outside).status_code != 200


@pytest.mark.parametrize("path", [PATH, "/dashboard/quota"])
def test_pages_work_below_a_prefix(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    services.coverage.drawn = TimelinePage(WINDOW, (timeline(),), 100)
    html = client.get(path, environ_overrides={"SCRIPT_NAME": "/newsreel"}).get_data(as_text=True)
    addresses = re.findall(r'(?:href|src|action)="(/[^"]*)"', html)
    assert addresses
    assert [it for it in addresses if not it.startswith("/newsreel/")] == []
