"""The feed of somebody who has just begun, and the help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import StoreUnavailableError
from app.domain.watches import Problem
from tests.unit.web.dashboards import ELSEWHERE, send, shown, words
from tests.unit.web.fakes import AT, MemoryReadiness

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

HELP = "/dashboard/help"


@pytest.fixture
def beginning(services: MemoryServices, monkeypatch: pytest.MonkeyPatch) -> MemoryServices:
    """Nothing is stored and nothing is watched."""
    services.feed.positions.clear()
    monkeypatch.setattr(services.watching, "list_all", list)
    return services


def without_a_key(services: MemoryServices) -> None:
    problems = (Problem("no_keys", AT, "none"), Problem("no_watches", AT, "nothing"))
    services.readiness.state = MemoryReadiness(problems=problems)


def test_the_first_watch_is_added_on_the_first_page(
    client: FlaskClient, beginning: MemoryServices
) -> None:
    html = shown(client, "/")
    assert 'id="first-run"' in html
    assert "data-waits" not in html
    assert "1. A key done" in words(html)
    action = re.search(r'class="first-watch" method="post" action="([^"]+)"', html)
    assert action is not None
    assert send(client, "/", action[1], watch="jazz").status_code == 303
    assert beginning.watching.asked[-1][2] == "jazz"


def test_without_a_key_it_says_how_to_get_one(
    client: FlaskClient, beginning: MemoryServices
) -> None:
    without_a_key(beginning)
    html = shown(client, "/")
    told = words(html)
    assert f'href="{HELP}#key"' in html
    assert "YOUTUBE_API_KEYS" in told
    assert "Nothing comes in before there is a key." in told
    assert "No API key" not in told, "it is a step already, and no trouble beside"


def test_while_the_first_videos_are_on_their_way_the_page_looks_for_them(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.feed.positions.clear()
    html = shown(client, "/")
    assert "data-waits" in html
    assert "first_run.js" in html
    assert "Watched: News" in words(html)


def test_what_keeps_the_first_videos_away_is_told_with_what_to_do(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.feed.positions.clear()
    stalled = Problem("ingest_stalled", AT, "no worker runs")
    services.readiness.state = MemoryReadiness(problems=(stalled,))
    assert "Nobody fetches" in words(shown(client, "/"))
    elsewhere = client.get("/", environ_overrides=ELSEWHERE).get_data(as_text=True)
    assert "Nobody fetches" not in elsewhere


def test_who_may_not_add_is_told_where_the_operator_signs_in(
    client: FlaskClient, beginning: MemoryServices
) -> None:
    beginning.access.sessions.password = "a password"
    answer = client.get("/", environ_overrides=ELSEWHERE)
    html = answer.get_data(as_text=True)
    assert "Nothing is watched here yet." in html
    assert 'href="/login"' in html
    assert 'method="post"' not in html.partition("<main")[2]
    assert "Set-Cookie" not in answer.headers


def test_whoever_signed_in_may_add_from_anywhere(
    client: FlaskClient, beginning: MemoryServices
) -> None:
    sessions = beginning.access.sessions
    sessions.password = "a password"
    client.set_cookie("newsreel", sessions.open("a password"))
    answer = client.get("/", environ_overrides=ELSEWHERE)
    assert 'class="first-watch"' in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"


def test_once_there_are_videos_there_is_no_first_run(
    client: FlaskClient, services: MemoryServices
) -> None:
    without_a_key(services)
    assert "first-run" not in shown(client, "/")


def test_while_the_database_is_away_nobody_is_told_to_begin(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StoreUnavailableError("refused")

    services.feed.positions.clear()
    monkeypatch.setattr(services.watching, "list_all", away)
    assert "first-run" not in shown(client, "/")


def test_the_help_is_open_to_all_and_has_what_a_beginner_needs(client: FlaskClient) -> None:
    answer = client.get(HELP, environ_overrides=ELSEWHERE)
    told = words(answer.get_data(as_text=True))
    assert answer.status_code == 200
    for text in ("YouTube Data API v3", "100 search calls", "10,000 units", "30 days", "Complete"):
        assert text in told


def test_the_help_leads_only_to_pages_that_are_there(client: FlaskClient) -> None:
    html = shown(client, HELP)
    paths = set(re.findall(r'href="(/[^"#]*)', html))
    assert {"/docs", "/openapi.json", "/feed.atom", "/feed.json"} <= paths
    assert {path: client.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)


def test_in_the_demo_every_page_says_what_is_simulated_and_how_to_get_real_videos(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.demo = True
    for path in ("/", HELP, "/dashboard/activity"):
        banner = shown(client, path).partition('class="demo"')[2].partition("</p>")[0]
        assert "simulated" in banner
        assert f'href="{HELP}#key"' in banner


@pytest.mark.parametrize(
    "path",
    ["/", HELP, *(f"/dashboard/{it}" for it in ("activity", "audit", "webhooks", "settings"))],
)
def test_pages_work_below_a_prefix(
    client: FlaskClient, beginning: MemoryServices, path: str
) -> None:
    without_a_key(beginning)
    answer = client.get(path, environ_overrides={"SCRIPT_NAME": "/news"})
    addresses = re.findall(r'(?:href|src|action|hx-get)="(/[^"]*)"', answer.get_data(as_text=True))
    assert addresses
    assert [it for it in addresses if not it.startswith("/news/")] == []
