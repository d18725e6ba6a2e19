from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.coverage import CoveragePage, Delay, WatchCoverage
from app.domain.ranges import Pending, RangeReason, Reading, Stretch
from app.domain.watches import Watch, WatchKind
from app.web.api import examples
from app.web.factory import create_app
from tests.unit.ingest.rig import Rig, before_noon, make_rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

READ_UNTIL = datetime(2026, 1, 2, 18, 0, 40, 999_999, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 1, 2, hour, minute, second, tzinfo=UTC)


NEWS = WatchCoverage(
    Watch(
        watch_id=1,
        kind=WatchKind.KEYWORD,
        term="news",
        label="news",
        paused=False,
        created_at=EPOCH,
        next_due_at=EPOCH,
        read_until=READ_UNTIL,
        feed_seq=0,
        last_success_at=None,
        last_error=None,
    ),
    complete_until=at(16, 40),
    open=(
        Pending(Stretch(at(17, 12), at(17, 20, 13)), Reading.FIRST, RangeReason.BUDGET, EPOCH),
        Pending(Stretch(at(16, 40), at(16, 44, 59)), Reading.SECOND, RangeReason.AGAIN, at(17, 50)),
    ),
    delay=Delay(120, 310, 2210),
)
CAPPED = WatchCoverage(
    NEWS.watch,
    complete_until=at(17, 0),
    open=(Pending(Stretch(at(16, 0), at(16, 0)), Reading.FIRST, RangeReason.CAP, None),),
    delay=Delay(0, None, None),
)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = make_rig(tmp_path, before_noon(130), youtube_search_calls_per_day=1)
    yield rig
    rig.services.close()


def test_a_page_is_the_example_of_the_document(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.coverage.answer = CoveragePage((NEWS,), 1)
    response = client.get("/coverage")
    assert response.get_json() == examples.COVERAGE_LIST
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Link"] == '</coverage?limit=10&page=1>; rel="first"'


def test_what_was_never_read_is_due_since_it_was_published(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.coverage.answer = CoveragePage((NEWS,), 1)
    unread, again = client.get("/coverage").get_json()["items"][0]["gaps"]
    assert unread["due_at"] == unread["ends_at"]
    assert again["due_at"] == "2026-01-02T17:50:00Z"


def test_a_second_at_the_cap_is_due_never_and_no_delay_is_null(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.coverage.answer = CoveragePage((CAPPED,), 1)
    [item] = client.get("/coverage").get_json()["items"]
    assert item["gaps"] == [
        {
            "starts_at": "2026-01-02T16:00:00Z",
            "ends_at": "2026-01-02T16:00:00Z",
            "reason": "cap",
            "reading": 1,
            "due_at": None,
        }
    ]
    assert item["delay"] == {"samples": 0, "median_seconds": None, "p95_seconds": None}


def test_one_watch_can_be_asked_for_and_an_unknown_one_is_not_found(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.coverage.answer = CoveragePage((NEWS,), 12)
    body = client.get("/coverage?watch=1").get_json()
    assert [item["watch_id"] for item in body["items"]] == [1]
    assert (body["total"], body["next"]) == (1, None)
    assert client.get("/coverage?watch=1&page=2").get_json()["items"] == []
    response = client.get("/coverage?watch=7")
    assert (response.status_code, response.get_json()["errors"][0]["code"]) == (404, "not_found")


def test_pages_lead_to_each_other_as_far_as_there_are_watches(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.coverage.answer = CoveragePage((NEWS, NEWS), 5)
    first = client.get("/coverage?limit=2").get_json()
    assert (first["next"], first["previous"]) == ("/coverage?limit=2&page=2", None)
    second = client.get(first["next"]).get_json()
    assert second["previous"] == "/coverage?limit=2&page=1"
    last = client.get(second["next"]).get_json()
    assert (last["page"], last["next"]) == (3, None)
    assert services.coverage.asked == [(1, 2), (2, 2), (3, 2)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("watch=0", "invalid_watch"),
        ("watch=news", "invalid_watch"),
        ("watch=1&watch=1", "repeated_parameter"),
        ("page=0", "invalid_page"),
        ("limit=101", "invalid_limit"),
        ("cursor=x", "unknown_parameter"),
        ("keyword=news", "unknown_parameter"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(
    client: FlaskClient, services: MemoryServices, query: str, code: str
) -> None:
    response = client.get(f"/coverage?{query}")
    assert (response.status_code, response.get_json()["errors"][0]["code"]) == (400, code)
    assert services.coverage.asked == []


def test_real_polls_show_what_the_budget_left_open(rig: Rig) -> None:
    rig.watch("title")
    rig.watch("other")
    rig.tick()
    rig.clock.move(1)
    rig.tick()
    body = (
        create_app(rig.services, trusts_this_machine=True).test_client().get("/coverage").get_json()
    )
    told, other = body["items"]
    assert [item["term"] for item in body["items"]] == ["title", "other"]
    assert body["total"] == 2
    assert {gap["reason"] for gap in told["gaps"] + other["gaps"]} == {"budget"}
    assert all(gap["reading"] == 1 for gap in told["gaps"])
    assert told["complete_until"] <= min(gap["starts_at"] for gap in told["gaps"])
    assert told["read_until"] == "2026-03-01T12:00:00Z"


def test_real_second_readings_close_the_gaps(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, before_noon(3), backfill_seconds=60)
    rig.watch()
    client = create_app(rig.services, trusts_this_machine=True).test_client()
    rig.tick()
    rig.clock.move(timedelta(hours=2).total_seconds())
    [before] = client.get("/coverage?watch=1").get_json()["items"]
    assert [gap["reason"] for gap in before["gaps"]] == ["again"]
    assert before["complete_until"] == "2026-03-01T11:59:00Z"
    rig.tick()
    [after] = client.get("/coverage?watch=1").get_json()["items"]
    assert (after["gaps"], after["complete_until"]) == ([], "2026-03-01T12:00:00Z")
    rig.services.close()
