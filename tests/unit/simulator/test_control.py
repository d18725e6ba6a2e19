"""/_control and /_truth, as a test of the application uses them."""

import json
from typing import Any

import pytest

from simulator.faults import Rule
from simulator.quota import Key
from simulator.server import Request, Simulator
from tests.unit.simulator.worlds import SettableClock, get, ids, search, simulator, video


def control(running: Simulator, command: object) -> tuple[int, Any]:
    reply = running.handle(Request("POST", "/_control", body=json.dumps(command).encode()))
    return reply.status, json.loads(reply.body)


def truth(running: Simulator, **params: object) -> dict[str, Any]:
    query = {name: [str(value)] for name, value in params.items()}
    answer: dict[str, Any] = json.loads(running.handle(Request("GET", "/_truth", query)).body)
    return answer


def test_a_published_video_is_found_and_told() -> None:
    running = simulator()
    status, made = control(running, {"do": "publish", "title": "Oboe & friends", "tags": ["wood"]})
    assert status == 200
    assert ids(search(running.api, q="wood")) == [made["video_id"]]
    assert truth(running)["videos"] == [made]
    assert (made["title"], made["published_at"]) == ("Oboe & friends", "2026-03-01T12:00:00Z")


def test_a_video_can_be_published_late_in_the_index_or_in_the_future() -> None:
    clock = SettableClock()
    running = simulator(clock=clock)
    past = "2026-03-01T11:00:00Z"
    future = "2026-03-01T12:00:30Z"
    late = {"do": "publish", "title": "late", "published_at": past, "index_lag_seconds": 20}
    assert control(running, late)[1]["visible_at"] == "2026-03-01T12:00:20Z"
    control(running, {"do": "publish", "title": "soon", "published_at": future})
    assert ids(search(running.api)) == []
    clock.move(20)
    assert len(ids(search(running.api))) == 1
    clock.move(10)
    assert len(ids(search(running.api))) == 2


def test_edits_redates_and_deletions_are_told() -> None:
    running = simulator([video(1), video(2)])
    control(running, {"do": "edit", "video_id": "video000001", "title": "new", "description": "d"})
    when = "2026-03-01T11:30:00Z"
    control(running, {"do": "redate", "video_id": "video000001", "published_at": when})
    control(running, {"do": "delete", "video_id": "video000002"})
    first, second = truth(running)["videos"]
    assert [edit["field"] for edit in first["edits"]] == ["title", "description", "published_at"]
    assert (first["title"], first["published_at"]) == ("new", when)
    assert second["deleted_at"] == "2026-03-01T12:00:00Z"
    assert ids(search(running.api)) == ["video000001"]


def test_key_states_and_faults_take_effect_at_once() -> None:
    running = simulator(keys=[Key("k", "p")])
    control(running, {"do": "set_key_state", "key": "k", "state": "expired"})
    assert running.handle(get("search", part="id")).status == 400
    control(running, {"do": "set_key_state", "key": "k", "state": "ok"})
    control(running, {"do": "add_fault", "rule": {"kind": "503"}})
    assert running.handle(get("search", part="id")).status == 503
    control(running, {"do": "clear_faults"})
    assert running.handle(get("search", part="id")).status == 200


@pytest.mark.parametrize(
    "command",
    [
        [],
        {},
        {"do": "dance"},
        {"do": ["edit"]},
        {"do": "publish"},
        {"do": "publish", "title": "x", "tags": "wood"},
        {"do": "publish", "title": "x", "published_at": "2026-03-01T12:00:00"},
        {"do": "publish", "title": "x", "video_id": "video000001"},
        {"do": "edit", "video_id": "unknown", "title": "x"},
        {"do": "edit", "video_id": "video000001", "title": 7},
        {"do": "redate", "video_id": "video000001"},
        {"do": "set_key_state", "key": "k", "state": "gone"},
        {"do": "add_fault", "rule": {"kind": "fire"}},
    ],
)
def test_a_wrong_command_is_refused_and_changes_nothing(command: object) -> None:
    running = simulator([video(1)])
    before = truth(running)
    status, answer = control(running, command)
    assert status == 400
    assert answer["error"]
    assert truth(running) == before


def test_the_truth_can_be_read_in_parts() -> None:
    running = simulator([video(n, -n) for n in range(25)])
    seen: list[str] = []
    after, more = 0, True
    while more:
        part = truth(running, after=after, limit=10)
        seen += [one["video_id"] for one in part["videos"]]
        after, more = part["next_after"], part["more"]
    assert len(seen) == len(set(seen)) == 25
    assert truth(running, after=after) == {**truth(running), "videos": [], "next_after": 25}


def test_the_truth_says_what_was_charged() -> None:
    running = simulator(rules=[Rule("503", every=2)], keys=[Key("k", "p")], limit=2)
    for _ in range(3):
        running.handle(get("search", part="id"))
    running.handle(get("videos", part="id"))  # an invalid call is charged too
    calls = truth(running)["calls"]
    assert calls == [
        {
            "key": "k",
            "project": "p",
            "bucket": bucket,
            "day": "2026-03-01",
            "charged": n,
            "refused": r,
        }
        for bucket, n, r in (("search", 2, 1), ("units", 1, 0))
    ]
    assert truth(running)["limits"] == {"search": 2, "units": 2}
    assert truth(running)["faults"][0]["hits"] == 1


@pytest.mark.parametrize("query", [{"after": ["x"]}, {"limit": ["1.5"]}])
def test_a_wrong_truth_request_is_refused(query: dict[str, list[str]]) -> None:
    assert simulator().handle(Request("GET", "/_truth", query)).status == 400


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/"),
        ("GET", "/youtube/v3/comments"),
        ("POST", "/youtube/v3/search"),
        ("GET", "/_control"),
    ],
)
def test_other_paths_are_not_found(verb: str, path: str) -> None:
    assert simulator().handle(Request(verb, path, key="k")).status == 404
