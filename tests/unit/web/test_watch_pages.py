from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import (
    DuplicateWatchError,
    NotFoundError,
    ReserveSpentError,
    StoreUnavailableError,
    TooManyWatchesError,
    UpstreamError,
)
from app.domain.filters import Filters, Shorts
from app.domain.watches import Problem, RemovedWatch, WatchKind
from app.ingest.planning import Cadence, Preview, Slowdown
from tests.unit.web.fakes import AT, NEWS, MemorySessions

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from app.domain.errors import NewsreelError
    from tests.unit.web.fakes import MemoryServices

PATH = "/dashboard/watches"


def shown(client: FlaskClient, path: str = PATH) -> str:
    return client.get(path).get_data(as_text=True)


def send(client: FlaskClient, path: str = PATH, **form: str) -> TestResponse:
    token = re.search(r'name="csrf_token" value="(\w+)"', shown(client))
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **form})


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (" sailing ", WatchKind.KEYWORD, "sailing"),
        ("@handle", WatchKind.CHANNEL, "@handle"),
        ("https://www.youtube.com/@handle/videos", WatchKind.CHANNEL, "@handle"),
        ("UCa1B2c3D4e5F6g7H8i9J0kL", WatchKind.CHANNEL, "UCa1B2c3D4e5F6g7H8i9J0kL"),
        ("日本 & <b>", WatchKind.KEYWORD, "日本 & <b>"),
    ],
)
def test_a_person_adds_a_keyword_or_a_channel_in_one_field(
    client: FlaskClient, services: MemoryServices, text: str, kind: WatchKind, name: str
) -> None:
    added = send(client, add=text)
    assert (added.status_code, added.headers["Location"]) == (303, f"{PATH}?added=1")
    assert services.watching.asked[-1] == ("create", kind, name, {})


@pytest.mark.parametrize(
    ("act", "asked"),
    [
        ("pause", ("change", 1, {"paused": True})),
        ("resume", ("change", 1, {"paused": False})),
        ("fetch", ("fetch_now", 1)),
        ("remove", ("remove", 1)),
        ("restore", ("restore", 1)),
    ],
)
def test_an_act_leads_back_to_where_it_was_done(
    client: FlaskClient, services: MemoryServices, act: str, asked: tuple[object, ...]
) -> None:
    done = send(client, f"{PATH}/1/{act}?q=a+b&page=3")
    assert (done.status_code, done.headers["Location"]) == (303, f"{PATH}?page=3&q=a+b")
    assert services.watching.asked[-1] == asked


@pytest.mark.parametrize(
    ("refusal", "status", "told"),
    [
        (DuplicateWatchError(7), 409, "Watch 7 is for it already. It is in the list below."),
        (TooManyWatchesError("there can be 1000"), 409, "There can be 1000. Remove one"),
        (NotFoundError("nobody has this handle"), 404, "Nobody has this handle. Look at how"),
        (UpstreamError("HTTP 500"), 502, "YouTube did not answer as it should"),
    ],
)
def test_what_hinders_an_addition_is_told_beside_what_was_typed(
    client: FlaskClient, services: MemoryServices, refusal: NewsreelError, status: int, told: str
) -> None:
    services.watching.refusal = refusal
    refused = send(client, add='a"><script>')
    html = refused.get_data(as_text=True)
    assert refused.status_code == status
    assert f'role="alert">{told}' in html
    assert 'value="a&#34;&gt;&lt;script&gt;"' in html


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "a\x00b", "a\nb", "https://example.org/"])
def test_what_can_be_no_watch_is_refused_in_the_page(client: FlaskClient, text: str) -> None:
    refused = send(client, add=text)
    assert refused.status_code == 400
    assert 'role="alert">' in refused.get_data(as_text=True)


@pytest.mark.parametrize(
    "form",
    [{}, {"add": "a", "more": "b"}, {"watch": "a"}, {"add": "a", "csrf_token": "x"}],
)
def test_only_the_form_of_the_page_is_read(
    client: FlaskClient, services: MemoryServices, form: dict[str, str]
) -> None:
    assert send(client, **form).status_code in (400, 403)
    assert not [asked for asked in services.watching.asked if asked[0] == "create"]


