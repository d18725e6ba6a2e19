"""nginx as the compose stack has it, before the service: what it keeps, for whom, for how long."""

import json
import re
from collections.abc import Callable, Iterator

import pytest
from werkzeug.datastructures import Headers

from app.domain.errors import StoreUnavailableError
from tests.contract.deploy.edge import Edge, kept_for, open_edge, read_all
from tests.processes import PROJECT
from tests.servers.nginx import OF_THE_SERVER
from tests.waiting import wait_until

CROWD = 50


@pytest.fixture(scope="module")
def both() -> Iterator[Edge]:
    with open_edge() as opened:
        yield opened


@pytest.fixture
def edge(both: Edge) -> Edge:
    both.upstream.start()
    both.upstream.asked.clear()
    return both


def _is_no_hit(edge: Edge, address: str) -> Callable[[], str]:
    """Ask until a page is no longer fresh; tells what it is then."""

    def ask() -> str:
        told = edge.get(address).headers["X-Edge-Cache"]
        return "" if told == "hit" else told

    return ask


def test_a_page_is_asked_for_once_and_then_given_out_as_it_is(edge: Edge) -> None:
    address = edge.new_page()

    first, second = edge.get(address), edge.get(address)

    assert [it.headers["X-Edge-Cache"] for it in (first, second)] == ["miss", "hit"]
    assert edge.upstream.asked == {address: 1}
    assert second.content == first.content
    for name in ("ETag", "Cache-Control", "X-Cache", "Vary", "Content-Security-Policy", "Date"):
        assert second.headers[name] == first.headers[name]


def test_a_crowd_costs_the_service_one_request(edge: Edge) -> None:
    address = edge.new_page()
    edge.upstream.answering.clear()

    crowd = [edge.send(address) for _ in range(CROWD)]
    wait_until(lambda: edge.upstream.asked[address])
    edge.upstream.answering.set()

    answers = {read_all(connection).partition(b"\r\n\r\n")[2] for connection in crowd}
    assert answers == {edge.get(address).content}
    assert edge.upstream.asked == {address: 1}


def test_while_one_request_fetches_the_new_page_nobody_waits_for_it(edge: Edge) -> None:
    address = edge.new_page()
    edge.upstream.rewrite = kept_for("public, max-age=1, stale-while-revalidate=30")
    old = edge.get(address)
    edge.upstream.services.feed.version += 1
    edge.upstream.answering.clear()

    assert wait_until(_is_no_hit(edge, address)) == "stale"
    others = [edge.get(address) for _ in range(3)]
    assert {it.headers["X-Edge-Cache"] for it in others} == {"stale"}
    assert {it.headers["ETag"] for it in others} == {old.headers["ETag"]}
    assert edge.upstream.asked == {address: 2}

    edge.upstream.answering.set()
    wait_until(lambda: edge.get(address).headers["ETag"] != old.headers["ETag"])


def test_a_page_is_not_shown_for_longer_than_it_says(edge: Edge) -> None:
    address = edge.new_page()
    edge.upstream.rewrite = kept_for("public, max-age=1")
    edge.get(address)

    assert wait_until(_is_no_hit(edge, address)) == "miss"


def test_what_was_read_before_is_read_on_while_the_service_restarts(edge: Edge) -> None:
    address = edge.new_page()
    edge.upstream.rewrite = kept_for("public, max-age=1")
    before = edge.get(address)
    edge.upstream.stop()

    assert wait_until(_is_no_hit(edge, address)) == "stale"
    assert edge.get(address).content == before.content
    assert edge.get(address).headers["Date"] == before.headers["Date"], "and it tells its age"

    edge.upstream.start()
    wait_until(lambda: edge.get(address).headers["X-Edge-Cache"] != "stale")


def test_a_service_that_fails_is_covered_up_for_and_its_failure_is_not_kept(edge: Edge) -> None:
    address = edge.new_page()
    edge.upstream.rewrite = kept_for("public, max-age=1")
    edge.get(address)
    edge.upstream.services.feed.broken = StoreUnavailableError("lost")

    assert wait_until(_is_no_hit(edge, address)) == "stale"
    unknown = edge.new_page()
    assert edge.get(unknown).status_code == 503
    edge.upstream.services.feed.broken = None
    assert edge.get(unknown).status_code == 200


def test_without_service_and_page_the_error_is_ours(edge: Edge) -> None:
    edge.upstream.stop()

    refused = edge.get(edge.new_page())

    assert refused.status_code == 503
    assert refused.headers["Content-Type"] == "application/vnd.api+json"
    assert refused.headers["Retry-After"] == "5"
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.json()["errors"][0]["code"] == "unavailable"


def _set_cookie(headers: Headers) -> None:
    headers["Set-Cookie"] = "newsreel=secret"


def _vary(headers: Headers) -> None:
    headers["Vary"] = "Cookie"


