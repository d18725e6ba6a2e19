"""/watches and /stats as the web layer reads and writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import (
    DuplicateWatchError,
    InvalidMemberError,
    InvalidValueError,
    NotFoundError,
    NoUsableKeyError,
    ReserveSpentError,
    TooManyWatchesError,
    UpstreamError,
    WatchPausedError,
)
from app.domain.filters import Filters, Shorts
from app.domain.statistics import Grain
from app.domain.watches import WatchKind

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from app.domain.errors import NewsreelError
    from tests.unit.web.fakes import MemoryServices

CHANNEL = "UC0123456789012345678901"
OUTSIDE = {"REMOTE_ADDR": "203.0.113.7"}
WRITES: tuple[tuple[str, str, dict[str, str] | None], ...] = (
    ("POST", "/watches", {"keyword": "a"}),
    ("PATCH", "/watches/1", {}),
    ("DELETE", "/watches/1", None),
    ("POST", "/watches/1/fetch", None),
)


def error_of(response: TestResponse) -> tuple[int, str, str | None]:
    [error] = response.get_json()["errors"]
    return response.status_code, error["code"], error.get("source", {}).get("pointer")


def test_a_watch_is_made_of_what_was_given(client: FlaskClient, services: MemoryServices) -> None:
    wanted = {
        "keyword": " boats ",
        "label": "Boats",
        "paused": True,
        "min_interval_seconds": 60,
        "weight": 4,
        "region": "NZ",
        "language": "en",
        "filters": {"exclude_words": ["trailer"], "shorts": "without"},
    }
    response = client.post("/watches", json=wanted)
    assert (response.status_code, response.headers["Location"]) == (201, "/watches/1")
    filters = Filters(exclude_words=("trailer",), shorts=Shorts.WITHOUT)
    options = {k: v for k, v in wanted.items() if k != "keyword"} | {"filters": filters}
    assert services.watching.asked == [("create", WatchKind.KEYWORD, "boats", options)]


def test_a_channel_is_given_as_people_call_it(
    client: FlaskClient, services: MemoryServices
) -> None:
    for text in (CHANNEL, f"https://www.youtube.com/channel/{CHANNEL}", "@handle"):
        assert client.post("/watches", json={"channel": text}).status_code == 201
        assert services.watching.asked.pop() == ("create", WatchKind.CHANNEL, text, {})


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "invalid_body", ""),
        ({"label": "x"}, "invalid_body", ""),
        ({"keyword": "a", "channel": CHANNEL}, "invalid_body", ""),
        ([], "invalid_body", ""),
        ({"keyword": "x" * 300}, "invalid_keyword", "/keyword"),
        ({"keyword": "a\0b"}, "invalid_keyword", "/keyword"),
        ({"keyword": 7}, "invalid_keyword", "/keyword"),
        ({"channel": "javascript:alert(1)"}, "invalid_channel", "/channel"),
        ({"channel": "dQw4w9WgXcQ"}, "invalid_channel", "/channel"),
        ({"channel": "x" * 500}, "invalid_channel", "/channel"),
        ({"keyword": "a", "kind": "keyword"}, "unknown_member", "/kind"),
        ({"keyword": "a", "weight": "4"}, "invalid_weight", "/weight"),
        ({"keyword": "a", "weight": True}, "invalid_weight", "/weight"),
        ({"keyword": "a", "paused": 1}, "invalid_paused", "/paused"),
        ({"keyword": "a", "label": None}, "invalid_label", "/label"),
        ({"keyword": "a", "region": "Kiwi"}, "invalid_region", "/region"),
        ({"keyword": "a", "filters": 7}, "invalid_filters", "/filters"),
        ({"keyword": "a", "filters": {"x": 1}}, "unknown_member", "/filters/x"),
        (
            {"keyword": "a", "filters": {"include_words": ["ok", "..."]}},
            "invalid_include_words",
            "/filters/include_words/1",
        ),
    ],
)
def test_a_wrong_body_is_told_where_and_makes_nothing(
    client: FlaskClient, services: MemoryServices, body: object, code: str, pointer: str
) -> None:
    assert error_of(client.post("/watches", json=body)) == (400, code, pointer)
    assert services.watching.asked == []


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DuplicateWatchError(7), (409, "duplicate_watch", None)),
        (TooManyWatchesError("full"), (409, "too_many_watches", None)),
        (InvalidMemberError("a tick", "weight"), (400, "invalid_weight", "/weight")),
        (InvalidValueError("no channel"), (400, "invalid_channel", "/channel")),
        (NotFoundError("nobody has this handle"), (404, "not_found", None)),
        (NoUsableKeyError("quota_exhausted", "used up", None), (503, "quota_exhausted", None)),
        (UpstreamError("a 500"), (502, "youtube_unavailable", None)),
    ],
)
def test_a_refusal_has_a_code_of_its_own(
    client: FlaskClient,
    services: MemoryServices,
    error: NewsreelError,
    told: tuple[int, str, str | None],
) -> None:
    services.watching.refusal = error
    assert error_of(client.post("/watches", json={"channel": CHANNEL})) == told


def test_who_cannot_ask_youtube_is_told_when_to_come_again(
    client: FlaskClient, services: MemoryServices
) -> None:
    again_at = datetime(2026, 1, 3, 8, tzinfo=UTC)
    services.watching.refusal = NoUsableKeyError("quota_exhausted", "project p1 is out", again_at)
    reply = client.post("/watches", json={"channel": "@handle"})
    assert reply.headers["Retry-After"] == "Sat, 03 Jan 2026 08:00:00 GMT"
    assert "p1" not in reply.text


def test_a_duplicate_names_the_watch_there_is(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.watching.refusal = DuplicateWatchError(7)
    [error] = client.post("/watches", json={"keyword": "a"}).get_json()["errors"]
    assert error["meta"] == {"watch_id": 7}


def test_a_patch_is_what_was_given_and_null_takes_back(
    client: FlaskClient, services: MemoryServices
) -> None:
    body = {"region": None, "filters": None, "label": ""}
    assert client.patch("/watches/1", json=body).get_json()["watch_id"] == 1
    assert client.patch("/watches/1", json={}).status_code == 200
    options = {"region": None, "filters": Filters(), "label": ""}
    assert services.watching.asked == [("change", 1, options), ("change", 1, {})]
    assert error_of(client.patch("/watches/1", json={"keyword": "b"})) == (
        *(400, "unknown_member"),
        "/keyword",
    )


def test_a_watch_is_deleted_without_a_body(client: FlaskClient, services: MemoryServices) -> None:
    response = client.delete("/watches/1")
    assert (response.status_code, response.data) == (204, b"")
    assert services.watching.asked == [("remove", 1)]


def test_fetch_now_is_accepted_or_told_why_not(
    client: FlaskClient, services: MemoryServices
) -> None:
    response = client.post("/watches/1/fetch")
    assert (response.status_code, response.get_json()["watch_id"]) == (202, 1)
    for error in (WatchPausedError("paused"), ReserveSpentError("spent")):
        services.watching.refusal = error
        assert error_of(client.post("/watches/1/fetch")) == (409, error.code, None)


@pytest.mark.parametrize("name", ["2", "0", "01", "-1", "x", "٣", "9" * 19, "9" * 40, "1.0"])
def test_what_is_no_watch_is_not_found(client: FlaskClient, name: str) -> None:
    assert client.get(f"/watches/{name}").status_code == 404
    assert client.get(f"/watches/{name}/videos").status_code == 404
    assert client.patch(f"/watches/{name}", json={}).status_code == 404
    assert client.delete(f"/watches/{name}").status_code == 404
    assert client.post(f"/watches/{name}/fetch").status_code == 404


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_strangers_change_nothing(
    client: FlaskClient, services: MemoryServices, method: str, path: str, body: object
) -> None:
    refused = client.open(path, method=method, environ_overrides=OUTSIDE, json=body)
    assert error_of(refused) == (401, "token_required", None)
    assert client.open(f"{path}?x=1", method=method, json=body).status_code == 400
    assert services.watching.asked == []
    assert client.get("/watches", environ_overrides=OUTSIDE).status_code == 200


def test_the_list_has_pages_like_any_other(client: FlaskClient, services: MemoryServices) -> None:
    body = client.get("/watches?page=2&per_page=5").get_json()
    assert services.watching.asked == [(2, 5)]
    assert (body["items"], body["page"], body["limit"], body["total"]) == ([], 2, 5, 1)
    assert (body["next"], body["previous"]) == (None, "/watches?limit=5&page=1")
    assert client.get("/watches?cursor=x").status_code == 400


@pytest.mark.parametrize(
    "query",
    ["limit=4", "page=2&limit=3", "sort=oldest", "published_after=2026-01-02T17:59:55Z&limit=4"],
)
def test_the_videos_of_a_watch_are_those_of_its_feed(client: FlaskClient, query: str) -> None:
    ours = client.get(f"/watches/1/videos?{query}")
    assert ours.status_code == 200
    assert ours.get_json()["items"] == client.get(f"/videos?watch=1&{query}").get_json()["items"]


def test_the_videos_of_a_watch_link_to_its_own_pages(client: FlaskClient) -> None:
    assert client.get("/watches/1/videos").get_json()["next"] == "/watches/1/videos?limit=10&page=2"
    for name in ("watch=1", "keyword=news", f"channel_id={CHANNEL}"):
        assert client.get(f"/watches/1/videos?{name}").status_code == 400


def test_a_known_page_of_a_watch_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/watches/1/videos?limit=2")
    assert first.headers["X-Cache"] == "hit"
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get("/watches/1/videos?limit=2", headers=known).status_code == 304
    assert client.get("/videos?watch=1&limit=2", headers=known).status_code == 200


def test_counts_are_asked_for_as_the_query_says(
    client: FlaskClient, services: MemoryServices
) -> None:
    client.get("/stats")
    query = (
        "by=day&watch=1&published_after=2026-01-01T00:00:00Z&published_before=2026-01-02T00:00:00Z"
    )
    body = client.get(f"/stats?{query}").get_json()
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    assert services.statistics.asked == [(Grain.HOUR, None, None, None), (Grain.DAY, *days, 1)]
    assert (body["watch_id"], body["by"], body["by_watch"]) == (1, "day", None)


@pytest.mark.parametrize(
    "query", ["by=week", "by=", "watch=x", "published_after=yesterday", "limit=5", "by=day&by=hour"]
)
def test_wrong_parameters_of_counts_are_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/stats?{query}").status_code == 400
