"""Every request that changes something leaves an entry that names who made it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import pytest

from app.auth.scopes import GRANTABLE, Scope
from app.domain.audit import Action, AuditQuery, client_name
from tests.contract.web.access_scene import STRANGER, Site, open_site
from tests.contract.web.conftest import CHANNEL, seeded, video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from app.domain.audit import AuditEntry
    from app.domain.watches import Watch
    from app.store.store import Transaction

HOOK = {"url": "https://1.1.1.1/hook?token=canary", "watch_id": 1}
FILTERS = {"shorts": "without", "live": ["live"], "exclude_words": ["ü"]}
PAGE_ACTS = ("pause", "resume", "fetch", "remove", "restore")
SILENT = {
    "POST /plan",  # it asks, and changes nothing
    "POST /oauth/token",  # clients do so all day; the token names them in what they do by it
    # Pages and the login make the same changes; test_login.py and the test below look at theirs.
    *("POST /login", "POST /logout", "POST /dashboard/watches"),
    "POST /dashboard/watches/preview",  # it leads on, and changes nothing
    *(f"POST /dashboard/watches/<watch_id>/{act}" for act in PAGE_ACTS),
    *("POST /dashboard/watches/<watch_id>", "POST /dashboard/import/watches"),
    "POST /dashboard/import",  # it looks into a file
    "POST /dashboard/webhooks",
    *(
        f"POST /dashboard/webhooks/<webhook_id>/{act}"
        for act in ("pause", "resume", "rotate", "remove")
    ),
    "POST /websub/<token>",  # the hub is no person; what it pushes is told in /fetches
}
ACTS = (
    ("POST /watches", "/watches", {"channel": CHANNEL, "label": "Boats"}, "watch_added"),
    ("PATCH /watches/<watch_id>", "/watches/1", {"paused": True}, "watch_changed"),
    ("PATCH /watches/<watch_id>", "/watches/1", {"filters": FILTERS}, "watch_changed"),
    ("POST /watches/<watch_id>/fetch", "/watches/2/fetch", None, "watch_fetched"),
    ("PATCH /videos/<video_id>", f"/videos/{video(0).video_id}", {"hidden": True}, "video_hidden"),
    ("PATCH /videos/<video_id>", f"/videos/{video(0).video_id}", {"hidden": False}, "video_shown"),
    ("POST /webhooks", "/webhooks", HOOK, "webhook_added"),
    ("PATCH /webhooks/<webhook_id>", "/webhooks/1", {"paused": True}, "webhook_changed"),
    ("POST /webhooks/<webhook_id>/replay", "/webhooks/1/replay", {"after": 0}, "webhook_replayed"),
    (
        "POST /webhooks/<webhook_id>/rotate",
        "/webhooks/1/rotate",
        {"overlap_hours": 1},
        "webhook_secret_rotated",
    ),
    ("DELETE /webhooks/<webhook_id>", "/webhooks/1", None, "webhook_removed"),
    ("DELETE /watches/<watch_id>", "/watches/1", None, "watch_removed"),
)
"""The route, a request to it, and what it does, in an order in which all of them succeed."""

REVOKE = "POST /oauth/revoke"


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    yield from sites(sqlite_url)


@pytest.fixture
def site_anywhere(database_url: str) -> Iterator[Site]:
    """The same on each kind of database in turn."""
    yield from sites(database_url)


def sites(database_url: str) -> Iterator[Site]:
    seeded(database_url).close()
    opened = open_site(database_url)
    yield opened
    opened.services.close()


def log(site: Site) -> list[AuditEntry]:
    return list(site.services.audit_log.page(AuditQuery(100)).lines)


def test_every_route_that_changes_something_leaves_an_entry(site_anywhere: Site) -> None:
    site = site_anywhere
    client_id, secret = site.add_client(*GRANTABLE)
    token = site.token(client_id, secret)
    before = len(log(site))
    for route, path, body, _ in ACTS:
        answer = site.client.open(
            path,
            method=route.partition(" ")[0],
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            environ_overrides=STRANGER,
        )
        assert answer.status_code < 300, (route, answer.get_data(as_text=True))
    assert site.post("/oauth/revoke", (client_id, secret), token=token).status_code == 200
    entries = log(site)[:-before][::-1]
    assert [entry.action for entry in entries] == [*(act for *_, act in ACTS), "token_revoked"]
    for entry in entries:
        assert (entry.actor.name, entry.actor.address) == (client_name(client_id), "203.0.113.7")
        assert not any(it in str(entry) for it in (secret, token, "canary"))


def test_the_table_above_knows_every_route_that_is_not_only_read(site: Site) -> None:
    writing = {
        f"{method} {rule.rule}"
        for rule in site.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }
    assert {route for route, *_ in ACTS} | {REVOKE} | SILENT == writing


def test_what_changes_nothing_leaves_no_entry(site: Site) -> None:
    token = site.token(*site.add_client(*GRANTABLE))
    before = log(site)
    for route, path, body in (
        ("POST", "/watches", {"keyword": "news"}),  # 409
        ("PATCH", "/watches/1", {}),
        ("PATCH", "/watches/1", {"paused": False, "filters": {}}),
        ("PATCH", "/watches/77", {"paused": False}),
        ("DELETE", "/watches/77", None),
        ("PATCH", f"/videos/{video(0).video_id}", {"hidden": False}),
        ("PATCH", "/videos/nobody-saw_", {"hidden": True}),
        ("DELETE", "/webhooks/77", None),
        ("POST", "/plan", {"keyword": "sailing"}),
    ):
        site.client.open(
            path,
            method=route,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            environ_overrides=STRANGER,
        )
    site.client.patch("/watches/1", json={"paused": True}, environ_overrides=STRANGER)  # 401
    assert log(site) == before


def test_a_token_that_is_revoked_twice_is_told_once(site: Site) -> None:
    credentials = site.add_client(*GRANTABLE)
    token = site.token(*credentials)
    for _ in range(2):
        site.post("/oauth/revoke", credentials, token=token)
    assert [entry.action for entry in log(site)].count(Action.TOKEN_REVOKED) == 1


def test_the_log_is_for_clients_with_the_scope_admin(site: Site) -> None:
    statuses = {it: site.ask("/audit", token).status_code for it, token in site.tokens().items()}
    assert [scope for scope, status in statuses.items() if status == 200] == [Scope.ADMIN]


def test_of_two_who_ask_for_the_same_at_once_one_changes_it(site_anywhere: Site) -> None:
    services = site_anywhere.services
    with ThreadPoolExecutor(1) as pool:

        def first(transaction: Transaction) -> Future[Watch]:
            transaction.stand_in_line()
            transaction.watches.change(1, {"label": "Boats"})
            second = pool.submit(services.watching.change, 1, {"label": "Boats"})
            wait([second], timeout=0.2)  # it cannot end before this is committed
            return second

        assert services.store.write(first).result().label == "Boats"
    assert [entry for entry in log(site_anywhere) if entry.action == Action.WATCH_CHANGED] == []
