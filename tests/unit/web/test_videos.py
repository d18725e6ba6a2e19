from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.domain.feeds import CacheState

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

ALL_IDS = [f"vid{99 - number:08}" for number in range(25)]


def ids(client: FlaskClient, path: str) -> list[str]:
    return [item["video_id"] for item in client.get(path).get_json()["items"]]


def walk(client: FlaskClient, path: str | None, direction: str = "next") -> list[str]:
    met = []
    while path is not None:
        body = client.get(path).get_json()
        met += [item["video_id"] for item in body["items"]]
        path = body[direction]
    return met


def test_the_first_page_is_the_ten_newest(client: FlaskClient) -> None:
    assert ids(client, "/videos") == ALL_IDS[:10]


def test_a_page_says_where_it_stands_and_nothing_else(client: FlaskClient) -> None:
    body = client.get("/videos?page=2&limit=5").get_json()
    items = body.pop("items")
    cursors = body.pop("next_cursor"), body.pop("previous_cursor")
    assert len(items) == 5
    assert all(isinstance(cursor, str) for cursor in cursors)
    assert body == {
        "page": 2,
        "limit": 5,
        "total": 25,
        "next": "/videos?limit=5&page=3",
        "previous": "/videos?limit=5&page=1",
    }


def test_items_are_passed_on_byte_for_byte(client: FlaskClient, services: MemoryServices) -> None:
    video = services.feed.video(ALL_IDS[0])
    assert client.get("/videos?limit=1").data.startswith(b'{"items":[' + video.body + b"],")
    assert client.get(f"/videos/{ALL_IDS[0]}").data == video.body


@pytest.mark.parametrize("limit", [1, 4, 5, 7, 25, 100])
def test_next_links_by_number_meet_every_video_once(client: FlaskClient, limit: int) -> None:
    assert walk(client, f"/videos?limit={limit}") == ALL_IDS


@pytest.mark.parametrize("limit", [1, 4, 5, 7])
def test_next_links_by_cursor_meet_every_video_once(client: FlaskClient, limit: int) -> None:
    first = client.get(f"/videos?limit={limit}").get_json()
    rest = walk(client, f"/videos?limit={limit}&cursor={first['next_cursor']}")
    assert ALL_IDS[:limit] + rest == ALL_IDS


def test_a_cursor_walk_is_not_disturbed_by_new_videos(
    client: FlaskClient, services: MemoryServices
) -> None:
    first = client.get("/videos?limit=10").get_json()
    newest = services.feed.positions[0]
    services.feed.positions.insert(0, type(newest)(newest.published_at, "zzzzzzzzzzz"))
    assert walk(client, f"/videos?limit=10&cursor={first['next_cursor']}") == ALL_IDS[10:]


def test_previous_links_lead_back_to_the_newest(client: FlaskClient) -> None:
    last = client.get("/videos?limit=10&page=3").get_json()
    middle = client.get(f"/videos?limit=10&cursor={last['previous_cursor']}").get_json()
    assert [item["video_id"] for item in middle["items"]] == ALL_IDS[10:20]
    assert middle["page"] is None
    assert ids(client, middle["previous"]) == ALL_IDS[:10]


def test_a_page_beyond_the_end_is_empty(client: FlaskClient) -> None:
    body = client.get("/videos?page=1000000").get_json()
    assert (body["items"], body["next"], body["total"]) == ([], None, 25)


@pytest.mark.parametrize("name", ["limit", "per_page", "page_size"])
def test_every_name_of_the_limit_is_understood(client: FlaskClient, name: str) -> None:
    body = client.get(f"/videos?{name}=3").get_json()
    assert (len(body["items"]), body["limit"]) == (3, 3)
    assert body["next"] == "/videos?limit=3&page=2"


@pytest.mark.parametrize("chosen", ["watch=1", "keyword=news", "keyword=%20news%20"])
def test_a_watch_is_chosen_by_id_or_keyword_and_kept_in_links(
    client: FlaskClient, chosen: str
) -> None:
    assert walk(client, f"/videos?limit=4&{chosen}") == ALL_IDS[::2]


