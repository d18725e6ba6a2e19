"""The API over the real services."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from app.web.factory import create_app
from tests.contract.web.conftest import CHANNEL, VIDEOS, newest_first, seeded, video

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.bootstrap import Services

ATOM = "{http://www.w3.org/2005/Atom}"


def walk(client: FlaskClient, path: str | None, direction: str = "next") -> list[str]:
    met = []
    while path is not None:
        response = client.get(path)
        assert response.status_code == 200, response.data
        met += [item["video_id"] for item in response.get_json()["items"]]
        path = response.get_json()[direction]
    return met


@pytest.mark.parametrize("limit", [7, 50, 100])
def test_links_by_number_meet_every_video_once_in_order(client: FlaskClient, limit: int) -> None:
    assert walk(client, f"/videos?limit={limit}") == newest_first()


@pytest.mark.parametrize("limit", [7, 50, 100])
def test_links_by_cursor_meet_every_video_once_in_order(client: FlaskClient, limit: int) -> None:
    first = client.get(f"/videos?limit={limit}").get_json()
    rest = walk(client, f"/videos?limit={limit}&cursor={first['next_cursor']}")
    assert newest_first()[:limit] + rest == newest_first()


def test_previous_cursors_lead_back_from_the_end(client: FlaskClient) -> None:
    last = client.get("/videos?limit=13&page=10").get_json()
    path = f"/videos?limit=13&cursor={last['previous_cursor']}"
    pages: list[list[str]] = []
    while path is not None:
        body = client.get(path).get_json()
        pages.insert(0, [item["video_id"] for item in body["items"]])
        path = body["previous"]
    assert [name for page in pages for name in page] == newest_first()[:117]


def test_the_whole_feed_is_counted(client: FlaskClient) -> None:
    assert client.get("/videos?limit=1").get_json()["total"] == VIDEOS
    assert client.get("/videos?limit=1&page=99").get_json()["total"] == VIDEOS


def test_a_keyword_and_its_id_are_one_feed(client: FlaskClient) -> None:
    found = {video(number).video_id for number in range(0, VIDEOS, 3)}
    expected = [name for name in newest_first() if name in found]
    (watch_id,) = client.get(f"/videos/{expected[0]}").get_json()["watches"]
    assert walk(client, "/videos?limit=20&keyword=news") == expected
    assert walk(client, f"/videos?limit=20&watch={watch_id}") == expected
    assert client.get("/videos?keyword=news").get_json()["total"] == len(expected)


def test_a_channel_is_a_feed_of_its_own(client: FlaskClient) -> None:
    of_channel = {video(number).video_id for number in range(1, VIDEOS, 2)}
    expected = [name for name in newest_first() if name in of_channel]
    assert walk(client, f"/videos?limit=20&channel_id={CHANNEL}") == expected


@pytest.mark.parametrize(
    "path", ["/videos?watch=99", "/videos?keyword=News", "/videos/AVIDEO-0001", "/videos/x"]
)
def test_what_is_not_stored_is_not_found(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.get_json()["errors"][0]["code"] == "not_found"


def test_text_arrives_byte_for_byte(client: FlaskClient) -> None:
    told = video(4)
    item = client.get(f"/videos/{told.video_id}").get_json()
    assert (item["title"], item["description"]) == (told.title, told.description)
    assert (item["tags"], item["view_count"]) == (["a", "ü"], 2**40)


def test_a_video_is_the_same_bytes_alone_in_the_cache_and_deep_down(client: FlaskClient) -> None:
    name = newest_first()[0]
    alone = client.get(f"/videos/{name}").data
    assert alone in client.get("/videos?limit=1").data  # from the cache
    second = client.get("/videos?limit=1&page=2").get_json()
    newer = client.get(f"/videos?limit=1&cursor={second['previous_cursor']}").data
    assert alone in newer  # from the database


def test_every_page_and_video_obeys_the_published_schema(client: FlaskClient) -> None:
    document = client.get("/openapi.json").get_json()

    def check(schema: str, path: str) -> None:
        root = {**document, "$ref": f"#/components/schemas/{schema}"}
        Draft202012Validator(root).validate(client.get(path).get_json())

    for page in range(1, 4):
        check("VideoList", f"/videos?limit=60&page={page}")
    check("VideoList", f"/videos?channel_id={CHANNEL}")
    check("Item", f"/videos/{newest_first()[0]}")
    check("Readiness", "/ready")


@pytest.mark.parametrize("path", ["/videos", "/videos?page=2&limit=60", "/videos?keyword=news"])
def test_an_unchanged_page_is_confirmed_even_by_a_restarted_service(
    client: FlaskClient, services: Services, path: str
) -> None:
    etag = client.get(path).headers["ETag"]
    restarted = create_app(services).test_client()
    assert restarted.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_the_first_page_comes_from_the_cache_from_the_second_time_on(client: FlaskClient) -> None:
    states = [client.get("/videos").headers["X-Cache"] for _ in range(2)]
    assert states == ["miss", "hit"]


def test_feeds_for_readers_hold_the_newest_of_all_of_a_watch_and_of_a_channel(
    client: FlaskClient,
) -> None:
    for choice in ("", "&keyword=news", f"&channel_id={CHANNEL}"):
        items = client.get(f"/videos?limit=100{choice}").get_json()["items"]
        feed = ET.fromstring(client.get(f"/feed.atom?limit=100{choice}").data)
        assert [it.text for it in feed.iterfind(f"{ATOM}entry/{ATOM}title")] == [
            item["title"] for item in items
        ]
        of_json = client.get(f"/feed.json?limit=100{choice}").get_json()["items"]
        assert [item["url"] for item in of_json] == [item["url"] for item in items]


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.json?keyword=news"])
def test_an_unchanged_feed_is_confirmed_even_by_a_restarted_service(
    client: FlaskClient, services: Services, path: str
) -> None:
    first = client.get(path)
    restarted = create_app(services).test_client()
    assert restarted.get(path).data == first.data
    named = {"If-None-Match": first.headers["ETag"]}
    assert restarted.get(path, headers=named).status_code == 304


@pytest.mark.parametrize("server", ["mariadb_url", "postgresql_url"])
def test_every_database_gives_the_same_bytes(
    client: FlaskClient, server: str, request: pytest.FixtureRequest
) -> None:
    services = seeded(request.getfixturevalue(server))
    other = create_app(services).test_client()
    paths = ["/videos?limit=100", "/videos?limit=7&page=4", "/videos?keyword=news&limit=100"]
    cursor = client.get("/videos").get_json()["next_cursor"]
    for path in (*paths, f"/videos?limit=100&cursor={cursor}", f"/videos/{newest_first()[9]}"):
        ours, theirs = client.get(path), other.get(path)
        assert ours.data == theirs.data
        assert ours.headers["ETag"] == theirs.headers["ETag"]
    services.close()
