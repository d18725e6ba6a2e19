from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from app.domain.changes import Bookmark

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices


def test_pages_lead_through_every_change_once(client: FlaskClient) -> None:
    after, met, more = "0", [], True
    while more:
        body = client.get(f"/changes?after={after}&limit=7").get_json()
        met += [change["seq"] for change in body["changes"]]
        after, more = body["next_after"], body["more"]
    assert met == list(range(1, 26))


def test_a_copy_begins_at_nothing_and_a_page_has_a_hundred(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.changes.count = 300
    body = client.get("/changes").get_json()
    assert services.changes.asked == [Bookmark()]
    assert len(body["changes"]) == 100
    assert body["more"] is True


def test_a_deletion_names_the_video_and_nothing_more(client: FlaskClient) -> None:
    changes = client.get("/changes").get_json()["changes"]
    assert changes[9] == {"seq": 10, "op": "delete", "video_id": "vid00000010"}
    assert set(changes[8]) == {"seq", "op", "video"}


def test_the_bookmark_of_an_unfinished_copy_comes_back_as_given(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.changes.forgotten = 20
    assert client.get("/changes?after=5-21").status_code == 200
    assert services.changes.asked == [Bookmark(5, 21)]


def test_a_copy_that_is_too_old_is_told_to_start_anew(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.changes.forgotten = 20
    response = client.get("/changes?after=5")
    assert response.status_code == 410
    assert response.get_json()["errors"][0]["code"] == "changes_forgotten"
    assert response.headers["Cache-Control"] == "no-store"
    assert client.get("/changes?after=0").status_code == 200


def test_an_unchanged_page_is_confirmed(client: FlaskClient, services: MemoryServices) -> None:
    etag = client.get("/changes?after=20").headers["ETag"]
    again = client.get("/changes?after=20", headers={"If-None-Match": etag})
    assert again.status_code == 304
    services.changes.count += 1
    assert client.get("/changes?after=20", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    "after",
    ["", "-1", "01", "1.0", "x", " 1", "1-", "-5", "5-4", "5-5", "5-06", "٣", str(2**63), "1" * 99],
)
def test_what_was_never_handed_out_is_refused(client: FlaskClient, after: str) -> None:
    response = client.get(f"/changes?after={quote(after)}")
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["code"] == "invalid_after"


@pytest.mark.parametrize("limit", ["", "0", "1001", "-1", "1e2"])
def test_a_page_has_one_to_a_thousand_changes(client: FlaskClient, limit: str) -> None:
    response = client.get(f"/changes?limit={limit}")
    assert response.status_code == 400
    assert response.get_json()["errors"][0]["code"] == "invalid_limit"


def test_unknown_parameters_are_refused(client: FlaskClient) -> None:
    assert client.get("/changes?since=5").status_code == 400
    assert client.get("/changes?after=1&after=2").status_code == 400
