from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.alerts.reporting import AlertReport
from app.domain.alerts import Alert
from app.domain.audit import Action, Actor, AuditEntry
from app.domain.errors import StoreUnavailableError
from app.domain.fetches import FetchQuery, FetchRecord, FetchSource, LoggedFetch, Purpose
from app.domain.logs import LogCursor, LogPage
from app.domain.ranges import Stretch
from app.domain.watches import Problem
from app.web.dashboard.advice import ADVICE
from app.web.dashboard.audit_lines import ACTIONS, audit_line
from app.web.dashboard.fetch_lines import PURPOSES, SOURCES, fetch_line
from app.web.dashboard.troubles import told_trouble
from tests.unit.web.dashboards import ELSEWHERE, shown, words
from tests.unit.web.fakes import AT, MemoryReadiness

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

PATH = "/dashboard/activity"
CHANGES = "/dashboard/audit"
HOUR = timedelta(hours=1)
POLL = FetchRecord(
    source=FetchSource.SEARCH,
    purpose=Purpose.POLL,
    watch_ids=(1, 7),
    stretch=Stretch(AT - HOUR, AT),
    started_at=AT - timedelta(seconds=5),
    finished_at=AT - timedelta(seconds=2),
    pages=2,
    search_calls=2,
    units=1,
    found=1050,
    added=3,
)
FAILED = replace(POLL, error_code="youtube_unavailable", error_detail="HTTP 503 <b>")
ENTRY = AuditEntry(
    1,
    AT,
    Actor("session", "203.0.113.9"),
    "watch_added",
    "watch:3",
    {"term": "<i>", "paused": None},
)


def log(*records: FetchRecord, older: LogCursor | None = None) -> LogPage[LoggedFetch]:
    lines = tuple(LoggedFetch(number, record) for number, record in enumerate(records, start=1))
    return LogPage(lines, older, None)


def test_a_fetch_is_told_in_words(client: FlaskClient, services: MemoryServices) -> None:
    services.fetch_log.answer = log(POLL)
    told = words(shown(client, PATH))
    for text in (
        "YouTube search to find new videos for News , watch 7, removed",
        "1,050 found, 3 new",
        "2 search calls, 1 unit",
        "published 2 Jan 2026, 17:00 UTC to 2 Jan 2026, 18:00 UTC",
        "took 3 s",
    ):
        assert text in told


def test_why_a_fetch_failed_stands_with_what_to_do(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.fetch_log.answer = log(FAILED)
    html = shown(client, PATH)
    advice = ADVICE["youtube_unavailable"]
    for text in (advice.title, advice.meaning, advice.action, "HTTP 503 <b>"):
        assert text in words(html)
    assert "<b>" not in html


def test_a_code_of_an_older_release_is_shown_as_it_is(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.fetch_log.answer = log(replace(FAILED, error_code="martian_weather"))
    assert "failed martian_weather" in words(shown(client, PATH))


def test_what_is_wrong_now_stands_above_with_what_to_do(
    client: FlaskClient, services: MemoryServices
) -> None:
    assert "Nothing is wrong." in shown(client, PATH)
    problem = Problem("ingest_stalled", AT - HOUR, "2 watches are overdue")
    services.readiness.state = MemoryReadiness(problems=(problem,))
    html = shown(client, PATH)
    told = words(html)
    assert "Nobody fetches since 1 h ago" in told
    assert ADVICE["ingest_stalled"].action in told
    assert html.index("Nobody fetches") < html.index('id="log"')


def test_while_the_database_is_away_it_is_told_what_is_wrong(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_query: FetchQuery) -> None:
        raise StoreUnavailableError("db-17 refused")

    monkeypatch.setattr(services.fetch_log, "page", away)
    away_now = Problem("database_unavailable", AT, "it does not answer")
    services.readiness.state = MemoryReadiness(serving=False, problems=(away_now,))
    answer = client.get(PATH)
    html = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert ADVICE["database_unavailable"].action in html
    assert 'role="alert"' in html
    assert "db-17" not in html


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", FetchQuery(30)),
        ("?watch=&source=&failed=", FetchQuery(30)),
        ("?watch=1&source=rss&failed=true", FetchQuery(30, None, 1, FetchSource.RSS, failed=True)),
        ("?failed=false&limit=5", FetchQuery(5, failed=False)),
    ],
)
def test_the_form_chooses_fetches(
    client: FlaskClient, services: MemoryServices, query: str, asked: FetchQuery
) -> None:
    assert client.get(PATH + query).status_code == 200
    assert services.fetch_log.asked == [asked]


def test_the_form_shows_what_was_chosen(client: FlaskClient) -> None:
    html = shown(client, f"{PATH}?watch=9&source=rss&failed=true")
    assert re.findall(r'value="([^"]*)" selected', html) == ["9", "rss", "true"]
    assert "No fetch is like that." in html


