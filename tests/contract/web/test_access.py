"""Who is let through: every route with every scope, and what is told to those who are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.auth.scopes import GRANTABLE, Scope
from app.domain.feeds import ALL, Feed
from app.web.read_layer import ReadLayer
from app.web.scopes import declared_scope
from tests.contract.web.access_scene import STRANGER, Site, open_site
from tests.contract.web.conftest import CHANNEL, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.test import TestResponse

FILLED = {
    "<video_id>": "aBvideo-000",
    "<watch_id>": "1",
    "<token>": "x" * 32,
    "<digest>": "x",
    "<path:name>": "docs.js",
    "<channel_id>": CHANNEL,
    "<webhook_id>": "1",
}
FEEDS = ("/feed.atom", "/feed.json")


@pytest.fixture
def database(sqlite_url: str) -> str:
    seeded(sqlite_url).close()
    return sqlite_url


@pytest.fixture
def site(database: str) -> Iterator[Site]:
    """A service that asks every reader for a token."""
    opened = open_site(database)
    yield opened
    opened.services.close()


def routes(site: Site) -> Iterator[tuple[str, str, Scope | None]]:
    for rule in site.app.url_map.iter_rules():
        path = rule.rule
        for name, value in FILLED.items():
            path = path.replace(name, value)
        assert "<" not in path
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            yield method, path, declared_scope(site.app.view_functions[rule.endpoint])


def is_page(path: str) -> bool:
    """Whether people are led to the login who may not see it."""
    return path == "/" or path.startswith("/dashboard/")


def told(reply: TestResponse) -> tuple[int, str]:
    challenge = reply.headers.get("WWW-Authenticate", "")
    return (reply.status_code, challenge) if challenge.startswith("Bearer") else (0, "")


REALM = 'Bearer realm="newsreel"'
LET_THROUGH = (0, "")


@pytest.mark.parametrize("is_required", [True, False])
def test_every_route_answers_those_with_its_scope_and_nobody_else(
    database: str, *, is_required: bool
) -> None:
    site = open_site(database, is_required=is_required)
    tokens = site.tokens()
    for method, path, needed in list(routes(site)):
        is_open = needed is Scope.PUBLIC or (needed is Scope.VIDEOS_READ and not is_required)
        for scope, token in tokens.items():
            lacking = 403, f'{REALM}, error="insufficient_scope", scope="{needed}"'
            expected = LET_THROUGH if is_open or scope is needed else lacking
            assert told(site.ask(path, token, method)) == expected, (method, path, scope)
        nobody, wrong = site.ask(path, method=method), site.ask(path, "a.b.c", method)
        is_led = nobody.headers.get("Location", "").startswith("/login?") and is_page(path)
        assert is_led is (is_page(path) and not is_open)
        assert told(nobody) == (LET_THROUGH if is_open or is_led else (401, REALM)), (method, path)
        refused = 401, f'{REALM}, error="invalid_token"'
        assert told(wrong) == (LET_THROUGH if is_open else refused), (method, path)
    site.services.close()


def test_two_clients_do_what_each_may_and_no_more(site: Site) -> None:
    reader = site.token(*site.add_client(Scope.VIDEOS_READ))
    writer = site.token(*site.add_client(Scope.WATCHES_WRITE, Scope.VIDEOS_READ))
    assert site.ask("/watches", reader).status_code == 200
    assert site.ask("/watches/1", reader, "DELETE").status_code == 403
    assert site.ask("/watches/1", writer).status_code == 200
    assert site.ask("/watches/1", writer, "DELETE").status_code == 204
    assert site.ask("/watches/1", writer).status_code == 404
    assert site.ask("/quota", writer).status_code == 403


def test_a_refusal_is_an_error_like_any_other_and_kept_by_no_cache(site: Site) -> None:
    token = site.token(*site.add_client(Scope.VIDEOS_READ))
    for reply, code in (
        (site.ask("/videos"), "token_required"),
        (site.ask("/videos", "x"), "invalid_token"),
        (site.ask("/quota", token), "insufficient_scope"),
    ):
        [error] = reply.get_json(force=True)["errors"]
        assert (error["code"], error["status"]) == (code, str(reply.status_code))
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.content_type == "application/vnd.api+json"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic eDp5", "bearer x", "Token {}", "Bearer {},{}", "{}"]
)
def test_what_is_no_bearer_token_opens_nothing(site: Site, header: str) -> None:
    token = site.token(*site.add_client(*GRANTABLE))
    headers = {"Authorization": header.format(token, token)}
    for path in ("/videos", "/quota"):
        reply = site.client.get(path, headers=headers, environ_overrides=STRANGER)
        assert reply.status_code == 401
    for name in ("token", "access_token"):
        assert site.ask(f"/videos?{name}={token}").status_code == 401


def test_the_scheme_is_read_in_any_case(site: Site) -> None:
    token = site.token(*site.add_client(Scope.VIDEOS_READ))
    headers = {"Authorization": f"bEARER  {token} "}
    assert site.client.get("/videos", headers=headers).status_code == 200


def test_a_token_of_one_process_holds_in_another_and_ends_in_both(
    database: str, site: Site
) -> None:
    other = open_site(database)
    credentials = site.add_client(Scope.VIDEOS_READ)
    token = site.token(*credentials)
    assert other.ask("/videos", token).status_code == 200
    assert other.post("/oauth/revoke", credentials, token=token).status_code == 200
    assert other.ask("/videos", token).status_code == 401
    assert site.ask("/videos", token).status_code == 401  # it had not looked before
    other.services.close()


def test_pages_from_memory_are_for_those_who_are_known(site: Site) -> None:
    layer = site.app.wsgi_app
    assert isinstance(layer, ReadLayer)
    reader = site.token(*site.add_client(Scope.VIDEOS_READ))
    admin = site.token(*site.add_client(Scope.ADMIN))
    asked = {"REQUEST_METHOD": "GET", "PATH_INFO": "/videos", "QUERY_STRING": ""}

    def is_ready(header: str | None) -> bool:
        given = {} if header is None else {"HTTP_AUTHORIZATION": header}
        return layer.ready({**asked, **given}) is not None

    assert not is_ready(f"Bearer {reader}")
    for _ in range(2):  # rebuilt from the database, then a hit
        assert site.ask("/videos", reader).status_code == 200
    assert site.ask("/videos", admin).status_code == 403
    assert is_ready(f"Bearer {reader}")
    for header in (None, "", f"Bearer {admin}", "Bearer x", f"Basic {reader}"):
        assert not is_ready(header)
        assert layer.kept({**asked, "HTTP_AUTHORIZATION": header or ""}) is None
    etag = site.ask("/videos", reader).headers["ETag"]
    named = {"If-None-Match": etag}
    unknown = site.client.get("/videos", headers=named, environ_overrides=STRANGER)
    assert unknown.status_code == 401


def test_what_takes_a_token_is_kept_by_no_shared_cache(database: str, site: Site) -> None:
    token = site.token(*site.add_client(Scope.VIDEOS_READ))
    is_open = open_site(database, is_required=False)
    for path in ("/videos", "/videos?page=2", "/watches/1/videos", "/changes", *FEEDS):
        for _ in range(2):  # from the application, then from memory
            assert "public" not in site.ask(path, token).headers["Cache-Control"]
    assert site.ask("/videos", token).headers["Cache-Control"].startswith("private, max-age=5")
    assert is_open.ask("/videos").headers["Cache-Control"].startswith("public, max-age=5")
    is_open.services.close()


def test_embedded_this_machine_needs_no_token_and_a_rebound_name_is_not_this_machine(
    database: str,
) -> None:
    embedded = open_site(database, is_embedded=True)
    local = {"REMOTE_ADDR": "127.0.0.1"}
    for path in ("/videos", "/quota", "/"):
        for host, status in (("localhost:5001", 200), ("rebound.example:5001", 421)):
            environ = {**local, "HTTP_HOST": host}
            for _ in range(2):
                reply = embedded.client.get(path, environ_overrides=environ)
                assert reply.status_code == status, (path, host)
    foreign = {**local, "HTTP_HOST": "localhost:5001", "HTTP_ORIGIN": "https://evil.example"}
    assert embedded.client.delete("/watches/1", environ_overrides=foreign).status_code == 401
    presented = {"Authorization": "Bearer x"}  # who shows a token is judged by it
    environ = {**local, "HTTP_HOST": "localhost:5001"}
    refused = embedded.client.get("/quota", headers=presented, environ_overrides=environ)
    assert refused.status_code == 401
    embedded.services.close()


def test_in_the_full_stack_this_machine_is_nobody(site: Site) -> None:
    environ = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:5001"}
    for path in ("/videos", "/quota"):
        assert site.client.get(path, environ_overrides=environ).status_code == 401


def addresses(feed: Feed, token: str) -> list[str]:
    chosen = ""
    if feed.watch_id:
        chosen = f"watch={feed.watch_id}&"
    if feed.channel_id:
        chosen = f"channel_id={feed.channel_id}&"
    return [f"{path}?{chosen}token={token}" for path in FEEDS]


def test_a_feed_token_opens_its_feed_and_no_other(site: Site) -> None:
    feeds = [ALL, Feed(watch_id=1), Feed(channel_id=CHANNEL)]
    made = [site.services.access.feed_tokens.add(feed) for feed in feeds]
    for stored, token in made:
        for feed in feeds:
            status = 200 if feed == stored.feed else 401
            replies = [site.ask(address) for address in addresses(feed, token)]
            assert [reply.status_code for reply in replies] == [status] * 2
        for other in ("/videos?", "/videos?watch=1&", "/changes?", "/watches?", "/quota?"):
            assert site.ask(f"{other}token={token}").status_code == 401
        assert site.ask(f"/?token={token}").status_code == 303  # to the login
        for odd in ("keyword=news", "watch=01", "watch=x", f"watch=1&channel_id={CHANNEL}"):
            assert site.ask(f"/feed.atom?{odd}&token={token}").status_code == 401
        raw = {**STRANGER, "QUERY_STRING": f"\xff=1&token={token}"}
        assert site.client.get("/feed.atom", environ_overrides=raw).status_code in (400, 401)
        assert site.ask("/feed.atom", token).status_code == 401  # it is no access token
        assert site.ask(addresses(stored.feed, token)[0], method="POST").status_code == 405
        site.services.access.feed_tokens.revoke(stored.feed_token_id)
        assert site.ask(addresses(stored.feed, token)[0]).status_code == 401


def test_a_feed_token_is_repeated_nowhere(site: Site) -> None:
    _, token = site.services.access.feed_tokens.add(ALL)
    layer = site.app.wsgi_app
    assert isinstance(layer, ReadLayer)
    for address in (*addresses(ALL, token), f"/feed.atom?limit=x&token={token}"):
        for _ in range(2):
            reply = site.ask(address)
            assert token not in reply.get_data(as_text=True) + str(reply.headers)
    assert token not in repr(list(layer._addresses.items()))
    spellings = {site.ask(f"/feed.atom?token={token}").headers["ETag"]}
    assert spellings == {site.ask(f"/feed.atom?token={token}&limit=30").headers["ETag"]}


def test_an_address_with_a_token_goes_on_where_reading_takes_none(database: str) -> None:
    is_open = open_site(database, is_required=False)
    for token in ("nrf_whatever", "x"):
        for address in addresses(Feed(watch_id=1), token):
            assert is_open.ask(address).status_code == 200
    assert is_open.ask(f"/feed.atom?token={'x' * 101}").status_code == 400
    is_open.services.close()
