"""First pages from memory: the same as from the application, never older, and bounded."""

from __future__ import annotations

import gzip
from itertools import permutations, product
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import Client, EnvironBuilder

from app.domain.feeds import CacheState
from app.web.etags import make_etag, newest_named
from app.web.read_layer import Needs, ReadLayer
from app.web.representations import accepts_gzip

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.unit.web.fakes import MemoryServices

PARAMETERS = [
    {},
    {"page": "1"},
    {"limit": "3"},
    {"per_page": "3"},
    {"page": "1", "limit": "3", "watch": "1"},
    {"page": "1", "page_size": "100", "keyword": "news"},
    {"limit": "25", "channel_id": "UC" + "a" * 22},
]
ASKED = [
    {},
    {"Accept-Encoding": "gzip"},
    {"Accept-Encoding": "br, gzip;q=0.5, identity;q=0.8"},
    {"If-None-Match": "*"},
    {"If-None-Match": '"1-000000000000-identity", W/"x"'},
]


PROBES = ["/health", "/ready", "/ready?x=1"]


class Counted:
    """A WSGI application that counts what reaches it."""

    def __init__(self, app: Flask) -> None:
        self.requests = 0
        layer = layer_of(app)
        self._below, layer._app = layer._app, self

    def __call__(self, environ, start_response):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        self.requests += 1
        return self._below(environ, start_response)


def layer_of(app: Flask) -> ReadLayer:
    layer = app.wsgi_app
    assert isinstance(layer, ReadLayer)
    return layer


@pytest.fixture
def below(app: Flask) -> Counted:
    return Counted(app)


def told(response: TestResponse) -> tuple[str, list[tuple[str, str]], bytes]:
    return response.status, sorted(response.headers), response.data


def spellings() -> list[str]:
    return [
        "/videos" + ("?" + urlencode(order) if order else "")
        for parameters in PARAMETERS
        for order in permutations(parameters.items())
    ]


@pytest.mark.parametrize("path", spellings())
def test_a_page_from_memory_is_the_applications_page(
    client: FlaskClient, services: MemoryServices, below: Counted, path: str
) -> None:
    client.get(path)
    for method, headers in product(["GET", "HEAD"], ASKED):
        from_memory = client.open(path, method=method, headers=headers)
        assert below.requests == 1
        with services.feed.unready():
            from_the_app = client.open(path, method=method, headers=headers)
        assert below.requests == 2
        assert told(from_memory) == told(from_the_app)
        below.requests = 1


def test_the_named_version_is_not_modified_in_each_encoding(client: FlaskClient) -> None:
    for accepted in ("identity", "gzip"):
        whole = client.get("/videos", headers={"Accept-Encoding": accepted})
        again = client.get(
            "/videos", headers={"Accept-Encoding": accepted, "If-None-Match": whole.headers["ETag"]}
        )
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == whole.headers["ETag"]
        assert again.headers["Cache-Control"] == whole.headers["Cache-Control"]
        assert "Content-Type" not in again.headers
    other = client.get(
        "/videos", headers={"Accept-Encoding": "identity", "If-None-Match": whole.headers["ETag"]}
    )
    assert other.status_code == 200


def test_gzip_is_the_same_page_under_an_etag_of_its_own(client: FlaskClient) -> None:
    plain = client.get("/videos?limit=25")
    packed = client.get("/videos?limit=25", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data) / 3
    assert packed.headers["Content-Length"] == str(len(packed.data))
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert "Content-Encoding" not in plain.headers


def test_each_version_is_asked_for_once(
    client: FlaskClient, services: MemoryServices, below: Counted
) -> None:
    for _ in range(3):
        client.get("/videos")
        client.get("/videos", headers={"Accept-Encoding": "gzip"})
    assert below.requests == 1
    services.feed.version += 1
    etags = {client.get("/videos").headers["ETag"] for _ in range(3)}
    assert below.requests == 2
    assert [etag[1] for etag in etags] == ["2"]


def test_a_page_that_is_no_hit_is_not_kept(
    client: FlaskClient, services: MemoryServices, below: Counted
) -> None:
    services.feed.cache = CacheState.STALE
    services.feed.stale_seconds = 7
    client.get("/videos")
    services.feed.stale_seconds = 8
    assert client.get("/videos").headers["Age"] == "8"
    assert below.requests == 2


def test_a_client_that_names_a_newer_version_reaches_the_application(
    client: FlaskClient, below: Counted
) -> None:
    etag = client.get("/videos").headers["ETag"]
    newer = etag.replace('"1-', '"7-')
    client.get("/videos", headers={"If-None-Match": newer})
    assert below.requests == 2
    client.get("/videos", headers={"If-None-Match": etag.replace('"1-', '"0-')})
    assert below.requests == 2


