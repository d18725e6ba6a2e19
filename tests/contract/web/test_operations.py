"""What the operator asks, over the real services."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.bootstrap import build_services
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.quota import Bucket
from app.settings import Settings
from app.web.factory import create_app
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


def test_quota_is_told_per_project_with_its_keys_and_what_comes_next(sqlite_url: str) -> None:
    services = build_services(
        Settings(database_url=sqlite_url, youtube_api_keys="q:one,p:two,q:three"), lambda: NOW
    )
    services.store.migrate()
    services.watching.add_keyword("news")
    paused, _ = services.watching.add_keyword("paused")
    services.watching.set_paused(paused.watch_id, paused=True)
    first = services.keys.list_all()[0].fingerprint
    services.keys.disable(first)
    services.store.write(lambda t: t.quota.charge("q", Bucket.SEARCH, NOW.date(), 100, 7))

    response = create_app(services, trusts_this_machine=True).test_client().get("/quota")
    quota = response.get_json()
    assert [project["project"] for project in quota["projects"]] == ["q", "p"]
    search, units = quota["projects"][0]["buckets"]
    resets_at = "2026-01-03T08:00:00Z"  # midnight Pacific, in winter
    assert search == {
        "bucket": "search",
        "limit": 100,
        "used": 7,
        "left": 93,
        "resets_at": resets_at,
        "exhausted_at": None,
    }
    assert (units["bucket"], units["limit"], units["used"]) == ("units", 10_000, 0)
    assert [key["state"] for key in quota["projects"][0]["keys"]] == ["held", "usable"]
    assert quota["forecast"] == {
        "next_polls": [
            {
                "watch_id": 1,
                "kind": "keyword",
                "term": "news",
                "at": "2026-01-02T18:00:00Z",
                "interval_seconds": 291.329,  # 14 hours over 173 calls
                "packed_interval_seconds": None,
            }
        ],
        "calls_left": 193,
        "calls_reserved": 20.0,
        "last_call_at": resets_at,
        "plenty": False,
    }
    assert not any(secret in response.text for secret in ('"one"', '"two"', '"three"'))
    services.close()


def test_a_limit_that_youtube_named_lower_is_shown_for_the_day(sqlite_url: str) -> None:
    settings = Settings(database_url=sqlite_url, youtube_api_keys="p:one")
    services = build_services(settings, lambda: NOW)
    services.store.migrate()
    services.store.write(lambda t: t.quota.exhaust("p", Bucket.SEARCH, NOW.date(), 50, NOW))
    [project] = (
        create_app(services, trusts_this_machine=True)
        .test_client()
        .get("/quota")
        .get_json()["projects"]
    )
    [search, _] = project["buckets"]
    assert (search["limit"], search["left"]) == (50, 0)
    assert search["exhausted_at"] == "2026-01-02T18:00:00Z"
    services.close()


@pytest.mark.parametrize("path", ["/quota", "/fetches", "/coverage", "/coverage?watch=1"])
def test_without_the_database_there_is_nothing_to_tell(sqlite_url: str, path: str) -> None:
    services = build_services(Settings(database_url=sqlite_url, youtube_api_keys="k"))
    response = (
        create_app(services, trusts_this_machine=True).test_client().get(path)
    )  # there are no tables
    assert (response.status_code, "Retry-After" in response.headers) == (503, True)
    services.close()
