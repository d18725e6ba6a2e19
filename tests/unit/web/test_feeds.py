from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import orjson
import pytest

from app.domain.errors import NothingToServeError
from app.domain.feeds import CacheState, Page
from app.web.api import examples
from app.web.api.examples import VIDEO

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.domain.feeds import PageRequest
    from tests.unit.web.fakes import MemoryServices

ATOM = "{http://www.w3.org/2005/Atom}"
WATCH_PAGE = "https://www.youtube.com/watch?v="
CHANNEL = "UC0123456789012345678901"
ALL_IDS = [f"vid{99 - number:08}" for number in range(25)]
PATHS = ["/feed.atom", "/feed.json"]


def ids(client: FlaskClient, query: str) -> tuple[list[str], list[str]]:
    """The videos in the two formats."""
    entries = atom(client, query).iterfind(f"{ATOM}entry/{ATOM}id")
    return (
        [(found.text or "").removeprefix("yt:video:") for found in entries],
        [item["id"].removeprefix(WATCH_PAGE) for item in json_feed(client, query)["items"]],
    )


def titles(client: FlaskClient, query: str) -> tuple[str | None, str]:
    return atom(client, query).findtext(f"{ATOM}title"), json_feed(client, query)["title"]


def atom(client: FlaskClient, query: str) -> ET.Element:
    return ET.fromstring(client.get(f"/feed.atom{query}").data)


def json_feed(client: FlaskClient, query: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/feed.json{query}").get_json()
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL_IDS),
        ("?limit=3", ALL_IDS[:3]),
        ("?watch=1", ALL_IDS[::2]),
        ("?keyword=news&per_page=2", ALL_IDS[::2][:2]),
        (f"?channel_id={CHANNEL}", ALL_IDS),
    ],
)
def test_a_feed_has_the_newest_videos_of_what_was_asked_for(
    client: FlaskClient, query: str, expected: list[str]
) -> None:
    assert ids(client, query) == (expected, expected)


def test_a_feed_is_called_by_what_it_is_about(client: FlaskClient) -> None:
    assert titles(client, "") == ("Newsreel", "Newsreel")
    assert titles(client, "?keyword=news") == ("Newsreel: news", "Newsreel: news")
    assert titles(client, "?watch=1") == ("Newsreel: watch 1", "Newsreel: watch 1")
    of_channel = f"Newsreel: {VIDEO['channel_title']}"
    assert titles(client, f"?channel_id={CHANNEL}") == (of_channel, of_channel)


def test_a_feed_of_simulated_videos_says_so(client: FlaskClient, services: MemoryServices) -> None:
    services.demo = True
    assert titles(client, "") == ("Newsreel demo", "Newsreel demo")


def test_a_watch_by_id_and_by_keyword_is_one_feed(client: FlaskClient) -> None:
    def feed_id(query: str) -> str | None:
        return atom(client, query).findtext(f"{ATOM}id")

    assert feed_id("?watch=1") == feed_id("?keyword=news&limit=3") == "urn:newsreel:watch:1"
    assert feed_id("") == "urn:newsreel:all"


def test_a_feed_names_its_path_below_the_prefix_and_no_host(client: FlaskClient) -> None:
    stranger = {"REMOTE_ADDR": "203.0.113.7", "HTTP_HOST": "evil.example"}
    environ = {"SCRIPT_NAME": "/newsreel", **stranger}
    response = client.get("/feed.atom?watch=1", environ_overrides=environ)
    link = ET.fromstring(response.data).find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == "/newsreel/feed.atom?limit=30&watch=1"
    assert "evil.example" not in response.text + str(response.headers)