def test_a_client_is_not_given_an_older_page_while_the_backends_are_away(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.feed.cache, services.feed.version = CacheState.STALE, 5
    etag = client.get("/videos").headers["ETag"]
    for newer in (etag.replace('"5-', '"6-'), etag.replace('"5-', 'W/"6-')):
        kept = client.get("/videos", headers={"If-None-Match": newer})
        assert (kept.status_code, kept.headers["ETag"]) == (304, newer.removeprefix("W/"))
    services.feed.cache = CacheState.HIT  # its database was put back to an older state
    assert client.get("/videos", headers={"If-None-Match": newer}).status_code == 200


def test_a_304_repeats_only_our_newest_tag_however_much_a_client_sends(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.feed.cache, services.feed.version = CacheState.STALE, 5
    etag = client.get("/videos").headers["ETag"]
    newest, newer = etag.replace('"5-', '"7-'), etag.replace('"5-', '"6-')
    named = f'"{"x" * 4000}", {newer}, W/{newest}, "9-000000000000-gzip"'
    kept = client.get("/videos", headers={"If-None-Match": named})
    assert (kept.status_code, kept.headers["ETag"]) == (304, newest)


@pytest.mark.parametrize("path", ["/videos", "/videos?watch=1&limit=3"])
def test_a_kept_page_marked_stale_is_the_applications_stale_page(
    app: Flask, client: FlaskClient, services: MemoryServices, path: str
) -> None:
    client.get(path)
    services.feed.cache, services.feed.stale_seconds = CacheState.STALE, 7
    for method, headers in product(["GET", "HEAD"], ASKED):
        environ = EnvironBuilder(path, method=method, headers=Headers(headers)).get_environ()
        assert layer_of(app).ready(environ) is None
        kept = layer_of(app).kept(environ)
        assert kept is not None
        from_the_app = client.open(path, method=method, headers=headers)
        assert (kept.status, sorted(kept.headers), b"".join(kept.body)) == told(from_the_app)


def test_a_kept_page_is_not_shown_where_a_newer_one_was_seen(
    app: Flask, client: FlaskClient, services: MemoryServices
) -> None:
    etag = client.get("/videos").headers["ETag"]
    newer = Headers({"If-None-Match": etag.replace('"1-', '"7-')})
    layer = layer_of(app)
    assert layer.kept(EnvironBuilder("/videos").get_environ()) is not None
    assert layer.kept(EnvironBuilder("/videos", headers=newer).get_environ()) is None
    services.feed.version = 2  # this process has a newer head, and shown it at another limit
    assert layer.kept(EnvironBuilder("/videos").get_environ()) is None
    services.feed.version = 0  # it knows of none any more
    assert layer.kept(EnvironBuilder("/videos").get_environ()) is None
    assert layer.kept(EnvironBuilder("/videos?limit=9").get_environ()) is None


def test_what_a_request_needs_is_told_by_its_address(app: Flask, client: FlaskClient) -> None:
    client.get("/videos")
    told = {
        (method, path): layer_of(app).needs(EnvironBuilder(path, method=method).get_environ())
        for method, path in product(["GET", "POST"], ["/videos", "/videos?page=2", *PROBES])
    }
    assert {it: needs for it, needs in told.items() if needs is not Needs.STORE} == {
        ("GET", "/videos"): Needs.CACHE,
        ("GET", "/health"): Needs.NOTHING,
        ("GET", "/ready"): Needs.CHECK,
    }


def test_long_ways_to_write_an_address_are_not_kept(app: Flask, client: FlaskClient) -> None:
    for slashes in (2, 3000):
        written = {"PATH_INFO": "/" * slashes + "videos"}
        assert client.get("/", environ_overrides=written).status_code == 200
    assert [path for _, path, _ in layer_of(app)._addresses] == ["//videos"]


def test_what_is_kept_is_bounded(app: Flask, services: MemoryServices) -> None:
    layer = ReadLayer(app.wsgi_app, services.feed, max_bytes=60_000, max_spellings=20)
    client = Client(layer)
    for limit in range(1, 26):
        client.get(f"/videos?limit={limit}")
    assert 0 < sum(kept.reply.size for kept in layer._pages.values()) <= 60_000
    assert len(layer._addresses) == 20
    assert b'"limit":1,' in client.get("/videos?limit=1").data


def test_a_request_with_a_body_reaches_the_application(client: FlaskClient, below: Counted) -> None:
    client.get("/videos")
    client.get("/videos", data=b"x" * 10)
    assert below.requests == 2


def test_an_error_is_never_kept(client: FlaskClient, services: MemoryServices) -> None:
    services.feed.broken = RuntimeError()
    assert client.get("/videos").status_code == 500
    services.feed.broken = None
    assert client.get("/videos").status_code == 200


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("GZIP", True),
        ("*", True),
        ("gzip;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("br", False),
        ("", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(header: str, *, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


def test_the_newest_version_named_counts_and_only_of_the_same_page() -> None:
    mine, other = (f'"{make_etag(9, path)}"' for path in ("/videos?limit=1", "/videos?limit=2"))
    older = mine.replace('"9-', '"8-')
    assert newest_named(f"{older}, W/{mine}, {other.replace('9', '99', 1)}", "/videos?limit=1") == 9
    assert newest_named('*, "x", "99999999999999999999999-a-gzip"', "/videos") == 0
