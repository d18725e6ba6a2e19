from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import (
    DuplicateWatchError,
    NotFoundError,
    StoreUnavailableError,
    UpstreamError,
)
from app.domain.watches import Problem, WatchKind
from tests.unit.web.fakes import AT, MemorySessions

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
    added = send(client, watch=text)
    assert (added.status_code, added.headers["Location"]) == (303, PATH)
    assert services.watching.asked[-1] == ("create", kind, name, {})


@pytest.mark.parametrize(
    ("act", "asked"),
    [
        ("pause", ("change", 1, {"paused": True})),
        ("resume", ("change", 1, {"paused": False})),
        ("remove", ("remove", 1)),
    ],
)
def test_a_person_pauses_resumes_and_removes(
    client: FlaskClient, services: MemoryServices, act: str, asked: tuple[object, ...]
) -> None:
    done = send(client, f"{PATH}/1/{act}")
    assert (done.status_code, done.headers["Location"]) == (303, PATH)
    assert services.watching.asked[-1] == asked


@pytest.mark.parametrize(
    ("refusal", "status", "told"),
    [
        (DuplicateWatchError(7), 409, "watch 7 is for it already"),
        (NotFoundError("nobody has this handle"), 404, "nobody has this handle"),
        (UpstreamError("HTTP 500"), 502, "YouTube did not answer as it should"),
    ],
)
def test_what_hinders_an_addition_is_told_beside_what_was_typed(
    client: FlaskClient, services: MemoryServices, refusal: NewsreelError, status: int, told: str
) -> None:
    services.watching.refusal = refusal
    refused = send(client, watch='a"><script>')
    html = refused.get_data(as_text=True)
    assert refused.status_code == status
    assert f'role="alert">{told}' in html
    assert 'value="a&#34;&gt;&lt;script&gt;"' in html


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "a\x00b", "a\nb", "https://example.org/"])
def test_what_can_be_no_watch_is_refused_in_the_page(client: FlaskClient, text: str) -> None:
    refused = send(client, watch=text)
    assert refused.status_code == 400
    assert 'role="alert">' in refused.get_data(as_text=True)


@pytest.mark.parametrize(
    "form",
    [{}, {"watch": "a", "more": "b"}, {"wach": "a"}, {"watch": "a", "csrf_token": "x"}],
)
def test_only_the_form_of_the_page_is_read(
    client: FlaskClient, services: MemoryServices, form: dict[str, str]
) -> None:
    assert send(client, **form).status_code in (400, 403)
    assert not [asked for asked in services.watching.asked if asked[0] == "create"]


@pytest.mark.parametrize("names", [("watch", "watch"), ("csrf_token", "watch")])
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
    def away(_number: int, _length: int) -> None:
        raise StoreUnavailableError("db-17.internal refused")

    monkeypatch.setattr(services.watching, "page", away)
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
    services.watching.watch = replace(
        services.watching.watch,
        label="<b>&amp;",
        term="'\"><i>",
        paused=True,
        last_error=Problem("x", AT, "<script>"),
    )
    html = shown(client)
    assert not re.search(r"<script>|<b>|<i>", html)
    for text in ("&lt;b&gt;&amp;amp;", "&#39;&#34;&gt;&lt;i&gt;", "&lt;script&gt;", "7 videos"):
        assert text in html
    assert f'action="{PATH}/1/resume"' in html
    assert "paused" in html


def test_pages_with_a_form_are_kept_by_no_cache_and_the_cookie_is_given_once(
    client: FlaskClient,
) -> None:
    first, second = client.get(PATH), client.get(PATH)
    assert first.headers["Cache-Control"] == second.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" in first.headers
    assert "Set-Cookie" not in second.headers
    assert client.get("/").headers["Cache-Control"] == "no-cache"
    assert first.headers["Referrer-Policy"] == "same-origin", "else browsers hide the Origin"


def test_the_header_offers_what_there_is(client: FlaskClient, services: MemoryServices) -> None:
    assert "Sign in" not in shown(client, "/")
    services.access.sessions.password = "a password"
    assert '<a href="/login">Sign in</a>' in shown(client, "/")
    client.set_cookie("newsreel", services.access.sessions.open("a password"))
    for path in ("/", PATH):
        assert 'action="/logout"' in shown(client, path)


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


def test_more_watches_are_a_link_away(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = services.watching.page(1, 1)
    monkeypatch.setattr(services.watching, "page", lambda _n, _l: replace(page, total=101))
    assert f'href="{PATH}?page=2" rel="next"' in shown(client)
    middle = shown(client, f"{PATH}?page=2")
    assert f'href="{PATH}?page=1" rel="prev"' in middle
    assert f'href="{PATH}?page=3" rel="next"' in middle
    assert 'rel="next"' not in shown(client, f"{PATH}?page=3")
