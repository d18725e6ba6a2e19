"""What a feed is narrowed down to, and in which order it is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.feeds import EVERYTHING, Feed, Selection
from app.domain.videos import LiveState

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

SIX = datetime(2026, 1, 2, 18, tzinfo=UTC)
FILTERS = "live=live&max_duration=90&min_duration=0&published_after=2026-01-02T18%3A00%3A00Z"


def test_what_is_not_asked_for_is_left_open(client: FlaskClient, services: MemoryServices) -> None:
    client.get("/videos?sort=newest")
    assert services.feed.asked[-1].selection == EVERYTHING
    assert not services.feed.asked[-1].oldest_first


def test_all_filters_are_passed_on_together(client: FlaskClient, services: MemoryServices) -> None:
    client.get(f"/videos?{FILTERS}&published_before=2026-01-02T19:00:00Z&watch=1&sort=oldest")
    asked = services.feed.asked[-1]
    assert asked.feed == Feed(watch_id=1)
    assert asked.oldest_first
    assert asked.selection == Selection(
        published_after=SIX,
        published_before=SIX + timedelta(hours=1),
        min_duration_seconds=0,
        max_duration_seconds=90,
        live=LiveState.LIVE,
    )


@pytest.mark.parametrize("state", list(LiveState))
def test_every_live_state_can_be_asked_for(
    client: FlaskClient, services: MemoryServices, state: LiveState
) -> None:
    client.get(f"/videos?live={state.value}")
    assert services.feed.asked[-1].selection.live is state


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-01-02T18:00:00Z", SIX),
        ("2026-01-02T20:30:00%2B02:30", SIX),
        ("2026-01-02T17:00:00-01:00", SIX),
        ("2026-01-02T18:00:00.5Z", SIX + timedelta(seconds=0.5)),
        ("2026-01-02T18:00:00.000001Z", SIX + timedelta(microseconds=1)),
    ],
)
def test_an_instant_may_have_any_offset_and_fractions(
    client: FlaskClient, services: MemoryServices, written: str, at: datetime
) -> None:
    client.get(f"/videos?published_after={written}&published_before={written}")
    selection = services.feed.asked[-1].selection
    assert (selection.published_after, selection.published_before) == (at, at)


def test_links_keep_filters_and_order(client: FlaskClient) -> None:
    kept = "limit=4&{}published_after=2026-01-02T17%3A59%3A50Z&sort=oldest"
    body = client.get("/videos?published_after=2026-01-02T17:59:50Z&sort=oldest&limit=4").get_json()
    assert body["next"] == f"/videos?{kept.format('page=2&')}"
    assert body["total"] == 22
    page = client.get(f"/videos?{kept.format('')}&cursor={body['next_cursor']}")
    links = page.headers["Link"]
    assert f"cursor={page.get_json()['next_cursor']}&{kept.format('')}" in links
    assert f"cursor={page.get_json()['previous_cursor']}&{kept.format('')}" in links
    assert f'</videos?{kept.format("page=1&")}>; rel="first"' in links


def test_a_cursor_leads_to_the_same_videos_in_either_order(client: FlaskClient) -> None:
    cursor = client.get("/videos?limit=5").get_json()["next_cursor"]

    def ids(sort: str) -> list[str]:
        page = client.get(f"/videos?limit=5&cursor={cursor}&sort={sort}").get_json()
        return [item["video_id"] for item in page["items"]]

    assert (
        ids("newest") == ids("oldest")[::-1] == [f"vid{number:08}" for number in range(94, 89, -1)]
    )


def test_one_instant_has_one_etag_however_it_is_written(client: FlaskClient) -> None:
    etags = {
        client.get(f"/videos?published_after={written}").headers["ETag"]
        for written in ("2026-01-02T18:00:00Z", "2026-01-02T19:00:00.000%2B01:00")
    }
    assert len(etags) == 1


def test_selections_and_orders_have_etags_of_their_own(client: FlaskClient) -> None:
    queries = ("", "?sort=oldest", "?live=none", "?min_duration=60", "?max_duration=60")
    assert len({client.get(f"/videos{query}").headers["ETag"] for query in queries}) == len(queries)


def test_what_is_looked_for_in_the_text_is_read_and_kept_in_links(
    client: FlaskClient, services: MemoryServices
) -> None:
    body = client.get("/videos?q=caf%C3%A9+%22new+york%22+-live&limit=1").get_json()
    text = services.feed.asked[-1].selection.text
    assert text is not None
    assert [phrase.words for phrase in text.wanted] == [("cafe",), ("new", "york")]
    assert [phrase.words for phrase in text.excluded] == [("live",)]
    assert body["total"] is None
    assert "q=caf%C3%A9" in body["next"]


@pytest.mark.parametrize("q", ["", "-cat", "!!!", "a" * 201])
def test_a_text_query_that_finds_nothing_by_itself_is_refused(client: FlaskClient, q: str) -> None:
    response = client.get("/videos", query_string={"q": q})
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["source"] == {"parameter": "q"}
