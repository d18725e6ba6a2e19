"""What the operator asks, over the real services."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.fetches import FetchRecord, FetchSource, Purpose
from tests.contract.web.conftest import NOW

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.bootstrap import Services


def _fetch(number: int) -> FetchRecord:
    at = NOW + timedelta(seconds=number)
    return FetchRecord(
        source=FetchSource.SEARCH,
        purpose=Purpose.POLL,
        watch_ids=(1 + number % 2,),
        stretch=None,
        started_at=at,
        finished_at=at,
        search_calls=1,
        error_code=None if number % 3 else "youtube_unavailable",
    )


def _walk(client: FlaskClient, path: str | None, direction: str = "next") -> list[int]:
    met = []
    while path is not None:
        body = client.get(path).get_json()
        met += [item["fetch_id"] for item in body["items"]]
        path = body[direction]
    return met


def test_links_lead_through_the_log_of_fetches_newest_first(
    client: FlaskClient, services: Services
) -> None:
    for number in range(12):
        services.fetch_log.record(_fetch(number))
    assert _walk(client, "/fetches?limit=5") == list(range(12, 0, -1))
    assert _walk(client, "/fetches?limit=2&watch=2") == list(range(12, 0, -2))
    assert _walk(client, "/fetches?limit=2&error=true") == [10, 7, 4, 1]
    last = client.get("/fetches?limit=5").get_json()["next"]
    last = client.get(last).get_json()["next"]
    assert _walk(client, last, "previous") == [2, 1, 7, 6, 5, 4, 3, 12, 11, 10, 9, 8]
