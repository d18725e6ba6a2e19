"""The operator in a browser: how a session begins, what it is good for, and how it ends."""

from __future__ import annotations

import logging
from io import StringIO
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from app.auth.scopes import Scope
from app.bootstrap import build_services
from app.domain.audit import Action, AuditQuery
from app.settings import Settings
from app.store.store import Store
from app.telemetry import configure_logging
from app.web.factory import create_app
from tests.contract.web.access_scene import Site
from tests.contract.web.browser import OUTSIDE, WATCHES, Browser
from tests.contract.web.conftest import clock, seeded
from tests.processes import SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.domain.audit import AuditEntry

PASSWORD = "Wiesenweg-42-grün"
HTTP = "http://news.example.org"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('login')}/newsreel.db"
    seeded(url).close()
    return url


@pytest.fixture
def site(url: str) -> Iterator[Site]:
    """A process of a service that asks every reader who they are, and where nobody guessed yet."""
    opened = open_site(url)
    yield opened
    opened.services.close()


def open_site(
    url: str, password: str = PASSWORD, public_url: str = "", proxy_hops: int = 0
) -> Site:
    settings = Settings(
        database_url=url, secret_key=SECRET_KEY, read_auth="required", admin_password=password
    )
    services = build_services(settings, clock)
    return Site(services, create_app(services, public_url=public_url, proxy_hops=proxy_hops))


@pytest.fixture
def browser(site: Site) -> Browser:
    return Browser.of(site.app)


@pytest.fixture
def session(browser: Browser) -> Browser:
    assert browser.log_in(PASSWORD).status_code == 303
    return browser


@pytest.mark.parametrize("path", ["/", WATCHES])
def test_people_without_a_session_are_led_to_the_login_and_programs_are_not(
    browser: Browser, path: str
) -> None:
    led = browser.get(path)
    assert (led.status_code, led.headers["Location"]) == (
        303,
        f"/login?then={quote(path, safe='')}",
    )
    assert led.headers["Cache-Control"] == "no-store"
    assert browser.get("/videos").status_code == 401
    assert browser.get(path, Authorization="Bearer x").status_code == 401
    assert browser.cookies == {}


RETURNS = {
    "/": "/",
    "/?q=boat race&watch=1": "/?q=boat+race&watch=1",
    "/dashboard/webhooks?webhook=1": "/dashboard/webhooks?webhook=1",
    "/dashboard/watches?q=%ff": f"{WATCHES}?q=%EF%BF%BD",
}


@pytest.mark.parametrize(("asked_for", "expected"), RETURNS.items())
def test_the_login_leads_on_to_the_page_that_was_asked_for(
    browser: Browser, asked_for: str, expected: str
) -> None:
    login = browser.get(asked_for).headers["Location"]
    form = {"csrf_token": browser.token(login), "password": "wrong"}
    assert browser.post(login, form).status_code == 403
    assert browser.post(login, form | {"password": PASSWORD}).headers["Location"] == expected
    assert browser.get(login).headers["Location"] == expected, "as after going back"


@pytest.mark.parametrize(
    "then",
    [
        *("//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"),
        *("/logout", "/login", "/videos", "/health", "/dashboard/nothing", "x", ""),
    ],
)
def test_the_login_leads_nowhere_but_to_pages_of_ours(session: Browser, then: str) -> None:
    led = session.get(f"/login?then={quote(then, safe='')}")
    assert (led.status_code, led.headers["Location"]) == (303, WATCHES)


def test_a_form_that_comes_after_its_session_ended_is_refused_and_come_back_to(
    session: Browser,
) -> None:
    form = {"csrf_token": session.token(WATCHES), "add": "lost"}
    session.client.delete_cookie("__Host-newsreel", domain="news.example.org")
    page = f"{session.origin}{WATCHES}?page=2"
    login = session.post(WATCHES, form, Referer=page).headers["Location"]
    assert "nothing was changed" in session.get(login).get_data(as_text=True)
    opened = session.post(login, {"csrf_token": session.token(login), "password": PASSWORD})
    assert opened.headers["Location"] == f"{WATCHES}?page=2"


def test_the_password_opens_everything_that_is_to_be_read(session: Browser) -> None:
    for path in ("/", WATCHES, "/videos", "/watches", "/quota", "/fetches", "/feed.atom"):
        assert session.get(path).status_code == 200, path


def test_a_wrong_password_opens_nothing_and_is_not_shown_again(browser: Browser) -> None:
    refused = browser.log_in("Wiesenweg-42-gruen")
    html = refused.get_data(as_text=True)
    assert refused.status_code == 403
    assert "That is not the password" in html
    assert "gruen" not in html
    assert browser.get(WATCHES).status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts_other_sites_and_plain_http(site: Site) -> None:
    for origin, name in (("https://news.example.org", "__Host-newsreel"), (HTTP, "newsreel")):
        browser = Browser.of(site.app, origin)
        cookie = browser.log_in(PASSWORD).headers["Set-Cookie"]
        assert cookie.startswith(f"{name}=nrb_")
        attributes = set(cookie.split("; ")[1:])
        assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"} <= attributes
        assert ("Secure" in attributes) is origin.startswith("https")
        assert "Domain" not in cookie


