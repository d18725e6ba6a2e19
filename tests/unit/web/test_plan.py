from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from app.ingest.planning import Cadence, Preview, Slowdown
from app.web.api import examples
from app.web.factory import create_app
from tests.unit.ingest.rig import Rig, make_rig
from tests.unit.web.test_coverage import NEWS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.unit.web.fakes import MemoryServices

NO_CALLS = Preview("news", 50.0, Cadence(None, None, 0.0), (), known=False)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = make_rig(tmp_path, youtube_search_calls_per_day=100)
    yield rig
    rig.services.close()


def post(client: FlaskClient, body: bytes, kind: str = "application/json") -> TestResponse:
    return client.post("/plan", data=body, content_type=kind)


def error_of(response: TestResponse) -> tuple[int, str, str | None]:
    """The status, code and pointer of the one error."""
    [error] = response.get_json()["errors"]
    return response.status_code, error["code"], error.get("source", {}).get("pointer")


def test_the_answer_is_the_example_of_the_document(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.planning.answer = Preview(
        "sailing",
        25.000_000_000_004,
        Cadence(2880.000_01, 1440.0, 30.0),
        (Slowdown(NEWS.watch, Cadence(960, 480, 90), Cadence(1440, 720, 60)),),
        known=False,
    )
    response = client.post("/plan", json=examples.PLAN_REQUEST)
    assert response.get_json() == examples.PLAN
    assert response.headers["Cache-Control"] == "no-store"
    assert services.planning.asked == [("sailing", 25)]


def test_the_keyword_is_trimmed_and_the_rate_may_be_left_out(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.planning.answer = NO_CALLS
    body = client.post("/plan", json={"keyword": " news "}).get_json()
    assert (body["interval_seconds"], body["mean_delay_seconds"]) == (None, None)
    assert client.post("/plan", json={"keyword": "a", "videos_per_day": None}).status_code == 200
    assert services.planning.asked == [("news", None), ("a", None)]


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        (b'{"keyword": "a", "videos": 5}', "unknown_member", "/videos"),
        (b'{"keyword": "a", "a/b~c": 5}', "unknown_member", "/a~1b~0c"),
        (b"{}", "invalid_keyword", "/keyword"),
        (b'{"keyword": null}', "invalid_keyword", "/keyword"),
        (b'{"keyword": 5}', "invalid_keyword", "/keyword"),
        (b'{"keyword": ["a"]}', "invalid_keyword", "/keyword"),
        (b'{"keyword": "  "}', "invalid_keyword", "/keyword"),
        (b'{"keyword": "a\\nb"}', "invalid_keyword", "/keyword"),
        (b'{"keyword": "a", "videos_per_day": "5"}', "invalid_videos_per_day", "/videos_per_day"),
        (b'{"keyword": "a", "videos_per_day": true}', "invalid_videos_per_day", "/videos_per_day"),
        (b'{"keyword": "a", "videos_per_day": 0}', "invalid_videos_per_day", "/videos_per_day"),
        (b'{"keyword": "a", "videos_per_day": 1e7}', "invalid_videos_per_day", "/videos_per_day"),
        (b"[]", "invalid_body", ""),
        (b'"keyword"', "invalid_body", ""),
        (b"", "bad_request", None),
        (b'{"keyword": "a"', "bad_request", None),
        (b'{"keyword": "a", "videos_per_day": NaN}', "bad_request", None),
        (b'{"keyword": "a", "videos_per_day": 1e999}', "bad_request", None),
        (b'{"keyword": "\\ud800"}', "bad_request", None),
        (b'{"keyword": "\xff"}', "bad_request", None),
        (b"[" * 60_000, "bad_request", None),
    ],
)
def test_a_body_that_is_not_understood_is_refused(
    client: FlaskClient, services: MemoryServices, body: bytes, code: str, pointer: str | None
) -> None:
    refused = post(client, body)
    assert error_of(refused) == (400, code, pointer)
    assert (b"is not JSON" in refused.data) == (code == "bad_request")
    assert services.planning.asked == []


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_a_foreign_page_can_send_unasked_is_no_json(
    client: FlaskClient, services: MemoryServices, kind: str
) -> None:
    refused = post(client, b'{"keyword": "a"}', kind)
    assert error_of(refused) == (415, "unsupported_media_type", None)
    assert services.planning.asked == []


def test_a_charset_is_allowed_and_a_large_body_is_not(client: FlaskClient) -> None:
    assert post(client, b'{"keyword": "a"}', "application/json; charset=utf-8").status_code == 200
    large = b'{"keyword": "' + b"a" * 70_000 + b'"}'
    assert error_of(post(client, large)) == (413, "body_too_large", None)


def test_a_large_body_of_unknown_length_is_refused_though_its_beginning_is_json(
    client: FlaskClient, services: MemoryServices
) -> None:
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    for size, status in ((100, 200), (70_000, 413)):
        response = client.post(
            "/plan",
            input_stream=BytesIO(b'{"keyword": "a"}'.ljust(size)),
            content_type="application/json",
            environ_overrides={**chunked, "CONTENT_LENGTH": ""},
        )
        assert response.status_code == status
    assert services.planning.asked == [("a", None)]


def test_many_slips_make_a_short_answer(client: FlaskClient) -> None:
    body = b'{"keyword": "a", ' + b", ".join(b'"m%d": 0' % n for n in range(5000)) + b"}"
    assert len(post(client, body).get_json()["errors"]) == 20


def test_parameters_and_other_methods_are_refused(client: FlaskClient) -> None:
    response = client.post("/plan?keyword=a", json={"keyword": "a"})
    assert response.get_json()["errors"][0]["code"] == "unknown_parameter"
    assert client.get("/plan").status_code == 405


def test_plans_are_not_for_strangers(client: FlaskClient, services: MemoryServices) -> None:
    outside = {"REMOTE_ADDR": "203.0.113.7"}
    response = client.post("/plan", json={"keyword": "a"}, environ_overrides=outside)
    assert response.status_code == 401
    assert services.planning.asked == []


def test_a_real_plan_shares_the_calls_and_adds_no_watch(rig: Rig) -> None:
    first = rig.watch("title")
    client = create_app(rig.services, trusts_this_machine=True).test_client()
    body = client.post("/plan", json={"keyword": "new", "videos_per_day": 1}).get_json()
    assert body["calls_per_day"] == 45
    assert body["slower"] == [
        {
            "watch_id": first.watch_id,
            "term": "title",
            "interval_seconds_before": 960,
            "interval_seconds_after": 1920,
        }
    ]
    assert client.post("/plan", json={"keyword": "title"}).get_json()["known"] is True
    assert [watch.term for watch in rig.services.watching.list_all()] == ["title"]
    assert rig.calls == []