@pytest.mark.parametrize("names", [("add", "add"), ("csrf_token", "add")])
def test_fields_that_are_repeated_are_refused(client: FlaskClient, names: tuple[str, str]) -> None:
    token = re.search(r'name="csrf_token" value="(\w+)"', shown(client))
    assert token is not None
    fields = "&".join(f"{name}={token[1]}" for name in ("csrf_token", *names))
    sent = client.post(PATH, data=fields, content_type="application/x-www-form-urlencoded")
    assert sent.status_code == 400


@pytest.mark.parametrize("watch_id", ["2", "0", "01", "x", "\u0661", "9" * 20])
def test_a_watch_that_is_not_there_is_told_in_a_page(client: FlaskClient, watch_id: str) -> None:
    gone = send(client, f"{PATH}/{watch_id}/pause")
    assert gone.status_code == 404
    assert gone.content_type.startswith("text/html")


def test_without_a_database_people_are_told_in_a_page(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_number: int, _length: int, _name: str) -> None:
        raise StoreUnavailableError("db-17.internal refused")

    monkeypatch.setattr(services.watch_reports, "page", away)
    refused = client.get(PATH)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "db-17" not in refused.get_data(as_text=True)
    assert refused.content_type.startswith("text/html")


def test_the_feed_is_shown_to_browsers_whose_session_cannot_be_looked_up(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_self: MemorySessions, _secret: str) -> bool:
        raise StoreUnavailableError("refused")

    monkeypatch.setattr(MemorySessions, "is_open", away)
    client.set_cookie("newsreel", "nrb_" + "a" * 43)
    assert client.get("/").status_code == 200