def test_a_login_rotates_the_cookie_and_a_planted_one_is_worth_nothing(site: Site) -> None:
    attacker, victim = Browser.of(site.app), Browser.of(site.app)
    attacker.token()
    (planted,) = attacker.cookies.values()
    victim.plant("__Host-newsreel", planted)
    before = victim.token()
    assert victim.log_in(PASSWORD).status_code == 303
    assert victim.cookies["__Host-newsreel"] != planted
    assert attacker.get(WATCHES).status_code == 303
    assert victim.token(WATCHES) != before


def test_a_second_login_ends_the_first_session_of_that_browser(
    session: Browser, site: Site
) -> None:
    first = session.cookies["__Host-newsreel"]
    form = {"csrf_token": session.token(WATCHES), "password": PASSWORD}
    assert session.post("/login", form).status_code == 303
    old = Browser.of(site.app)
    old.plant("__Host-newsreel", first)
    assert old.get(WATCHES).status_code == 303
    assert session.get(WATCHES).status_code == 200


def test_a_logout_ends_the_session_wherever_its_cookie_was_copied_to(
    session: Browser, site: Site
) -> None:
    thief = Browser.of(site.app)
    thief.plant("__Host-newsreel", session.cookies["__Host-newsreel"])
    assert thief.get(WATCHES).status_code == 200
    done = session.post("/logout", {"csrf_token": session.token(WATCHES)})
    assert (done.status_code, done.headers["Location"]) == (303, "/login")
    assert session.cookies == {}
    assert thief.get(WATCHES).status_code == 303


def test_a_session_of_one_process_holds_in_another_until_the_password_changes(
    session: Browser, url: str
) -> None:
    for password, status in ((PASSWORD, 200), (PASSWORD + "!", 303), ("", 303)):
        other = open_site(url, password)
        moved = Browser.of(other.app)
        moved.plant("__Host-newsreel", session.cookies["__Host-newsreel"])
        assert moved.get(WATCHES).status_code == status
        other.services.close()


def test_what_is_done_in_a_browser_stands_in_the_audit_log(browser: Browser, site: Site) -> None:
    def entries() -> list[AuditEntry]:
        return list(site.services.audit_log.page(AuditQuery(100)).lines)[::-1]

    before = len(entries())
    browser.log_in("guess-of-a-password")
    browser.log_in(PASSWORD)
    browser.post(WATCHES, {"csrf_token": browser.token(WATCHES), "add": "lighthouses"})
    (added,) = (it for it in entries()[before:] if it.action == Action.WATCH_ADDED)
    path = f"{WATCHES}/{added.subject.removeprefix('watch:')}"
    for act in ("pause", "resume", "remove", "restore"):
        browser.post(f"{path}/{act}", {"csrf_token": browser.token(WATCHES)})
    browser.post("/logout", {"csrf_token": browser.token(WATCHES)})
    told = [(it.action, it.actor.name, it.actor.address) for it in entries()[before:]]
    done = (
        *(Action.WATCH_ADDED, Action.WATCH_CHANGED, Action.WATCH_CHANGED),
        *(Action.WATCH_REMOVED, Action.WATCH_RESTORED),
    )
    assert told == [
        (Action.LOGIN_FAILED, "nobody", OUTSIDE),
        (Action.LOGGED_IN, "session", OUTSIDE),
        *((act, "session", OUTSIDE) for act in done),
        (Action.LOGGED_OUT, "session", OUTSIDE),
    ]


def test_passwords_are_tried_ten_times_a_minute_from_one_address(site: Site) -> None:
    guesser = Browser.of(site.app)
    statuses = [guesser.log_in(f"guess-of-a-password-{n}").status_code for n in range(12)]
    assert statuses == [403] * 10 + [429] * 2
    refused = guesser.log_in(PASSWORD)
    assert (refused.status_code, refused.headers["Cache-Control"]) == (429, "no-store")
    assert 1 <= int(refused.headers["Retry-After"]) <= 6
    assert refused.headers["RateLimit-Policy"].startswith('"credentials"')
    assert Browser.of(site.app, address="203.0.113.8").log_in(PASSWORD).status_code == 303


def test_without_a_password_the_login_says_how_to_set_one(url: str) -> None:
    closed = open_site(url, "")
    browser = Browser.of(closed.app)
    told = browser.get("/login")
    assert told.status_code == 404
    assert "ADMIN_PASSWORD" in told.get_data(as_text=True)
    assert "<form" not in told.get_data(as_text=True)
    assert browser.post("/login", {"password": ""}).status_code == 403
    closed.services.close()


