"""Watches over HTTP and a real database: what is asked for is what is there afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.domain.clock import format_instant
from app.domain.intake import Finding
from app.domain.videos import Source
from app.web.api.watch_examples import WATCH_REQUEST
from tests.contract.web.conftest import CHANNEL, NOW, VIDEOS, video

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from app.bootstrap import Services

NEWS = (VIDEOS + 2) // 3


def code_of(response: TestResponse) -> tuple[int, str]:
    return response.status_code, response.get_json()["errors"][0]["code"]


def settle(services: Services) -> None:
    """Lets ticks do what is left to do, without a source."""
    while services.store.read(lambda t: t.watches.has_upkeep(NOW)):
        services.ingest.tick(limit=0)


def test_a_watch_is_made_read_changed_and_deleted(client: FlaskClient) -> None:
    made = client.post("/watches", json=WATCH_REQUEST)
    assert made.status_code == 201
    path = made.headers["Location"]
    assert client.get(path).get_json() == made.get_json()
    assert made.get_json()["filters"]["shorts"] == "without"
    changed = client.patch(path, json={"label": "", "region": None, "weight": 0.5}).get_json()
    assert {**made.get_json(), "label": "sailing", "region": None, "weight": 0.5} == changed
    listed = client.get("/watches").get_json()
    assert [item["term"] for item in listed["items"]] == ["news", "sailing"]
    assert (listed["items"][0]["videos"], listed["total"]) == (NEWS, 2)
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == client.delete(path).status_code == 404
    assert client.get("/watches").get_json()["total"] == 1


def test_what_is_watched_already_is_a_conflict_that_changes_nothing(client: FlaskClient) -> None:
    before = client.get("/watches").get_json()
    refused = client.post("/watches", json={"keyword": " news ", "label": "Mine"})
    assert code_of(refused) == (409, "duplicate_watch")
    assert refused.get_json()["errors"][0]["meta"] == {"watch_id": 1}
    assert client.get("/watches").get_json() == before


@pytest.mark.parametrize(
    "body",
    [
        {"keyword": "x" * 300},
        {"keyword": "a\0b"},
        {"channel": "javascript:alert(1)"},
        {"channel": "dQw4w9WgXcQ"},
        {"keyword": "a", "min_interval_seconds": 1},
        {"keyword": "a", "filters": {"include_words": ["w"] * 51}},
    ],
)
def test_bad_input_is_a_clear_refusal_and_leaves_nothing(
    client: FlaskClient, body: dict[str, object]
) -> None:
    before = client.get("/watches").get_json()
    response = client.post("/watches", json=body)
    assert response.status_code == 400
    [error] = response.get_json()["errors"]
    assert error["code"].startswith("invalid_")
    assert error["source"]["pointer"].startswith(f"/{list(body)[-1]}")
    assert client.get("/watches").get_json() == before


def test_a_handle_that_nobody_can_be_asked_about_is_a_clear_refusal(client: FlaskClient) -> None:
    assert code_of(client.post("/watches", json={"channel": "@handle"})) == (503, "no_keys")
    assert client.get("/watches").get_json()["total"] == 1


def test_filters_change_the_feed_of_the_watch_and_of_all(
    client: FlaskClient, services: Services
) -> None:
    changed = client.patch("/watches/1", json={"filters": {"min_duration_seconds": 60}})
    assert changed.get_json()["refiltering"] is True
    settle(services)
    body = client.get("/watches/1/videos?limit=100").get_json()
    # Video n lasts n seconds; one of three found by `news`, one in five upcoming, one live.
    wanted = [n for n in range(0, VIDEOS, 3) if n == 0 or n >= 60 or n % 5 in (1, 2)]
    assert body["total"] == len(body["items"]) == len(wanted)
    assert client.get("/watches/1").get_json()["refiltering"] is False
    # Nobody else found them: what no watch has found is shown, and what the only one excludes not.
    assert client.get("/videos").get_json()["total"] == VIDEOS - NEWS + len(wanted)


def test_a_channel_is_watched_by_its_page(client: FlaskClient) -> None:
    page = f"https://www.youtube.com/channel/{CHANNEL}/videos"
    made = client.post("/watches", json={"channel": page}).get_json()
    assert (made["kind"], made["term"], made["label"]) == ("channel", CHANNEL, CHANNEL)
    again = client.post("/watches", json={"channel": CHANNEL})
    assert code_of(again) == (409, "duplicate_watch")


def test_without_calls_nothing_can_be_asked_for_and_a_paused_watch_never(
    client: FlaskClient,
) -> None:
    assert code_of(client.post("/watches/1/fetch")) == (409, "reserve_spent")
    client.patch("/watches/1", json={"paused": True})
    assert code_of(client.post("/watches/1/fetch")) == (409, "watch_paused")


def test_reading_changes_nothing(client: FlaskClient, services: Services) -> None:
    before = services.store.read(lambda t: t.watches.list_all())
    for path in ("/watches", "/watches/1", "/watches/1/videos?page=2", "/stats", "/stats?watch=1"):
        assert client.get(path).status_code == 200
    assert services.store.read(lambda t: t.watches.list_all()) == before


def test_counts_are_those_of_the_videos(client: FlaskClient) -> None:
    hours = client.get("/stats").get_json()
    assert (len(hours["counts"]), hours["total"]) == (48, VIDEOS)
    assert hours["by_watch"] == [{"watch_id": 1, "videos": NEWS}]
    days = client.get("/stats?by=day&watch=1&published_after=2026-01-01T00:00:00Z").get_json()
    assert days["total"] == NEWS
    assert client.get("/stats?watch=7").status_code == 404
    assert client.get("/stats?published_after=2020-01-01T00:00:00Z").status_code == 400


def test_a_watch_shows_whom_it_follows_until_it_is_told_not_to(
    client: FlaskClient, services: Services
) -> None:
    assert client.get("/watches/1").get_json()["followed"] == []
    told = [replace(video(number), title="News at six") for number in (201, 203)]
    findings = [Finding(each, Source.SEARCH, 1) for each in told]
    services.store.write(lambda t: t.record(findings, NOW))
    services.scout.run()
    [shown] = client.get("/watches/1").get_json()["followed"]
    assert (shown["channel_id"], shown["matches"]) == (CHANNEL, 2)
    assert shown["since"] == format_instant(NOW)
    assert "followed" not in client.get("/watches").get_json()["items"][0]
    changed = client.patch("/watches/1", json={"follow": False}).get_json()
    assert (changed["follow"], changed["followed"]) == (False, [])
    assert client.patch("/watches/1", json={"follow": 1}).status_code == 400
