import json
from datetime import timedelta

import pytest

from simulator.faults import KINDS, Rule
from simulator.server import Request, Simulator
from simulator.video import Event
from simulator.wire import Json
from tests.unit.simulator.worlds import NOON, simulator, video

HOUR = 3_600


def ask(running: Simulator, **given: object) -> list[Json]:
    values = {name: [str(value)] for name, value in {"q": "title", **given}.items()}
    reply = running.handle(Request("GET", "/api/v1/search", values))
    assert reply.status == 200
    items: list[Json] = json.loads(reply.body)
    return items


def ids(items: list[Json]) -> list[str]:
    return [str(item["videoId"]) for item in items]


def test_a_page_has_20_and_the_pages_together_everything_once() -> None:
    running = simulator([video(n, -n) for n in range(45)])
    pages = [ids(ask(running, page=number)) for number in (1, 2, 3, 4)]
    assert [len(page) for page in pages] == [20, 20, 5, 0]
    assert len({one for page in pages for one in page}) == 45


@pytest.mark.parametrize("sort", ["relevance", "date", "upload_date", ""])
def test_there_is_no_order_by_time(sort: str) -> None:
    running = simulator([video(n, -n) for n in range(20)])
    found = ids(ask(running, sort=sort))
    assert found == ids(ask(running))
    assert found != sorted(found)


@pytest.mark.parametrize(("date", "expected"), [("hour", 1), ("today", 2), ("week", 3), ("no", 3)])
def test_only_a_date_bounds_the_age(date: str, expected: int) -> None:
    ages = (HOUR - 1, 2 * HOUR, 30 * HOUR)
    running = simulator([video(n, -age) for n, age in enumerate(ages)])
    assert len(ask(running, date=date)) == expected


def test_the_publish_time_is_made_of_words() -> None:
    (item,) = ask(simulator([video(1, -(2 * HOUR + 1_234))]))
    assert item["publishedText"] == "2 hours ago"
    assert item["published"] == int((NOON - timedelta(hours=2)).timestamp())


def test_it_shows_what_the_index_of_search_shows() -> None:
    shown, later = video(1, -10), video(2, -5, visible_at=NOON + timedelta(hours=1))
    gone = Event(NOON, video_id=video(3).video_id, fields={"deleted_at": NOON})
    running = simulator([shown, later, video(3, -3), gone])
    assert ids(ask(running)) == [shown.video_id]
    assert ids(ask(running, q="nothing")) == []
    assert ask(running, type="channel") == []


def test_shorts_have_a_type_of_their_own() -> None:
    running = simulator([video(1, -1, duration_seconds=30), video(2, -2, duration_seconds=90)])
    assert {str(item["type"]) for item in ask(running)} == {"shortVideo", "video"}


@pytest.mark.parametrize("bad", [{}, {"q": [""]}, {"q": ["title"], "page": ["x"]}])
def test_an_error_is_a_sentence(bad: dict[str, list[str]]) -> None:
    reply = simulator().handle(Request("GET", "/api/v1/search", bad))
    assert reply.status == 400
    assert isinstance(json.loads(reply.body)["error"], str)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_fault_can_hit_it(kind: str) -> None:
    running = simulator([video(1, -1)], rules=[Rule(kind, method="invidious")])
    running.handle(Request("GET", "/api/v1/search", {"q": ["title"]}))
    assert running.faults.counts()[0]["hits"] == 1
