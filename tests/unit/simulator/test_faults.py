import json

import pytest

from simulator.faults import KINDS, Faults, Rule, parse_rule
from simulator.reply import Reply
from tests.unit.simulator.worlds import every_page, get, ids, simulator, video


def replies(count: int, rule: Rule, method: str = "search") -> list[Reply]:
    running = simulator([video(n, -n) for n in range(9)], rules=[rule])
    params = {"search": {}, "videos": {"id": "video000001"}}[method]
    request = get(method, part="snippet", **params)
    return [running.handle(request) for _ in range(count)]


def found(reply: Reply) -> list[dict[str, dict[str, str]]]:
    items: list[dict[str, dict[str, str]]] = json.loads(reply.body)["items"]
    return items


def test_a_rule_hits_every_nth_call_after_those_skipped() -> None:
    rule = Rule("503", every=3, skip=1)
    assert [reply.status for reply in replies(8, rule)] == [200] * 3 + [503] + [200] * 2 + [
        503,
        200,
    ]


def test_a_rule_ends_after_its_times() -> None:
    assert [reply.status for reply in replies(4, Rule("500", times=2))] == [500, 500, 200, 200]


def test_a_rule_is_for_one_method() -> None:
    assert replies(1, Rule("503", method="search"), "videos")[0].status == 200
    assert replies(1, Rule("503", method="videos"), "videos")[0].status == 503


def test_chance_repeats_with_the_seed() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults([Rule("503", chance=0.5)], seed=seed)
        return [bool(faults.for_call("search")) for _ in range(60)]

    assert hits(1) == hits(1) != hits(2)
    assert 10 < sum(hits(1)) < 50


def test_a_fault_is_charged_like_any_call() -> None:
    running = simulator(rules=[Rule("503")])
    running.handle(get("search", part="id"))
    assert [row.charged for row in running.quota.usage()] == [1]


@pytest.mark.parametrize(
    ("kind", "body"), [("empty", b""), ("null", b"null"), ("html_200", b"<!DOCTYPE html>")]
)
def test_bodies_that_are_no_list(kind: str, body: bytes) -> None:
    (reply,) = replies(1, Rule(kind))
    assert reply.status == 200
    assert reply.body.startswith(body)
    assert body or not reply.body


@pytest.mark.parametrize("kind", ["truncated", "garbage"])
def test_bodies_that_are_no_json(kind: str) -> None:
    (reply,) = replies(1, Rule(kind))
    with pytest.raises((UnicodeDecodeError, json.JSONDecodeError)):
        json.loads(reply.body)


def test_connections_that_break_or_wait() -> None:
    assert replies(1, Rule("reset"))[0].reset
    assert replies(1, Rule("slow", seconds=2.5))[0].delay_seconds == 2.5
    (cut,) = replies(1, Rule("cut_off"))
    assert cut.cut_after is not None
    assert cut.cut_after < len(cut.body)


def test_items_of_the_wrong_type() -> None:
    (reply,) = replies(1, Rule("wrong_types"))
    assert all(isinstance(item["snippet"]["publishedAt"], int) for item in found(reply))


@pytest.mark.parametrize("kind", ["channel_item", "missing_video_id"])
def test_an_item_without_a_video_comes_on_top(kind: str) -> None:
    (plain, faulty) = replies(2, Rule(kind, skip=1))
    odd, *rest = found(faulty)
    assert rest == found(plain)
    assert "videoId" not in odd["id"]


def test_a_page_that_is_not_sorted() -> None:
    (plain, faulty) = replies(2, Rule("unsorted", skip=1))
    assert found(faulty) == found(plain)[::-1]


@pytest.mark.parametrize(("kind", "end"), [("lone_surrogate", "\ud83d"), ("nul", "\0")])
def test_a_title_with_a_character_no_database_takes(kind: str, end: str) -> None:
    (reply,) = replies(1, Rule(kind))
    assert found(reply)[0]["snippet"]["title"].endswith(end)


def test_a_later_page_repeats_a_video_and_none_is_lost() -> None:
    running = simulator([video(n, -n) for n in range(120)])
    api = running.api
    pages = [api.call("search", {"part": ["id"], "order": ["date"], "maxResults": ["50"]})]
    while token := pages[-1].get("nextPageToken"):
        query = {"part": ["id"], "order": ["date"], "maxResults": ["50"], "pageToken": [str(token)]}
        pages.append(api.call("search", query, overlap=1))
    seen = [name for page in pages for name in ids(page)]
    assert len(seen) == 122
    assert len(set(seen)) == 120
    assert len(every_page(api)) == 3


def test_errors_keep_their_body_under_item_faults() -> None:
    running = simulator(rules=[Rule("unsorted"), Rule("nul")])
    assert running.handle(get("search", part="nope")).status == 400


@pytest.mark.parametrize(
    "value",
    [
        [],
        "503",
        {},
        {"kind": "fire"},
        {"kind": ["503"]},
        {"kind": "503", "often": 2},
        {"kind": "503", "every": "2"},
        {"kind": "503", "every": 0},
        {"kind": "503", "every": True},
        {"kind": "503", "method": 7},
    ],
)
def test_a_wrong_rule_is_named(value: object) -> None:
    with pytest.raises(ValueError, match="fault"):
        parse_rule(value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_asked_for_and_answers(kind: str) -> None:
    assert parse_rule({"kind": kind, "method": "search", "every": 2}) == Rule(kind, "search", 2)
    assert replies(1, Rule(kind, seconds=0))[0].status in (200, 404, 500, 503)