def test_the_examples_are_what_is_answered(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page((orjson.dumps(VIDEO),), 1, 1, CacheState.HIT, 0, None, None)

    def one_page(_request: PageRequest, at_least: int = 0) -> Page:
        del at_least
        return page

    monkeypatch.setattr(services.feed, "page", one_page)
    assert client.get("/feed.atom?limit=1&keyword=news").text == examples.ATOM_FEED
    assert json_feed(client, "?keyword=news") == examples.JSON_FEED


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_feed_is_answered(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    services.feed.positions.clear()
    assert client.get(path).status_code == 200
    assert client.get(f"{path}?channel_id={CHANNEL}").status_code == 200
    assert ids(client, "") == ([], [])
    assert titles(client, f"?channel_id={CHANNEL}")[0] == f"Newsreel: {CHANNEL}"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/feed.atom", "application/atom+xml"), ("/feed.json", "application/feed+json")],
)
def test_a_feed_is_sent_as_what_it_is_and_may_be_cached_for_a_moment(
    client: FlaskClient, path: str, content_type: str
) -> None:
    headers = client.get(path).headers
    assert headers["Content-Type"] == content_type
    assert headers["Cache-Control"] == "public, max-age=5, stale-while-revalidate=30"
    assert (headers["Vary"], headers["X-Cache"]) == ("Accept-Encoding", "hit")


@pytest.mark.parametrize("path", PATHS)
def test_a_feed_that_a_client_has_is_not_sent_again(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    etag = client.get(path).headers["ETag"]
    again = client.get(f"{path}?limit=30", headers={"If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    services.feed.version += 1
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_every_feed_in_every_format_has_an_etag_of_its_own(client: FlaskClient) -> None:
    paths = [path + query for path in PATHS for query in ("", "?limit=29", "?watch=1")]
    assert len({client.get(path).headers["ETag"] for path in (*paths, "/videos?limit=30")}) == 7


@pytest.mark.parametrize("path", PATHS)
def test_a_feed_is_sent_compressed_to_those_who_take_it(client: FlaskClient, path: str) -> None:
    plain = client.get(path)
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]


@pytest.mark.parametrize("path", [*PATHS, "/feed.atom?watch=9"])
def test_head_answers_as_get_without_the_body(client: FlaskClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (get.status_code, b"")
    mine = {"X-Request-ID": ""}  # of each request its own
    assert dict(head.headers) | mine == dict(get.headers) | mine


@pytest.mark.parametrize("path", PATHS)
def test_a_feed_is_written_once_per_version(
    client: FlaskClient,
    services: MemoryServices,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    first = client.get(f"{path}?limit=2&watch=1")
    with monkeypatch.context() as patched:
        patched.delattr(type(services.feed), "page")
        again = client.get(f"{path}?limit=2&watch=1")
    assert (again.data, dict(again.headers)) == (first.data, dict(first.headers))


@pytest.mark.parametrize("path", PATHS)
def test_a_stale_feed_says_so_and_never_goes_back(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    etag = client.get(path).headers["ETag"]
    services.feed.version -= 1
    services.feed.cache, services.feed.stale_seconds = CacheState.STALE, 90
    stale = client.get(path)
    assert (stale.headers["X-Cache"], stale.headers["Age"]) == ("stale", "90")
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("watch=9", 404, "not_found"),
        ("keyword=unheard", 404, "not_found"),
        ("watch=x", 400, "invalid_watch"),
        ("limit=101", 400, "invalid_limit"),
        ("page=1", 400, "unknown_parameter"),
        ("limit=5&per_page=5", 400, "repeated_parameter"),
        ("watch=1&keyword=news", 400, "conflicting_parameters"),
    ],
)
def test_what_cannot_be_answered_is_refused_as_everywhere(
    client: FlaskClient, path: str, query: str, status: int, code: str
) -> None:
    response = client.get(f"{path}?{query}")
    assert response.status_code == status
    assert response.content_type == "application/vnd.api+json"
    assert response.get_json()["errors"][0]["code"] == code


@pytest.mark.parametrize("path", PATHS)
def test_with_nothing_to_serve_a_reader_is_told_to_come_back(
    client: FlaskClient, services: MemoryServices, path: str
) -> None:
    services.feed.broken = NothingToServeError("all is away")
    response = client.get(path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