def test_a_session_that_cannot_be_looked_up_is_waited_for_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def away(_self: MemorySessions, secret: str) -> bool:
        asked.append(secret)
        raise StoreUnavailableError("did not answer in time")

    monkeypatch.setattr(MemorySessions, "is_open", away)
    client.set_cookie("newsreel", "nrb_" + "a" * 43)
    refused = client.get(PATH, environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert (refused.status_code, refused.headers["Cache-Control"]) == (503, "no-store")
    assert len(asked) == 1


def test_a_watch_is_shown_with_its_state_and_every_text_stays_text(
    client: FlaskClient, services: MemoryServices
) -> None:
    watch = replace(
        services.watching.watch,
        label="<b>&amp;",
        term="'\"><i>",
        paused=True,
        last_error=Problem("x", AT, "<script>"),
        filters=Filters(include_words=("<u>",)),
    )
    services.watch_reports.report = replace(services.watch_reports.report, watch=watch)
    html = shown(client, f"{PATH}?add=%3Cu%3E&q=%3Cu%3E")
    assert not re.search(r"<script>|<b>|<i>", html)
    for text in ("&lt;b&gt;&amp;amp;", "&#39;&#34;&gt;&lt;i&gt;", "&lt;script&gt;", "&lt;u&gt;"):
        assert text in html
    assert f'action="{PATH}/1/resume?q=%3Cu%3E"' in html
    assert "paused" in html
    assert "/fetch" not in html, "a paused watch is not fetched for"


def test_pages_with_a_form_are_kept_by_no_cache_and_the_cookie_is_given_once(
    client: FlaskClient,
) -> None:
    first, second = client.get(PATH), client.get(PATH)
    assert first.headers["Cache-Control"] == second.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" in first.headers
    assert "Set-Cookie" not in second.headers
    assert client.get("/").headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Referrer-Policy"] == "same-origin", "else browsers hide the Origin"


def test_the_header_offers_what_there_is(client: FlaskClient, services: MemoryServices) -> None:
    assert "Sign in" not in shown(client, "/")
    services.access.sessions.password = "a password"
    assert "Sign in" not in shown(client, "/"), "as it changes nothing on this machine"
    elsewhere = client.get("/", environ_overrides={"REMOTE_ADDR": "203.0.113.7"})
    assert '<a href="/login">Sign in</a>' in elsewhere.get_data(as_text=True)
    client.set_cookie("newsreel", services.access.sessions.open("a password"))
    for path in ("/", PATH):
        assert 'action="/logout"' in shown(client, path)


SECTION = re.compile(r'<a href="(/[^"]*)"(?: aria-current="page")?>(?=[A-Z][a-z]+</a>)')


@pytest.mark.parametrize(
    ("is_here", "expected"),
    [
        (True, ["/", PATH, "/coverage", "/quota", "/activity", "/webhooks", "/settings", "/help"]),
        (False, ["/", "/coverage", "/help"]),
    ],
)
def test_nobody_is_offered_a_section_that_only_leads_to_the_login(
    client: FlaskClient, *, is_here: bool, expected: list[str]
) -> None:
    address = "127.0.0.1" if is_here else "203.0.113.7"
    html = client.get("/", environ_overrides={"REMOTE_ADDR": address}).get_data(as_text=True)
    offered = SECTION.findall(html.partition("<nav ")[2].partition("</nav>")[0])
    assert [
        it if it in ("/", PATH) else it.removeprefix("/dashboard") for it in offered
    ] == expected


@pytest.mark.parametrize("path", [PATH, "/login"])
def test_pages_work_below_a_prefix(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    services.access.sessions.password = "a password"
    html = client.get(path, environ_overrides={"SCRIPT_NAME": "/newsreel"}).get_data(as_text=True)
    addresses = re.findall(r'(?:href|action)="(/[^"]*)"', html)
    assert addresses
    assert [it for it in addresses if not it.startswith("/newsreel/")] == []


@pytest.mark.parametrize("path", [PATH, "/login"])
@pytest.mark.parametrize("query", ["?page=0", "?page=x", "?limit=5", "?page=1&page=2", "?next=//x"])
def test_a_page_takes_no_parameters_but_its_own(client: FlaskClient, path: str, query: str) -> None:
    assert client.get(path + query).status_code == 400


def test_more_watches_are_a_link_away(client: FlaskClient, services: MemoryServices) -> None:
    services.watch_reports.total = 101
    assert f'href="{PATH}?page=2" rel="next"' in shown(client)
    middle = shown(client, f"{PATH}?page=2&q=a")
    assert f'href="{PATH}?page=1&amp;q=a" rel="prev"' in middle
    assert f'href="{PATH}?page=3&amp;q=a" rel="next"' in middle
    assert 'rel="next"' not in shown(client, f"{PATH}?page=3")
    assert services.watch_reports.asked[-2:] == [(2, 50, "a"), (3, 50, "")]


def test_what_was_added_is_pointed_out_on_the_page_it_stands_on(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.watch_reports.total = 51
    added = send(client, add="sailing")
    assert added.headers["Location"] == f"{PATH}?added=1&page=2"
    assert '<li class="added">' in shown(client, added.headers["Location"])
    assert '<li class="added">' not in shown(client)


def test_a_watch_is_shown_with_how_it_is_doing(
    client: FlaskClient, services: MemoryServices
) -> None:
    watch = replace(
        services.watching.watch,
        next_due_at=AT + timedelta(minutes=4),
        last_success_at=AT - timedelta(minutes=3),
        last_error=Problem("throttled", AT - timedelta(hours=1), "rateLimitExceeded"),
        filters=Filters(shorts=Shorts.WITHOUT, min_duration_seconds=300, languages=("en", "de")),
        refiltering=True,
    )
    services.watch_reports.report = replace(services.watch_reports.report, watch=watch)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", shown(client)))
    for told in (
        *("Videos 7", "A day 3.5", "Last read 3 min ago", "Next poll in 4 min", "Open gaps 2"),
        "Filters: 5 min or longer; no Shorts; language en, de",
        "filters are being applied",
        "YouTube asked for a pause, 1 h ago",
        "It was told: rateLimitExceeded",
    ):
        assert told in text, text
    assert f'href="/dashboard/coverage?watch={watch.watch_id}"' in shown(client)


def test_a_channel_is_called_by_its_name_unless_people_gave_it_another(
    client: FlaskClient, services: MemoryServices
) -> None:
    channel = "UCa1B2c3D4e5F6g7H8i9J0kL"
    watch = replace(services.watching.watch, kind=WatchKind.CHANNEL, term=channel, label=channel)
    report = replace(services.watch_reports.report, watch=watch, channel_title="Harbour")
    for label, name in ((channel, "Harbour"), ("Mine", "Mine")):
        mine = replace(watch, label=label)
        services.watch_reports.report = replace(report, watch=mine)
        assert f"<bdi>{name}</bdi></a></h2>" in shown(client)


CADENCE = Cadence(1200.0, 600.0, 72.0)


def test_the_cost_of_a_keyword_is_shown_before_it_is_added(
    client: FlaskClient, services: MemoryServices
) -> None:
    slower = Slowdown(NEWS, Cadence(600.0, 300.0, 144.0), CADENCE)
    services.planning.answer = Preview("boats", 50.0, CADENCE, (slower,), known=False)
    html = shown(client, f"{PATH}?add=+boats+")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))
    assert "boats would take about 72.0 searches a day: it is looked for every 20 min" in text
    assert "stored 10 min after YouTube shows it" in text
    assert "1 watch slows down" in text
    assert "News: every 20 min instead of every 10 min" in text
    assert 'name="add" value=" boats "' in html
    assert [asked for asked in services.watching.asked if asked[0] == "create"] == []
    assert services.planning.asked == [("boats", None)]


@pytest.mark.parametrize(
    ("add", "told"),
    [
        ("@harbour", "costs no searches"),
        ("https://example.org/", "a channel is given by"),
        ("x" * 201, "A keyword has 1 to 200 characters."),
        ("boats", "there are no search calls to read it with"),
    ],
)
def test_what_is_typed_is_told_apart_before_it_is_added(
    client: FlaskClient, add: str, told: str
) -> None:
    shown_page = client.get(PATH, query_string={"add": add})
    assert shown_page.status_code == 200
    assert told.lower() in shown_page.get_data(as_text=True).lower()


def test_browsers_without_scripts_are_led_to_the_cost(
    client: FlaskClient, services: MemoryServices
) -> None:
    led = send(client, f"{PATH}/preview", add="boats & co")
    assert (led.status_code, led.headers["Location"]) == (303, f"{PATH}?add=boats+%26+co")
    assert services.watching.asked == []


def test_what_was_removed_can_be_brought_back_from_the_page(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.watch_reports.total = 0
    services.watching.gone = [
        RemovedWatch(number, WatchKind.KEYWORD, f"term {number}", "<b>", AT) for number in range(12)
    ]
    html = shown(client, f"{PATH}?page=2")
    assert html.count("Until <time") == html.count("/restore?page=2") // 2 == 10
    assert 'datetime="2026-01-02T18:05:00Z"' in html
    assert "<b>" not in html
    assert "2</data> more were removed" in html


@pytest.mark.parametrize(
    ("act", "refusal", "told"),
    [
        ("restore", DuplicateWatchError(7), "watched again, as watch 7: remove that one"),
        ("restore", NotFoundError("gone"), "It is too late"),
        ("restore", TooManyWatchesError("there can be 1000"), "Remove one that you need less"),
        ("fetch", ReserveSpentError("these are spent"), "These are spent. It is full again"),
    ],
)
def test_what_hinders_an_act_is_told_above_the_list(
    client: FlaskClient,
    services: MemoryServices,
    act: str,
    refusal: NewsreelError,
    told: str,
) -> None:
    services.watching.refusal = refusal
    refused = send(client, f"{PATH}/1/{act}?q=new")
    html = refused.get_data(as_text=True)
    assert refused.status_code == (404 if isinstance(refusal, NotFoundError) else 409)
    alert = re.search(r'<p class="problem" role="alert">(.*?)</p>', html)
    assert alert is not None
    assert told in alert[1]
    assert 'name="q" value="new"' in html
