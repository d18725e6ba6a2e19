"""Activity, webhooks and settings over real services: what they show, and what they never do."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from app.bootstrap import build_services
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.ranges import Stretch
from app.settings import Settings
from app.web.factory import create_app
from tests.contract.web.browser import Browser
from tests.contract.web.conftest import NOW, clock, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.bootstrap import Services

CANARY = "Kanarie-9f8e7d6c5b4a3f2e1d0c-9876"
HOOKS = "/dashboard/webhooks"
PAGES = ("/dashboard/settings", "/dashboard/activity", "/dashboard/audit", HOOKS, "/")
SECRETS = {
    "youtube_api_keys": f"shop:{CANARY},{CANARY}2",
    "youtube_api_endpoint": f"https://user:{CANARY}@youtube.example/?key={CANARY}",
    "youtube_feed_endpoint": f"https://user:{CANARY}@feeds.example/",
    "websub_hub": f"https://user:{CANARY}@hub.example/subscribe?token={CANARY}",
    "public_url": f"https://user:{CANARY}@news.example/",
    "database_url": f"mysql+pymysql://user:{CANARY}@127.0.0.1:1/news",
    "database_replica_url": f"postgresql+psycopg://user:{CANARY}@127.0.0.1:1/news",
    "redis_url": f"redis://:{CANARY}@127.0.0.1:1/0",
    "redis_read_url": f"redis://:{CANARY}@127.0.0.1:1/0",
    "celery_broker_url": f"redis://:{CANARY}@127.0.0.1:1/1",
    "alert_urls": f"slack://{CANARY}/{CANARY}/x,mailto://user:{CANARY}@mail.example",
    "secret_key": CANARY,
    "admin_password": CANARY,
    "metrics_token": CANARY,
}
SHOWN = {
    *("keywords", "channels", "outgoing_allow", "host"),  # lists of names
    *("invidious_url", "read_auth", "log_level"),  # take no secret: refused at the start
}
"""Settings of text in which nobody can put a secret by what they are for."""


def local(services: Services) -> Browser:
    app = create_app(services, trusts_this_machine=True)
    return Browser.of(app, "http://localhost:5001", "127.0.0.1")


def text(browser: Browser, path: str) -> str:
    return browser.get(path).get_data(as_text=True)


@pytest.fixture
def services(sqlite_url: str) -> Iterator[Services]:
    opened = seeded(sqlite_url)
    yield opened
    opened.close()


def test_the_canaries_below_are_in_every_setting_that_can_hold_a_secret() -> None:
    fields = Settings.model_fields.items()
    texts = {name for name, field in fields if "str" in str(field.annotation)}
    assert set(SECRETS) | SHOWN >= texts | {n for n, field in fields if not field.repr}


@pytest.mark.parametrize("away", [True, False])
def test_no_page_shows_a_part_of_a_secret(sqlite_url: str, *, away: bool) -> None:
    here = (
        {}
        if away
        else {
            "database_url": sqlite_url,
            "database_replica_url": "",
            "redis_url": "",
            "redis_read_url": "",
        }
    )
    settings = Settings.model_validate({**SECRETS, **here})
    services = build_services(settings, clock)
    if not away:
        seeded(sqlite_url).close()
    browser = local(services)
    pages = {path: text(browser, path) for path in PAGES}
    services.close()
    assert "YOUTUBE_API_KEYS" in pages["/dashboard/settings"]
    assert [path for path, html in pages.items() if CANARY in unescape(html)] == []
    assert [path for path, html in pages.items() if CANARY[:12] in html] == []


def test_webhooks_are_managed_in_a_browser_and_the_log_says_who_did_it(
    services: Services,
) -> None:
    browser = local(services)
    form = {"url": "https://1.1.1.1/hook?token=canary", "watch": "1"}
    added = browser.post(HOOKS, {"csrf_token": browser.token(HOOKS), **form})
    assert added.status_code == 201
    secret = services.webhooks.get(1).secret
    assert secret in added.get_data(as_text=True)
    for act in ("pause", "resume", "rotate"):
        assert (
            browser.post(f"{HOOKS}/1/{act}", {"csrf_token": browser.token(HOOKS)}).status_code < 400
        )
    assert services.webhooks.get(1).secret != secret
    assert "nws_" not in text(browser, HOOKS)
    assert (
        browser.post(f"{HOOKS}/1/remove", {"csrf_token": browser.token(HOOKS)}).status_code == 303
    )
    html = text(browser, "/dashboard/audit")
    did = re.findall(r"<strong>Somebody on this machine</strong> ([\w ]+) <code>webhook 1", html)
    assert did == [
        "removed a webhook",
        "gave a webhook another secret",
        *["changed a webhook"] * 2,
        "added a webhook",
    ]
    assert "canary" not in html


@pytest.mark.parametrize(
    "url", ["http://1.1.1.1/", "https://127.0.0.1/", "https://u:p@1.1.1.1/", "ftp://x/", ""]
)
def test_an_address_that_may_not_be_asked_is_refused_in_the_page(
    services: Services, url: str
) -> None:
    browser = local(services)
    form = {"csrf_token": browser.token(HOOKS), "url": url, "watch": ""}
    refused = browser.post(HOOKS, form)
    assert refused.status_code == 400
    assert 'role="alert">' in refused.get_data(as_text=True)
    assert services.webhooks.page(1, 10).total == 0


def test_the_log_of_fetches_is_walked_through_in_both_directions(services: Services) -> None:
    for number in range(65):
        fetch = FetchRecord(
            FetchSource.SEARCH, Purpose.POLL, (1,), Stretch(NOW, NOW), NOW, NOW, found=number + 1
        )
        services.store.write(lambda it, fetch=fetch: it.fetches.add(fetch))  # type: ignore[misc]  # bound now
    browser, path = local(services), "/dashboard/activity?watch=1&source=&failed=false"
    seen: list[list[int]] = []
    for direction in ("next", "next", "prev", "prev"):
        html = text(browser, path)
        seen.append([int(it) for it in re.findall(r'class="came">(\d+) found', html)])
        links = dict(re.findall(r'href="([^"]+)" rel="(next|prev)"', html))
        path = next(unescape(link) for link, rel in links.items() if rel == direction)
    assert seen[0] == list(range(65, 35, -1))
    assert seen[1] == list(range(35, 5, -1))
    assert seen[2] == list(range(5, 0, -1))
    assert seen[3] == seen[1]
