from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.domain.feeds import CacheState, Cursor, Page, Position
from app.feed.channel_pages import ChannelPage
from tests.unit.web.fakes import AT, encoded

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

CHANNEL = "UCa1B2c3D4e5F6g7H8i9J0kL"
PATH = f"/channels/{CHANNEL}/videos"
PLACE = Position(AT, "vid00000001")
FEED_PAGE = Page((encoded(PLACE),), 7, 42, CacheState.HIT, 0, Cursor(PLACE), None)


def test_five_are_asked_for_unless_told_otherwise(
    client: FlaskClient, services: MemoryServices
) -> None:
    client.get(PATH)
    client.get(f"{PATH}?page=3&per_page=7")
    assert services.channel_pages.asked == [(CHANNEL, 1, 5, 0), (CHANNEL, 3, 7, 0)]


def test_a_complete_page_of_a_feed_can_be_kept_by_its_version(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.channel_pages.answer = ChannelPage(FEED_PAGE)
    first = client.get(PATH)
    body = first.get_json()
    assert (body["complete"], body["total"], body["next_cursor"]) == (True, 7, None)
    assert body["next"] == f"{PATH}?limit=5&page=2"
    assert f'<{PATH}?limit=5&page=2>; rel="next"' in first.headers["Link"]
    again = client.get(PATH, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert services.channel_pages.asked[-1] == (CHANNEL, 1, 5, 42)


def test_a_complete_page_is_asked_for_each_time_as_a_watch_may_be_paused(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.channel_pages.answer = ChannelPage(FEED_PAGE)
    services.feed.version = 42
    for _ in range(3):
        client.get(PATH)
    assert len(services.channel_pages.asked) == 3


@pytest.mark.parametrize(("found", "status"), [(True, 200), (False, 202)])
def test_what_is_incomplete_is_kept_by_nobody(
    client: FlaskClient, services: MemoryServices, *, found: bool, status: int
) -> None:
    page = replace(FEED_PAGE, items=(), next_cursor=None)
    services.channel_pages.answer = ChannelPage(page, found, 17)
    response = client.get(PATH)
    assert (response.status_code, response.headers["Retry-After"]) == (status, "17")
    assert response.headers["Cache-Control"] == "no-store"
    assert "ETag" not in response.headers
    assert response.get_json()["complete"] is False


def test_a_stale_page_never_follows_a_newer_one(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.channel_pages.answer = ChannelPage(FEED_PAGE)
    newest = client.get(PATH).headers["ETag"]
    stale = replace(FEED_PAGE, version=41, cache=CacheState.STALE, stale_seconds=9)
    services.channel_pages.answer = ChannelPage(stale)
    assert client.get(PATH, headers={"If-None-Match": newest}).status_code == 304
    assert client.get(PATH).headers["Age"] == "9"


@pytest.mark.parametrize("name", ["dQw4w9WgXcQ", "@handle", "UC", f"{CHANNEL}x", f"%20{CHANNEL}"])
def test_what_is_no_id_of_a_channel_is_refused_in_clear_words(
    client: FlaskClient, services: MemoryServices, name: str
) -> None:
    response = client.get(f"/channels/{name}/videos")
    [error] = response.get_json()["errors"]
    assert (response.status_code, error["code"]) == (400, "invalid_channel_id")
    assert "UC and 22 letters" in error["detail"]
    assert ("id of a video" in error["detail"]) == (name == "dQw4w9WgXcQ")
    assert services.channel_pages.asked == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "page=0", "cursor=x", "q=x", "page=1&page=1"]
)
def test_other_parameters_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"{PATH}?{query}").status_code == 400