def test_older_fetches_are_a_link_away_and_keep_the_choice(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.fetch_log.answer = log(POLL, older=LogCursor(1))
    html = shown(client, f"{PATH}?watch=&source=search")
    (older,) = re.findall(r'href="([^"]+)" rel="next"', html)
    assert older.replace("&amp;", "&").startswith(f"{PATH}?cursor=")
    assert "source=search" in older
    assert "watch=" not in older
    client.get(older.replace("&amp;", "&"))
    assert services.fetch_log.asked[-1].cursor == LogCursor(1)


@pytest.mark.parametrize("path", [PATH, CHANGES])
@pytest.mark.parametrize("query", ["watch=0", "source=tv", "failed=yes", "page=1", "cursor=x"])
def test_only_what_the_form_can_ask_is_answered(client: FlaskClient, path: str, query: str) -> None:
    assert client.get(f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("path", [PATH, CHANGES, "/dashboard/settings", "/dashboard/webhooks"])
def test_others_are_led_to_the_login(client: FlaskClient, path: str) -> None:
    answer = client.get(path, environ_overrides=ELSEWHERE)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login?")


def test_every_source_purpose_and_act_has_its_words() -> None:
    assert set(SOURCES) == set(FetchSource)
    assert set(PURPOSES) == set(Purpose)
    assert set(ACTIONS) == set(Action)


@pytest.mark.parametrize(
    ("changes", "spent", "brought"),
    [
        ({"search_calls": 1, "units": 0, "found": 0, "added": 0}, "1 search call", "nothing found"),
        ({"search_calls": 0, "units": 0}, "free", "1,050 found, 3 new"),
        ({"rejected": 2}, "2 search calls, 1 unit", "1,050 found, 3 new, 2 unreadable"),
    ],
)
def test_cost_and_outcome_are_told_without_what_is_nothing(
    changes: dict[str, int], spent: str, brought: str
) -> None:
    line = fetch_line(LoggedFetch(1, replace(POLL, **changes)), {})  # type: ignore[arg-type]  # counts
    assert (line.spent, line.brought) == (spent, brought)


def test_a_clock_that_was_set_back_makes_no_negative_time() -> None:
    backwards = replace(POLL, finished_at=POLL.started_at - HOUR)
    assert fetch_line(LoggedFetch(1, backwards), {}).took == timedelta()


def test_who_is_told_of_trouble_and_of_what(client: FlaskClient, services: MemoryServices) -> None:
    assert "Nobody is told of trouble" in words(shown(client, PATH))
    alert = Alert("webhook_paused:7", "x", AT - HOUR, AT, told_at=AT - HOUR / 2)
    services.alert_reports.answer = AlertReport(("mailto", "slack"), (alert,))
    told = words(shown(client, PATH))
    assert "You are told of trouble by mailto, slack" in told
    assert "A webhook was given up since 2 Jan 2026, 17:00 UTC told 30 min ago" in told


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "new: told once it is certain"),
        ({"told_at": AT}, "told"),
        ({"told_at": AT, "ended_at": AT}, "over, which is told once it stays so; ended"),
        ({"failing_since": AT}, "could not be told since"),
        ({"told_at": AT, "ended_at": AT, "failing_since": AT}, "could not be told since"),
    ],
)
def test_how_far_an_alert_has_come(changes: dict[str, object], state: str) -> None:
    alert = replace(Alert("data_stale", "", AT, AT), **changes)  # type: ignore[arg-type]  # instants
    assert told_trouble(alert).state == state


def test_a_change_is_told_in_words(client: FlaskClient, services: MemoryServices) -> None:
    services.audit_log.answer = LogPage((ENTRY,), LogCursor(1), None)
    html = shown(client, f"{CHANGES}?action=watch_added")
    told = words(html)
    assert "Somebody signed in added a watch watch 3" in told
    assert "from 203.0.113.9" in told
    assert "term: <i> · paused: none" in told
    assert "<i>" not in html
    assert services.audit_log.asked[0].action is Action.WATCH_ADDED
    assert re.search(r'href="[^"]*action=watch_added[^"]*" rel="next"', html)


@pytest.mark.parametrize(
    ("actor", "who"),
    [
        ("client:nrc_1", "The client nrc_1"),
        ("this-machine", "Somebody on this machine"),
        ("cli", "The command line"),
        ("newsreel", "Newsreel itself"),
        ("someone-else", "someone-else"),
    ],
)
def test_who_did_it_is_told_in_words(actor: str, who: str) -> None:
    assert audit_line(replace(ENTRY, actor=Actor(actor))).who == who


def test_details_of_any_shape_are_told_in_words() -> None:
    details = {
        "paused": True,
        "filters": {"live": ["live", "upcoming"], "include_words": []},
        "weight": 2.5,
    }
    assert audit_line(replace(ENTRY, details=details)).details == (
        ("paused", "yes"),
        ("filters", "live: live, upcoming; include words: none"),
        ("weight", "2.5"),
    )


def test_an_act_of_another_release_is_shown_as_it_is() -> None:
    line = audit_line(replace(ENTRY, action="moon_landed", subject="import"))
    assert (line.did, line.subject) == ("moon_landed", "")
