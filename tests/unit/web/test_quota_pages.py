"""/dashboard/quota: what is left, until when, and of which keys."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.quota import Bucket, KeyReport, Spending, Usage
from app.ingest.quota_report import Forecast, PlannedPoll, ProjectQuota, QuotaReport
from tests.unit.web.fakes import AT, NEWS
from tests.unit.web.test_quota import EXPIRED, REPORT, RESETS_AT

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

PATH = "/dashboard/quota"


@pytest.fixture
def services(services: MemoryServices) -> MemoryServices:
    """At 18:00 UTC, ten hours into the day, of whose first hour the log tells."""
    services.quota.answer = REPORT
    spent = (Spending(30, 50), *[Spending()] * 23)
    services.quota.spent = replace(services.quota.spent, spent=spent)
    return services


def shown(client: FlaskClient) -> str:
    response = client.get(PATH)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.get_data(as_text=True))


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def values(html: str, chart: str) -> list[tuple[str, list[str]]]:
    """The rows of a chart's table: when, and its values; - where there is none."""
    figure = html[html.index(f'id="{chart}"') :]
    figure = figure[: figure.index("</figure>")]
    rows = re.findall(r'data-at="([^"]+)">(.*?)</tr>', figure)
    return [(at, re.findall(r"<td[^>]*>([^<]+)</td>", cells)) for at, cells in rows]


def test_the_line_starts_at_the_limit_and_goes_through_the_ledgers_figure_to_the_reset(
    client: FlaskClient,
) -> None:
    rows = values(shown(client), "budget-search")
    assert rows[:2] == [
        ("2026-01-02T08:00:00Z", ["100", "-"]),
        ("2026-01-02T09:00:00Z", ["70", "-"]),
    ]
    assert ("2026-01-02T18:00:00Z", ["59", "59"]) in rows
    assert rows[-1] == ("2026-01-03T08:00:00Z", ["-", "0"])
    assert len(rows) == 25


def test_where_log_and_ledger_differ_both_are_named(client: FlaskClient) -> None:
    text = text_of(shown(client))
    assert "what the ledger says (41 used)" in text
    assert "drawn from the log of fetches (30), which lacks calls" in text


def test_units_are_expected_at_todays_pace(client: FlaskClient) -> None:
    html = shown(client)
    assert values(html, "budget-units")[-1] == ("2026-01-03T08:00:00Z", ["-", "9,849"])
    assert "At today's pace 9,849 units are left at the reset." in text_of(html)


def test_what_is_spent_before_the_reset_keeps_the_reserve(
    client: FlaskClient, services: MemoryServices
) -> None:
    soon = AT + timedelta(hours=2)
    services.quota.answer = replace(REPORT, forecast=replace(REPORT.forecast, last_call_at=soon))
    html = shown(client)
    assert "As planned, all but a reserve of 10 calls is spent in 2 h" in text_of(html)
    assert values(html, "budget-search")[-1][1] == ["-", "10"]


def test_all_projects_are_one_line_and_each_its_own_rows(
    client: FlaskClient, services: MemoryServices
) -> None:
    used_up = ProjectQuota(
        "<other>", (Usage("<other>", Bucket.SEARCH, 7, 50, AT - timedelta(hours=1)),), ()
    )
    services.quota.answer = replace(REPORT, projects=(*REPORT.projects, used_up))
    html = shown(client)
    assert values(html, "budget-search")[0][1] == ["150", "-"]
    assert ("2026-01-02T18:00:00Z", ["59", "59"]) in values(html, "budget-search")
    assert "<bdi>&lt;other&gt;</bdi>" in html
    assert "used up says YouTube, 1 h ago" in text_of(html)


def test_keys_are_shown_by_fingerprint_with_state_reason_and_times(client: FlaskClient) -> None:
    html = shown(client)
    keys = text_of(html[html.index("<h2>Keys") : html.index("<h2>Polled next")])
    assert "4f1d2c3b5a60 newsreel-1 usable" in keys
    assert "9a8b7c6d5e4f newsreel-1 disabled 2 Jan 2026, 07:12 UTC 3 Jan 2026, 07:12 UTC" in keys
    assert "expired: API key expired." in keys


def test_a_held_key_waits_for_the_operator(client: FlaskClient, services: MemoryServices) -> None:
    held = KeyReport("4f1d2c3b5a60", "p", replace(EXPIRED, until=None))
    services.quota.answer = replace(REPORT, projects=(ProjectQuota("p", (), (held,)),))
    assert "when you enable it" in shown(client)


def test_without_keys_it_says_what_to_do(client: FlaskClient, services: MemoryServices) -> None:
    services.quota.answer = QuotaReport(RESETS_AT, (), Forecast((), 0, 0.0, None, plenty=False))
    html = shown(client)
    assert "There is no API key" in html
    assert "<figure" not in html
    assert "Nothing is polled" in html


def test_of_a_thousand_watches_the_next_twenty_are_named(
    client: FlaskClient, services: MemoryServices
) -> None:
    polls = tuple(
        PlannedPoll(replace(NEWS, watch_id=n, next_due_at=AT + timedelta(minutes=n)), 90.0, None)
        for n in range(1, 1_001)
    )
    services.quota.answer = replace(REPORT, forecast=replace(REPORT.forecast, polls=polls))
    html = shown(client)
    assert html.count("<bdi>News</bdi>") == 20
    assert "980 more watches follow." in text_of(html)
    assert "in 1 min 1 min 30 s none" in text_of(html)


def test_an_empty_day_draws_full_budgets(client: FlaskClient, services: MemoryServices) -> None:
    fresh = ProjectQuota("p", (Usage("p", Bucket.SEARCH, 0, 100, None),), ())
    nothing = Forecast((), 100, 10.0, None, plenty=False)
    services.quota.answer = QuotaReport(RESETS_AT, (fresh,), nothing)
    services.quota.spent = replace(services.quota.spent, spent=(Spending(),) * 24)
    rows = values(shown(client), "budget-search")
    assert {left for _, (left, _) in rows} == {"100", "-"}
    assert rows[-1][1] == ["-", "100"]


def test_the_page_takes_no_parameters(client: FlaskClient) -> None:
    assert client.get(f"{PATH}?project=p").status_code == 400
