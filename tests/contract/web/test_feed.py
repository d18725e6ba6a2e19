"""The API over the real services."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from app.domain.videos import LiveState
from app.store import search_pace
from app.store.search_pace import Pace
from app.web.factory import create_app
from tests.contract.web.conftest import CHANNEL, VIDEOS, newest_first, seeded, video

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask.testing import FlaskClient

    from app.bootstrap import Services
    from app.domain.videos import Video

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
    assert client.get(f"/videos?channel_id={CHANNEL}").get_json()["total"] == len(expected)


def chosen(wanted: Callable[[Video], bool]) -> list[str]:
    """Ids of the videos that are wanted, newest first."""
    names = {it.video_id for it in map(video, range(VIDEOS)) if wanted(it)}
    return [name for name in newest_first() if name in names]


def test_both_ends_of_a_stretch_of_publish_time_belong_to_it(client: FlaskClient) -> None:
    latest, earliest = video(9).published_at, video(60).published_at
    path = f"/videos?limit=7&{between(earliest, latest)}"
    wanted = chosen(lambda it: earliest <= it.published_at <= latest)
    assert len(wanted) == 54
    assert walk(client, path) == wanted
    assert walk(client, f"{path}&sort=oldest") == wanted[::-1]
    assert client.get(f"{path}&page=8").get_json()["total"] == 54
    fraction = timedelta(microseconds=1)
    narrower = f"/videos?limit=7&{between(earliest + fraction, latest - fraction)}"
    assert walk(client, narrower) == wanted[3:-3]


def test_durations_are_inclusive_and_the_unknown_is_left_out(client: FlaskClient) -> None:
    assert walk(client, "/videos?limit=50&max_duration=20") == chosen(
        lambda it: it.duration_seconds is not None and it.duration_seconds <= 20
    )
    assert walk(client, "/videos?limit=50&min_duration=100&max_duration=101") == chosen(
        lambda it: it.duration_seconds in (100, 101)
    )
    assert walk(client, "/videos?min_duration=101&max_duration=100") == []


@pytest.mark.parametrize("state", list(LiveState))
def test_broadcasts_are_found_by_their_state(client: FlaskClient, state: LiveState) -> None:
    assert walk(client, f"/videos?limit=7&live={state.value}") == chosen(
        lambda it: it.live is state
    )


@pytest.mark.parametrize("feed", ["&keyword=news", f"&channel_id={CHANNEL}", ""])
def test_filters_narrow_every_feed_and_every_way_through_it(client: FlaskClient, feed: str) -> None:
    whole = walk(client, f"/videos?limit=3{feed}")
    wanted = chosen(lambda it: it.live is LiveState.NONE and (it.duration_seconds or 0) >= 30)
    expected = [name for name in whole if name in set(wanted)]
    narrowed = f"/videos?limit=3{feed}&live=none&min_duration=30"
    assert expected
    assert walk(client, narrowed) == expected
    first = client.get(f"{narrowed}&sort=oldest").get_json()
    rest = walk(client, f"{narrowed}&sort=oldest&cursor={first['next_cursor']}")
    assert [it["video_id"] for it in first["items"]] + rest == expected[::-1]
    assert first["total"] is None


def test_a_feed_turned_round_is_counted_and_never_taken_from_the_cached_page(
    client: FlaskClient,
) -> None:
    client.get("/videos?limit=100")
    response = client.get("/videos?limit=100&sort=oldest")
    assert response.headers["X-Cache"] == "miss"
    assert response.get_json()["total"] == VIDEOS
    assert walk(client, "/videos?limit=9&sort=oldest") == newest_first()[::-1]
    assert client.get("/videos?live=none").headers["X-Cache"] == "miss"


@pytest.mark.parametrize("sort", ["newest", "oldest"])
def test_instants_of_any_year_are_answered(client: FlaskClient, sort: str) -> None:
    outer = (
        f"published_after=0001-01-01T00:00:00Z&published_before=9999-12-31T23:59:59Z&sort={sort}"
    )
    assert len(walk(client, f"/videos?limit=100&{outer}")) == VIDEOS
    assert walk(client, "/videos?published_before=0001-01-01T00:00:00Z") == []


def between(earliest: datetime, latest: datetime) -> str:
    ends = {"published_after": earliest.isoformat(), "published_before": latest.isoformat()}
    return urlencode(ends)


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
    restarted = create_app(services, trusts_this_machine=True).test_client()
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
    restarted = create_app(services, trusts_this_machine=True).test_client()
    assert restarted.get(path).data == first.data
    named = {"If-None-Match": first.headers["ETag"]}
    assert restarted.get(path, headers=named).status_code == 304


@pytest.mark.parametrize("server", ["mariadb_url", "postgresql_url"])
def test_every_database_gives_the_same_bytes(
    client: FlaskClient, server: str, request: pytest.FixtureRequest
) -> None:
    services = seeded(request.getfixturevalue(server))
    other = create_app(services, trusts_this_machine=True).test_client()
    paths = ["/videos?limit=100", "/videos?limit=7&page=4", "/videos?keyword=news&limit=100"]
    paths += [
        "/videos?limit=7&page=4&sort=oldest",
        "/videos?limit=100&keyword=news&live=live&min_duration=10&max_duration=100",
        f"/videos?limit=20&page=2&channel_id={CHANNEL}&published_before=2026-01-02T17:59:50.5Z",
        "/videos?limit=100&published_after=0001-01-01T00:00:00Z&published_before=9999-12-31T23:59:59Z",
    ]
    cursor = client.get("/videos").get_json()["next_cursor"]
    for path in (*paths, f"/videos?limit=100&cursor={cursor}", f"/videos/{newest_first()[9]}"):
        ours, theirs = client.get(path), other.get(path)
        assert ours.data == theirs.data
        assert ours.headers["ETag"] == theirs.headers["ETag"]
    services.close()


def test_words_lead_through_all_videos_that_have_them(client: FlaskClient) -> None:
    assert walk(client, "/videos?q=nee&limit=50") == newest_first()
    assert walk(client, "/videos?q=nee+-nee&limit=50") == []


def test_a_search_that_stops_early_leads_on_from_where_it_stopped(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_pace, "PACE", Pace(looks=1, walked=7, walked_at_most=7))
    page = client.get("/videos?q=nee&limit=50").get_json()
    assert len(page["items"]) == 7
    assert "cursor=" in page["next"]
    assert walk(client, "/videos?q=nee&limit=50") == newest_first()
    assert walk(client, "/videos?q=nee&limit=50&sort=oldest") == newest_first()[::-1]
    beyond = client.get("/videos?q=nee&limit=50&page=3").get_json()
    assert (beyond["items"], beyond["next"]) == ([], page["next"])


def test_a_search_leads_back_to_its_first_page(client: FlaskClient) -> None:
    first = client.get("/videos?q=nee&limit=50").get_json()
    second = client.get(first["next"]).get_json()
    assert client.get(second["previous"]).get_json()["items"] == first["items"]
