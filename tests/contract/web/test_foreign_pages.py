"""What pages of other sites try in the operator's browser: nothing of it changes anything.

Two browsers are attacked: one with a session, and one on the machine of the embedded mode, which
needs none. Every attack but those on names carries the browser's own cookie, even where SameSite
would keep it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from app.bootstrap import build_services
from app.settings import Settings
from app.web.browsers import CSRF_FIELD
from app.web.factory import create_app
from tests.contract.web.browser import OUTSIDE, WATCHES, Browser
from tests.contract.web.conftest import clock, seeded
from tests.processes import SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.test import TestResponse

    from app.bootstrap import Services

PASSWORD = "Wiesenweg-42-grün"
EVIL = "https://evil.example"
COOKIES = {"https": "__Host-newsreel", "http": "newsreel"}


@dataclass
class Scene:
    """A browser under attack, and the service it is in contact with."""

    services: Services
    app: Flask
    origin: str
    address: str
    secret: str
    tokens: dict[str, str]

    def send(
        self, path: str = WATCHES, token: str = "own", method: str = "POST", **changes: str
    ) -> TestResponse:
        """Send what a page of ours would send, but for `changes` of headers; '-' leaves one out."""
        scheme, _, host = self.origin.partition("://")
        headers = {
            "Host": host,
            "Origin": self.origin,
            "Sec-Fetch-Site": "same-origin",
            "Cookie": f"{COOKIES[scheme]}={self.secret}",
            "Content-Type": "application/x-www-form-urlencoded",
        } | {name.replace("_", "-"): value for name, value in changes.items() if name != "body"}
        body = changes.get("body", f"csrf_token={self.tokens[token]}&add=attack")
        environ = {"REMOTE_ADDR": self.address, "wsgi.url_scheme": scheme}
        return self.app.test_client(use_cookies=False).open(
            path,
            method=method,
            data=body,
            headers={name: value for name, value in headers.items() if value != "-"},
            environ_overrides={**environ, "HTTP_HOST": headers["Host"]},
        )

    def watched(self) -> list[tuple[str, bool, object]]:
        found = self.services.watching.list_all()
        return [(watch.term, watch.paused, watch.wanted_at) for watch in found]


def start(app: Flask, services: Services, browser: Browser, *, logs_in: bool) -> Scene:
    other = Browser.of(app, browser.origin, browser.address)
    old = browser.token()
    if logs_in:
        browser.log_in(PASSWORD)
        other.log_in(PASSWORD)
    (secret,) = browser.cookies.values()
    tokens = {
        "own": browser.token(WATCHES),
        "old": old if logs_in else "0" * 64,
        "another's": other.token(WATCHES),
        "none": "",
        "the cookie": secret,
        "not ASCII": "é" * 64,
    }
    return Scene(services, app, browser.origin, browser.address, secret, tokens)


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    url = f"sqlite:///{tmp_path_factory.mktemp('foreign')}/newsreel.db"
    seeded(url).close()
    settings = Settings(database_url=url, secret_key=SECRET_KEY, admin_password=PASSWORD)
    opened = build_services(settings, clock)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def scenes(services: Services) -> dict[str, Scene]:
    stack, embedded = create_app(services), create_app(services, trusts_this_machine=True)
    local = Browser.of(embedded, "http://localhost:5001", "127.0.0.1")
    return {
        "session": start(stack, services, Browser.of(stack), logs_in=True),
        "this machine": start(embedded, services, local, logs_in=False),
    }


@pytest.fixture(params=["session", "this machine"])
def scene(request: pytest.FixtureRequest, scenes: dict[str, Scene]) -> Scene:
    return scenes[request.param]


def cross_site(origin: str, site: str = "cross-site") -> dict[str, str]:
    return {"Origin": origin, "Sec_Fetch_Site": site}


JSON = '{"keyword": "attack"}'
AS_TEXT = {"body": JSON, "Content_Type": "text/plain"}
AS_JSON = {"body": JSON, "Content_Type": "application/json"}
BODILESS = {"body": "", "Content_Type": "-"}
BY_NAME = {"Host": "evil.example:5001", "Origin": "http://evil.example:5001", "Cookie": "-"}
ATTACKS: dict[str, dict[str, str]] = {
    "another origin": cross_site(EVIL),
    "another origin in an old browser": cross_site(EVIL, "-"),
    "a sandboxed frame": cross_site("null"),
    "a sandboxed frame in an old browser": cross_site("null", "-"),
    "no origin, but the browser says cross-site": cross_site("-"),
    "no origin, but the browser says same-site": cross_site("-", "same-site"),
    "a neighbour's name": cross_site("https://evil.example.org", "same-site"),
    "a name that ends in ours": cross_site("https://evil-news.example.org", "-"),
    "another port": cross_site("http://localhost:3000", "same-site"),
    "another port in an old browser": cross_site("http://localhost:3000", "-"),
    "another scheme": cross_site("http://news.example.org", "-"),
    "another scheme on this machine": cross_site("https://localhost:5001", "-"),
    "two origins": cross_site(f"{EVIL}, https://news.example.org", "-"),
    "no token": {"token": "none"},
    "another browser's token": {"token": "another's"},
    "the token of before the login": {"token": "old"},
    "the cookie as the token": {"token": "the cookie"},
    "a token that is not ASCII": {"token": "not ASCII"},
    "a token without its cookie": {"Cookie": "-"},
    "no token and no cookie": {"token": "none", "Cookie": "-"},
    "a rebound name": BY_NAME,
    "a rebound name with our cookie": {**BY_NAME, "Cookie": "newsreel=nrb_" + "a" * 43},
    "a rebound name that begins like ours": {**BY_NAME, "Host": "localhost.evil.example:5001"},
    "a name before an @": {**BY_NAME, "Host": "localhost:5001@evil.example"},
    "no name": {**BY_NAME, "Host": ""},
    "JSON as text": {"path": "/watches", **AS_TEXT, **cross_site(EVIL)},
    "JSON as text in an old browser": {"path": "/watches", **AS_TEXT, **cross_site("-", "-")},
    "JSON": {"path": "/watches", **AS_JSON, **cross_site(EVIL)},
    "JSON of a rebound name": {"path": "/watches", **AS_JSON, **BY_NAME},
    "a form to the API": {"path": "/watches", **cross_site("-", "-")},
    "a form without fields to the API": {
        "path": "/watches/1/fetch",
        **BODILESS,
        **cross_site(EVIL),
    },
    "a DELETE": {"path": "/watches/1", "method": "DELETE", **BODILESS, **cross_site(EVIL)},
    "a pause": {"path": f"{WATCHES}/1/pause", **cross_site(EVIL)},
    "a removal": {"path": f"{WATCHES}/1/remove", **cross_site(EVIL)},
    "a link to what a form does": {"path": f"{WATCHES}/1/remove", "method": "GET"},
    "a method in a form": {"path": f"{WATCHES}?_method=DELETE", **cross_site(EVIL)},
    "a form in parts": {"body": "--x\r\n\r\n", "Content_Type": "multipart/form-data; boundary=x"},
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_foreign_page_changes_nothing(scene: Scene, attack: dict[str, str]) -> None:
    before = scene.watched()
    refused = scene.send(**attack)
    assert refused.headers.get("Location", "/login").partition("?")[0] == "/login"
    assert refused.status_code in (303, 400, 401, 403, 405, 415, 421)
    assert scene.watched() == before


def test_what_our_own_page_sends_is_obeyed(scene: Scene) -> None:
    before = len(scene.watched())
    assert scene.send().headers["Location"].startswith(f"{WATCHES}?added=")
    (*_, (term, _, _)) = scene.watched()
    assert (term, len(scene.watched())) == ("attack", before + 1)
    added = scene.services.watching.find("attack").watch_id
    body = f"csrf_token={scene.tokens['own']}"
    assert scene.send(f"{WATCHES}/{added}/remove", body=body).status_code == 303
    assert len(scene.watched()) == before


@pytest.mark.parametrize(
    "changes", [cross_site(EVIL), cross_site("-"), cross_site("null", "-"), {"token": "another's"}]
)
def test_a_foreign_page_can_neither_log_in_nor_out(
    scenes: dict[str, Scene], changes: dict[str, str]
) -> None:
    scene = scenes["session"]
    token = scene.tokens[changes.get("token", "own")]
    sent = {name: value for name, value in changes.items() if name != "token"}
    for path, body in (("/login", f"&password={PASSWORD}"), ("/logout", "")):
        refused = scene.send(path, body=f"csrf_token={token}{body}", **sent)
        assert refused.status_code == 403
        assert "Set-Cookie" not in refused.headers
    assert scene.send(WATCHES, method="GET", body="").status_code == 200


def test_a_link_logs_nobody_out(scenes: dict[str, Scene]) -> None:
    scene = scenes["session"]
    assert scene.send("/logout", method="GET", body="").status_code == 405
    assert scene.send(WATCHES, method="GET", body="").status_code == 200


@pytest.mark.parametrize("path", ["/", "/login", WATCHES, "/logout"])
def test_no_page_can_be_framed_or_send_its_forms_elsewhere(scene: Scene, path: str) -> None:
    shown = scene.send(path, method="GET", body="")
    policy = shown.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert shown.status_code != 200 or "form-action 'self'" in policy


def test_no_reply_lets_other_origins_read(scene: Scene) -> None:
    for path in (WATCHES, "/watches", "/login"):
        for method in ("GET", "OPTIONS"):
            reply = scene.send(path, method=method, body="", Origin=EVIL)
            assert not [name for name, _ in reply.headers if name.startswith("Access-Control")]


def test_a_rebound_name_is_shown_no_token(scenes: dict[str, Scene]) -> None:
    scene = scenes["this machine"]
    for host in ("evil.example:5001", "localhost.evil.example:5001"):
        shown = scene.send(WATCHES, method="GET", body="", Host=host, Cookie="-")
        assert (shown.status_code, CSRF_FIELD in shown.text) == (421, False)
    for host in (f"{OUTSIDE}:5001", ""):
        shown = scene.send(WATCHES, method="GET", body="", Host=host, Cookie="-")
        assert shown.headers["Location"].startswith("/login?")