def test_a_channel_has_a_total_and_a_selection_by_more_than_time_has_none(
    client: FlaskClient,
) -> None:
    for chosen, total in (("published_after=2026-01-01T00:00:00Z", 25), ("live=live", None)):
        assert client.get(f"/videos?{chosen}").get_json()["total"] == total
    body = client.get("/videos?channel_id=UC0123456789012345678901").get_json()
    assert body["total"] == 25
    assert body["next"] == "/videos?channel_id=UC0123456789012345678901&limit=10&page=2"


@pytest.mark.parametrize("path", ["/videos?watch=2", "/videos?keyword=unheard", "/videos/nope"])
def test_what_does_not_exist_is_not_found(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.get_json()["errors"][0]["code"] == "not_found"


def test_links_carry_the_prefix_and_never_a_host(client: FlaskClient) -> None:
    script_name = "/näws reel".encode().decode("latin-1")  # as WSGI passes it
    stranger = {"REMOTE_ADDR": "203.0.113.7", "HTTP_HOST": "evil.example"}
    environ = {"SCRIPT_NAME": script_name, **stranger}
    response = client.get("/videos?page=2", environ_overrides=environ)
    assert response.get_json()["next"] == "/n%C3%A4ws%20reel/videos?limit=10&page=3"
    assert "evil.example" not in response.get_data(as_text=True) + str(response.headers)


def test_the_link_header_repeats_the_links_of_the_body(client: FlaskClient) -> None:
    assert client.get("/videos?page=2").headers["Link"] == (
        '</videos?limit=10&page=3>; rel="next", </videos?limit=10&page=1>; rel="prev", '
        '</videos?limit=10&page=1>; rel="first"'
    )


def test_a_known_etag_is_answered_without_a_body(client: FlaskClient) -> None:
    first = client.get("/videos")
    etag = first.headers["ETag"]
    again = client.get("/videos", headers={"If-None-Match": f'"other", {etag}'})
    assert (again.status_code, again.data) == (304, b"")
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == first.headers[name]


def test_a_proxy_that_weakened_the_etag_still_gets_304(client: FlaskClient) -> None:
    etag = client.get("/videos").headers["ETag"]
    assert client.get("/videos", headers={"If-None-Match": f"W/{etag}"}).status_code == 304


def test_a_new_version_is_a_new_etag(client: FlaskClient, services: MemoryServices) -> None:
    etag = client.get("/videos").headers["ETag"]
    services.feed.version += 1
    response = client.get("/videos", headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert response.headers["ETag"] != etag


def test_other_pages_have_other_etags_and_equal_ones_the_same(client: FlaskClient) -> None:
    def etag(path: str, prefix: str = "") -> str:
        return client.get(path, environ_overrides={"SCRIPT_NAME": prefix}).headers["ETag"]

    assert etag("/videos") == etag("/videos?page=1") == etag("/videos?per_page=10")
    different = {
        etag("/videos"),
        etag("/videos?page=2"),
        etag("/videos?limit=9"),
        etag("/videos?watch=1"),
        etag("/videos", "/prefix"),
    }
    assert len(different) == 5


@pytest.mark.parametrize("path", ["/videos", f"/videos/{ALL_IDS[0]}"])
def test_replies_may_be_cached_for_a_moment(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Cache-Control"] == "public, max-age=5, stale-while-revalidate=30"
    assert headers["Vary"] == "Accept-Encoding"
    assert headers["Content-Type"] == "application/json"


def test_a_stale_page_says_so_and_how_old_it_is(
    client: FlaskClient, services: MemoryServices
) -> None:
    fresh = client.get("/videos").headers
    assert (fresh["X-Cache"], "Age" in fresh) == ("hit", False)
    services.feed.cache, services.feed.stale_seconds = CacheState.STALE, 90
    stale = client.get("/videos").headers
    assert (stale["X-Cache"], stale["Age"]) == ("stale", "90")


@pytest.mark.parametrize("path", ["/videos", f"/videos/{ALL_IDS[0]}", "/videos?page=x", "/nope"])
def test_head_answers_as_get_without_the_body(client: FlaskClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (get.status_code, b"")
    mine = {"X-Request-ID": ""}  # of each request its own
    assert dict(head.headers) | mine == dict(get.headers) | mine
