"""POST /oauth/token and /oauth/revoke as RFC 6749 and RFC 7009 have them."""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from app.auth.scopes import Scope
from app.auth.tokens import LIFE_SECONDS
from tests.contract.web.access_scene import STRANGER, Site, basic, open_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from werkzeug.test import TestResponse

GRANT = {"grant_type": "client_credentials"}
SCOPES = Scope.VIDEOS_READ, Scope.WATCHES_WRITE


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    opened = open_site(sqlite_url)
    opened.services.store.migrate()
    yield opened
    opened.services.close()


@pytest.fixture
def credentials(site: Site) -> tuple[str, str]:
    return site.add_client(*SCOPES)


def error_of(reply: TestResponse) -> tuple[int, str]:
    assert reply.content_type == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    body = reply.get_json()
    assert set(body) == {"error", "error_description"}
    return reply.status_code, body["error"]


def test_a_client_gets_a_token_by_header_or_by_form(
    site: Site, credentials: tuple[str, str]
) -> None:
    client_id, secret = credentials
    by_header = site.post("/oauth/token", credentials, **GRANT)
    form = {**GRANT, "client_id": client_id, "client_secret": secret}
    by_form = site.client.post("/oauth/token", data=form, environ_overrides=STRANGER)
    for reply in (by_header, by_form):
        assert reply.status_code == 200
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Pragma"] == "no-cache"
        body = reply.get_json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", LIFE_SECONDS)
        assert body["scope"] == "videos:read watches:write"
        assert site.ask("/watches", body["access_token"]).status_code == 200


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("", "videos:read watches:write"),
        ("videos:read", "videos:read"),
        ("  watches:write   videos:read ", "videos:read watches:write"),
        ("videos:read videos:read", "videos:read"),
    ],
)
def test_a_client_may_ask_for_less_than_it_has(
    site: Site, credentials: tuple[str, str], asked: str, given: str
) -> None:
    body = site.post("/oauth/token", credentials, **GRANT, scope=asked).get_json()
    assert body["scope"] == given
    is_written = site.ask("/watches/9", body["access_token"], "DELETE").status_code
    assert is_written == (404 if "watches:write" in given else 403)


@pytest.mark.parametrize(
    "asked", ["admin", "videos:read admin", "public", "VIDEOS:READ", "videos", "*", "é", "\x00"]
)
def test_a_client_gets_no_scope_that_it_does_not_have(
    site: Site, credentials: tuple[str, str], asked: str
) -> None:
    reply = site.post("/oauth/token", credentials, **GRANT, scope=asked)
    assert error_of(reply) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "CLIENT_CREDENTIALS"}, "unsupported_grant_type"),
        ({**GRANT, "client_secret": "x"}, "invalid_request"),
        ({**GRANT, "client_id": "nrc_other"}, "invalid_request"),
    ],
)
def test_a_request_that_is_not_in_order_is_told_so(
    site: Site, credentials: tuple[str, str], form: Mapping[str, str], error: str
) -> None:
    assert error_of(site.post("/oauth/token", credentials, **form)) == (400, error)


def test_a_parameter_that_is_repeated_is_not_chosen_from(
    site: Site, credentials: tuple[str, str]
) -> None:
    data = {**GRANT, "scope": ["videos:read", "watches:write"]}
    headers = {"Authorization": basic(*credentials)}
    assert error_of(site.client.post("/oauth/token", data=data, headers=headers)) == (
        400,
        "invalid_request",
    )


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic ",
        "Basic !",
        "Basic é",
        "Basic " + b64encode(b"no-colon").decode(),
        "Basic " + b64encode(b"\xff:\xff").decode(),
        basic("", ""),
        basic("nrc_nobody", "nrs_x"),
        "Bearer x",
        "Digest x",
    ],
)
@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke"])
def test_who_cannot_say_who_it_is_gets_nothing(site: Site, path: str, header: str) -> None:
    reply = site.client.post(
        path, data={**GRANT, "token": "x"}, environ_overrides={"HTTP_AUTHORIZATION": header}
    )
    assert error_of(reply) == (401, "invalid_client")
    assert reply.headers["WWW-Authenticate"] == 'Basic realm="newsreel"'


def test_a_known_client_and_an_unknown_one_are_refused_alike(
    site: Site, credentials: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id, _ = credentials
    compared: list[int] = []
    compare = hmac.compare_digest

    def counting(one: str, other: str) -> bool:
        compared.append(len(one) + len(other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    told, work = set(), set()
    for asking in (client_id, "nrc_nobody", "no id", "é\x00"):
        compared.clear()
        reply = site.post("/oauth/token", (asking, "nrs_wrong"), **GRANT)
        told.add((reply.status_code, reply.data))
        work.add(tuple(compared))
    assert len(told) == 1
    assert work == {(128, 128)}


def test_credentials_in_an_address_or_another_kind_of_body_are_not_read(
    site: Site, credentials: tuple[str, str]
) -> None:
    client_id, secret = credentials
    given = {**GRANT, "client_id": client_id, "client_secret": secret}
    in_query = site.client.post("/oauth/token", query_string=given)
    assert in_query.status_code == 400
    assert secret not in in_query.get_data(as_text=True)
    assert error_of(site.client.post("/oauth/token", json=given)) == (401, "invalid_client")
    assert site.client.get("/oauth/token", query_string=given).status_code == 405


def test_a_body_that_is_too_large_is_refused(site: Site, credentials: tuple[str, str]) -> None:
    assert site.post("/oauth/token", credentials, **GRANT, x="x" * 70_000).status_code == 413


def test_a_client_takes_its_own_token_back_and_no_other(
    site: Site, credentials: tuple[str, str]
) -> None:
    token, kept = site.token(*credentials), site.token(*credentials)
    other = site.add_client(Scope.ADMIN)
    assert site.ask("/videos", token).status_code == 200
    refused = site.post("/oauth/revoke", other, token=token)
    assert error_of(refused) == (400, "unauthorized_client")
    assert site.ask("/videos", token).status_code == 200
    for _ in range(2):  # the second time it does not hold anyway
        reply = site.post("/oauth/revoke", credentials, token=token, token_type_hint="x")
        assert (reply.status_code, reply.headers["Cache-Control"]) == (200, "no-store")
    assert site.ask("/videos", token).status_code == 401
    assert site.ask("/videos", kept).status_code == 200


@pytest.mark.parametrize("token", ["x", "a.b.c", "\x00", "é", "x" * 5000])
def test_taking_back_what_is_no_token_is_no_error(
    site: Site, credentials: tuple[str, str], token: str
) -> None:
    assert site.post("/oauth/revoke", credentials, token=token).status_code == 200
    assert error_of(site.post("/oauth/revoke", credentials)) == (400, "invalid_request")


def test_without_its_database_nobody_gets_a_token(sqlite_url: str) -> None:
    empty = open_site(sqlite_url)
    reply = empty.post("/oauth/token", ("nrc_1", "nrs_1"), **GRANT)
    assert (reply.status_code, "Retry-After" in reply.headers) == (503, True)
    empty.services.close()