@pytest.mark.parametrize(
    "rewrite",
    [
        kept_for("private, max-age=5, stale-while-revalidate=30"),
        kept_for("no-store"),
        kept_for("no-cache"),
        _set_cookie,
        _vary,
    ],
    ids=["private", "no-store", "no-cache", "sets a cookie", "varies"],
)
def test_what_is_for_one_reader_is_given_to_no_other(
    edge: Edge, rewrite: Callable[[Headers], None]
) -> None:
    address = edge.new_page()
    edge.upstream.rewrite = rewrite

    told = [edge.get(address).headers["X-Edge-Cache"] for _ in range(2)]

    assert told == ["miss", "miss"]
    assert edge.upstream.asked == {address: 2}


@pytest.mark.parametrize(
    ("headers", "suffix"),
    [
        ({"authorization": "Bearer x.y.z"}, ""),
        ({"cookie": "newsreel=x"}, ""),
        ({}, "&token=some-token"),
    ],
    ids=["token", "cookie", "feed token"],
)
def test_who_shows_who_they_are_neither_gets_nor_leaves_a_page(
    edge: Edge, headers: dict[str, str], suffix: str
) -> None:
    kept, unknown = edge.new_page() + suffix, edge.new_page() + suffix
    if not suffix:
        edge.get(kept)

    for address in (kept, unknown):
        assert edge.get(address, **headers).headers["X-Edge-Cache"] == "bypass"
    assert edge.upstream.asked[kept] == (1 if suffix else 2)
    edge.get(unknown)
    assert edge.upstream.asked[unknown] == 2


def test_who_has_the_page_is_told_so_by_nginx_alone(edge: Edge) -> None:
    address = edge.new_page()
    etag = edge.get(address).headers["ETag"]

    unchanged = edge.get(address, if_none_match=f'"other", {etag}')

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["ETag"] == etag
    assert "max-age=5" in unchanged.headers["Cache-Control"]
    assert edge.upstream.asked == {address: 1}


def test_head_comes_from_the_same_page(edge: Edge) -> None:
    address = edge.new_page()
    whole = edge.get(address)

    head = edge.get(address, "HEAD")

    assert (head.status_code, head.content) == (200, b"")
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]
    assert edge.upstream.asked == {address: 1}


def test_a_page_is_kept_in_two_encodings_however_they_are_asked_for(edge: Edge) -> None:
    address = edge.new_page()
    plain = edge.get(address)
    for accepted in ("", "br", "gzip;q=0", "gzip; q=0.0, br", "deflate"):
        given = edge.get(address, accept_encoding=accepted)
        assert given.content == plain.content
        assert "Content-Encoding" not in given.headers

    packed = edge.get(address, accept_encoding="gzip")
    for accepted in ("gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP"):
        given = edge.get(address, accept_encoding=accepted)
        assert given.headers["Content-Encoding"] == "gzip"
        assert given.content == plain.content  # unpacked by the client
        assert given.headers["ETag"] == packed.headers["ETag"]

    assert edge.upstream.asked == {address: 2}
    assert packed.headers["ETag"].endswith('-gzip"'), "strong, and another one"
    assert plain.headers.get_list("Vary") == packed.headers.get_list("Vary") == ["Accept-Encoding"]


def test_a_page_of_the_demo_stays_marked(edge: Edge) -> None:
    address = edge.new_page()

    def mark(headers: Headers) -> None:
        headers["X-Demo"] = "1"

    edge.upstream.rewrite = mark
    assert [edge.get(address).headers.get("X-Demo") for _ in range(2)] == ["1", "1"]


def test_walks_by_cursor_and_all_that_is_of_the_moment_reach_the_service(edge: Edge) -> None:
    cursor = edge.get(edge.new_page()).json()["next_cursor"]
    edge.upstream.asked.clear()

    for address in (f"/videos?cursor={cursor}", "/ready?", "/health?", "/stats?", "/nowhere?"):
        edge.get(address)
        edge.get(address)
        assert edge.upstream.asked[address] == 2, address


@pytest.mark.parametrize("path", ["/metrics", "//metrics", "/%6detrics", "/x/../metrics"])
def test_metrics_are_not_for_the_outside(edge: Edge, path: str) -> None:
    connection = edge.send(path)

    head, _, body = read_all(connection).partition(b"\r\n\r\n")

    assert b" 404 " in head.splitlines()[0]
    assert json.loads(body)["errors"][0]["code"] == "not_found"
    assert not edge.upstream.asked


def test_all_that_caches_may_keep_is_kept_here_but_what_is_fetched_on_demand() -> None:
    document = json.loads((PROJECT / "docs/openapi.json").read_text(encoding="utf-8"))
    cacheable = {
        path
        for path, operations in document["paths"].items()
        if "304" in operations.get("get", {}).get("responses", {})
    }
    [pattern] = re.findall(r"location ~ (\^\S+) \{\n +proxy_cache ", OF_THE_SERVER.read_text())

    kept = {path for path in document["paths"] if re.search(pattern, path)}

    assert kept == cacheable - {"/channels/{channel_id}/videos"}
