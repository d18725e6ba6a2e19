from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.fetches import (
    FetchQuery,
    FetchRecord,
    FetchSource,
    LoggedFetch,
    Purpose,
)
from app.domain.logs import LogCursor, LogPage
from app.domain.ranges import Stretch
from app.web.api import examples

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

AT = datetime(2026, 1, 2, 18, 0, 40, tzinfo=UTC)
POLL = FetchRecord(
    source=FetchSource.SEARCH,
    purpose=Purpose.POLL,
    watch_ids=(1,),
    stretch=Stretch(AT - timedelta(minutes=75), AT),
    started_at=AT,
    finished_at=AT + timedelta(microseconds=713_400),
    pages=1,
    search_calls=1,
    units=1,
    found=17,
    added=3,
)
FAILED = FetchRecord(
    source=FetchSource.SEARCH,
    purpose=Purpose.POLL,
    watch_ids=(1,),
    stretch=Stretch(AT - timedelta(minutes=75), AT),
    started_at=AT,
    finished_at=AT + timedelta(microseconds=713_400),
    search_calls=1,
    error_code="youtube_unavailable",
    error_detail="Backend Error",
)
REFRESH = FetchRecord(
    FetchSource.VIDEOS, Purpose.REFRESH, (), None, AT, AT - timedelta(seconds=1), units=1
)
NEXT = "MW84MTE"


def test_a_page_is_the_example_of_the_document_but_for_its_seconds(
    client: FlaskClient, services: MemoryServices
) -> None:
    fetches = LoggedFetch(812, POLL), LoggedFetch(811, FAILED)
    services.fetch_log.answer = LogPage(fetches, LogCursor(811), None)
    response = client.get("/fetches?limit=2")
    assert response.get_json() == {
        **examples.FETCH_LIST,
        "items": [
            {**examples.FETCH, "finished_at": "2026-01-02T18:00:40Z"},
            {**examples.FAILED_FETCH, "finished_at": "2026-01-02T18:00:40Z"},
        ],
    }
    assert response.headers["Link"] == (
        f'</fetches?cursor={NEXT}&limit=2>; rel="next", </fetches?limit=2>; rel="first"'
    )
    assert response.headers["Cache-Control"] == "no-store"


def test_what_a_fetch_has_not_is_null_and_no_duration_is_below_zero(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.fetch_log.answer = LogPage((LoggedFetch(1, REFRESH),), None, None)
    [item] = client.get("/fetches").get_json()["items"]
    assert (item["range"], item["error"], item["watches"]) == (None, None, [])
    assert item["duration_seconds"] == 0


def test_filters_and_cursor_reach_the_log(client: FlaskClient, services: MemoryServices) -> None:
    client.get(f"/fetches?watch=7&source=videos&error=true&per_page=3&cursor={NEXT}")
    client.get("/fetches?error=false")
    assert services.fetch_log.asked == [
        FetchQuery(
            limit=3,
            cursor=LogCursor(811),
            watch_id=7,
            source=FetchSource.VIDEOS,
            failed=True,
        ),
        FetchQuery(limit=10, failed=False),
    ]


def test_links_keep_the_filters_and_lead_both_ways(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.fetch_log.answer = LogPage(
        (LoggedFetch(5, POLL),), LogCursor(5), LogCursor(5, newer=True)
    )
    body = client.get(f"/fetches?error=true&source=search&watch=7&cursor={NEXT}").get_json()
    assert body["page"] is None
    for direction in ("next", "previous"):
        services.fetch_log.asked.clear()
        assert client.get(body[direction]).status_code == 200
        [asked] = services.fetch_log.asked
        assert asked.cursor == LogCursor(5, newer=direction == "previous")
        assert (asked.failed, asked.source, asked.watch_id) == (True, FetchSource.SEARCH, 7)
        assert f"cursor={body[direction + '_cursor']}&" in body[direction]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page=2", "unknown_parameter"),
        ("watch=0", "invalid_watch"),
        ("watch=x", "invalid_watch"),
        ("source=rumour", "invalid_source"),
        ("source=SEARCH", "invalid_source"),
        ("error=yes", "invalid_error"),
        ("error=True", "invalid_error"),
        ("limit=101", "invalid_limit"),
        ("limit=5&per_page=5", "repeated_parameter"),
        ("cursor=", "invalid_cursor"),
        ("cursor=MW8wMTE", "invalid_cursor"),  # a leading zero
        ("cursor=MW84MTE%3D", "invalid_cursor"),
        ("cursor=%C3%A9", "invalid_cursor"),
        ("cursor=MW8xNzY3Mzc2ODAwMDAwMDAwOmExQjJjM0Q0ZTVG", "invalid_cursor"),  # of /videos
    ],
)
def test_a_query_that_is_not_understood_is_refused(
    client: FlaskClient, services: MemoryServices, query: str, code: str
) -> None:
    response = client.get(f"/fetches?{query}")
    assert (response.status_code, response.get_json()["errors"][0]["code"]) == (400, code)
    assert services.fetch_log.asked == []


def test_the_log_is_not_for_strangers(client: FlaskClient, services: MemoryServices) -> None:
    outside = {"REMOTE_ADDR": "203.0.113.7"}
    assert client.get("/fetches", environ_overrides=outside).status_code == 401
    assert services.fetch_log.asked == []