def test_a_session_has_nothing_to_do_with_programs(session: Browser, site: Site) -> None:
    cookieless = Browser.of(site.app)
    for path in ("/videos", "/watches", "/openapi.json", "/health", "/docs", "/nope"):
        for who in (session, cookieless):
            assert "Set-Cookie" not in who.get(path).headers
    reader = site.token(*site.add_client(Scope.VIDEOS_READ))
    bearer = {"Authorization": f"Bearer {reader}"}
    assert session.get("/quota", **bearer).status_code == 403, "who shows a token is judged by it"


def test_programs_of_a_page_send_its_token_in_a_header(session: Browser) -> None:
    def add(keyword: str, **headers: str) -> int:
        own = {"Origin": session.origin, "Sec-Fetch-Site": "same-origin", **headers}
        reply = session.client.post(
            "/watches", json={"keyword": keyword}, headers=own, environ_overrides=session._environ()
        )
        return reply.status_code

    assert add("a", **{"X-CSRF-Token": session.token(WATCHES)}) == 201
    assert add("b") == 403
    assert add("c", **{"X-CSRF-Token": "0" * 64}) == 403


def test_a_cookie_of_another_scheme_is_not_looked_at(site: Site) -> None:
    plain = Browser.of(site.app, HTTP)
    plain.log_in(PASSWORD)
    secure = Browser.of(site.app)
    secure.plant("newsreel", plain.cookies["newsreel"])
    assert secure.get(WATCHES).status_code == 303
    secure.plant("__Host-newsreel", plain.cookies["newsreel"])
    assert secure.get(WATCHES).status_code == 200


def test_public_url_says_that_people_come_by_https(url: str) -> None:
    behind = open_site(url, public_url="https://News.example.org/newsreel/")
    browser = Browser(behind.app.test_client(), "https://news.example.org")
    environ = {**browser._environ(), "wsgi.url_scheme": "http"}  # as the proxy asks
    page = browser.client.get("/login", environ_overrides=environ)
    assert page.headers["Set-Cookie"].startswith("__Host-newsreel=")
    local = Browser.of(behind.app, "http://10.0.0.7:5001")
    assert local.get("/login").headers["Set-Cookie"].startswith("newsreel=")
    assert local.log_in(PASSWORD).status_code == 303
    behind.services.close()


@pytest.mark.parametrize(
    ("hops", "told", "is_https"),
    [(1, "https", True), (1, "http, https", True), (1, "https, http", False), (0, "https", False)],
)
def test_a_proxy_that_is_believed_says_that_people_come_by_https(
    url: str, hops: int, told: str, *, is_https: bool
) -> None:
    behind = open_site(url, proxy_hops=hops)
    page = behind.app.test_client().get("/login", headers={"X-Forwarded-Proto": told})
    assert page.headers["Set-Cookie"].startswith("__Host-newsreel=") is is_https
    assert ("; Secure" in page.headers["Set-Cookie"]) is is_https
    behind.services.close()


def test_no_proxy_says_by_which_host_people_come(url: str) -> None:
    behind = open_site(url, public_url="https://news.example.org/", proxy_hops=1)
    client, forged = behind.app.test_client(), {"X-Forwarded-Host": "news.example.org"}
    page = client.get("/login", headers={"Host": "other.example.org", **forged})
    assert page.headers["Set-Cookie"].startswith("newsreel=")
    behind.services.close()


def test_a_page_below_a_prefix_leads_to_its_own_pages(session: Browser) -> None:
    for prefix, expected in (("/newsreel", "/newsreel"), ("//evil.example", "/evil.example")):
        session.prefix = prefix
        assert session.get("/login").headers["Location"] == f"{expected}{WATCHES}"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What a process of ours would write, for one test."""
    root, written = logging.getLogger(), StringIO()
    before = root.level, root.handlers[:]
    monkeypatch.setattr("sys.stderr", written)
    configure_logging("debug")
    yield written
    root.setLevel(before[0])
    root.handlers[:] = before[1]


def test_no_log_holds_the_password_a_guess_or_a_cookie(
    site: Site, monkeypatch: pytest.MonkeyPatch, log: StringIO
) -> None:
    browser = Browser.of(site.app)
    browser.log_in("guess-of-a-password")
    browser.log_in(PASSWORD)
    secrets = [PASSWORD, "guess-of-a-password", browser.cookies["__Host-newsreel"]]
    secrets.append(browser.token(WATCHES))

    def fail(_store: Store, _work: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(Store, "write", fail)
        form = {"csrf_token": secrets[-1], "password": PASSWORD}
        assert browser.post("/login", form).status_code == 500
    browser.post("/logout", {"csrf_token": secrets[-1]})
    told = log.getvalue()
    for event in ("login_failed", "logged_in", "request_failed", "logged_out"):
        assert event in told
    assert [secret for secret in secrets if secret in told] == []
