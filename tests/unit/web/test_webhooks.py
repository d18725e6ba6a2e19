from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import InvalidMemberError, TooManyWebhooksError
from app.domain.webhooks import Pause
from tests.unit.web.fakes import AT

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices


def test_a_secret_is_shown_when_the_webhook_is_made_and_never_again(
    client: FlaskClient, services: MemoryServices
) -> None:
    made = client.post("/webhooks", json={"url": "https://example.org/in", "watch_id": 1})
    assert made.status_code == 201
    assert made.headers["Location"] == "/webhooks/1"
    assert made.headers["Cache-Control"] == "no-store"
    assert made.get_json()["secret"] == "nws_secret"
    assert services.webhooks.asked == [("add", "https://example.org/in", 1)]
    for answer in (
        client.get("/webhooks"),
        client.get("/webhooks/1"),
        client.get("/webhooks/1/deliveries"),
        client.patch("/webhooks/1", json={"paused": True}),
        client.post("/webhooks/1/replay", json={"after": 5}),
    ):
        assert answer.status_code in (200, 202)
        assert "nws_secret" not in answer.text


def test_a_webhook_is_for_all_videos_unless_it_names_a_watch(
    client: FlaskClient, services: MemoryServices
) -> None:
    for body in ({"url": "https://a.example/"}, {"url": "https://a.example/", "watch_id": None}):
        assert client.post("/webhooks", json=body).status_code == 201
    assert services.webhooks.asked == [("add", "https://a.example/", None)] * 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_url"),
        ({"url": 5}, "invalid_url"),
        ({"url": "https://a.example/", "watch_id": "1"}, "invalid_watch_id"),
        ({"url": "https://a.example/", "watch_id": 0}, "invalid_watch_id"),
        ({"url": "https://a.example/", "watch_id": True}, "invalid_watch_id"),
        ({"url": "https://a.example/", "watch_id": 2**63}, "invalid_watch_id"),
        ({"url": "https://a.example/", "secret": "mine"}, "unknown_member"),
        ({"url": "https://a.example/", "next_seq": 0}, "unknown_member"),
    ],
)
def test_what_cannot_be_is_refused(
    client: FlaskClient, services: MemoryServices, body: object, code: str
) -> None:
    refused = client.post("/webhooks", json=body)
    assert refused.status_code == 400
    assert refused.get_json()["errors"][0]["code"] == code
    assert services.webhooks.asked == []


def test_an_address_that_may_not_be_asked_is_pointed_at(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.webhooks.refusal = InvalidMemberError("leads to an address inside", "url")
    for answer in (
        client.post("/webhooks", json={"url": "https://localhost/"}),
        client.patch("/webhooks/1", json={"url": "https://localhost/"}),
    ):
        assert answer.status_code == 400
        (error,) = answer.get_json()["errors"]
        assert (error["code"], error["source"]) == ("invalid_url", {"pointer": "/url"})


def test_one_too_many_is_a_conflict(client: FlaskClient, services: MemoryServices) -> None:
    services.webhooks.refusal = TooManyWebhooksError("there are 100 webhooks already")
    refused = client.post("/webhooks", json={"url": "https://a.example/"})
    assert refused.status_code == 409
    assert refused.get_json()["errors"][0]["code"] == "too_many_webhooks"


def test_only_what_is_given_changes(client: FlaskClient, services: MemoryServices) -> None:
    for body in ({}, {"paused": True}, {"paused": False}, {"url": "https://b.example/"}):
        assert client.patch("/webhooks/1", json=body).status_code == 200
    assert services.webhooks.asked == [
        ("change", 1, None, None),
        ("change", 1, None, True),
        ("change", 1, None, False),
        ("change", 1, "https://b.example/", None),
    ]
    assert client.patch("/webhooks/1", json={"watch_id": 2}).status_code == 400


def test_a_pause_is_told_with_its_reason(client: FlaskClient, services: MemoryServices) -> None:
    stopped = replace(services.webhooks.webhook, paused=Pause.GONE, paused_at=AT)
    services.webhooks.webhook = stopped
    told = client.get("/webhooks/1").get_json()
    assert told["paused"] is True
    assert (told["paused_reason"], told["paused_since"]) == ("gone", "2026-01-02T18:00:00Z")


@pytest.mark.parametrize("after", [-1, "5", None, 1.5, True, 2**63])
def test_a_replay_begins_at_a_seq(
    client: FlaskClient, services: MemoryServices, after: object
) -> None:
    assert client.post("/webhooks/1/replay", json={"after": after}).status_code == 400
    assert client.post("/webhooks/1/replay", json={}).status_code == 400
    assert client.post("/webhooks/1/replay", json={"after": 0}).status_code == 202
    assert services.webhooks.asked == [("replay", 1, 0)]


def test_a_webhook_goes_when_it_is_deleted(client: FlaskClient, services: MemoryServices) -> None:
    gone = client.delete("/webhooks/1")
    assert (gone.status_code, gone.data) == (204, b"")
    assert services.webhooks.asked == [("remove", 1)]


@pytest.mark.parametrize("name", ["2", "0", "-1", "x", "01", "1" * 20, "٣"])
def test_a_webhook_that_is_not_there_is_not_found(client: FlaskClient, name: str) -> None:
    for path in (f"/webhooks/{name}", f"/webhooks/{name}/deliveries"):
        assert client.get(path).status_code == 404
    assert client.delete(f"/webhooks/{name}").status_code == 404


def test_lists_have_pages_like_every_list(client: FlaskClient, services: MemoryServices) -> None:
    for path in ("/webhooks", "/webhooks/1/deliveries"):
        listed = client.get(f"{path}?page=2&limit=5")
        body = listed.get_json()
        assert (body["items"], body["page"], body["limit"], body["total"]) == ([], 2, 5, 1)
        assert body["previous"] == f"{path}?limit=5&page=1"
        assert 'rel="prev"' in listed.headers["Link"]
    assert services.webhooks.asked == [(2, 5), (2, 5)]


def test_a_replaced_secret_is_shown_once_and_the_last_one_holds_for_a_while(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.webhooks.webhook = replace(services.webhooks.webhook, previous_until=AT)
    for body in ({}, {"overlap_hours": 0}, {"overlap_hours": 168}):
        rotated = client.post("/webhooks/1/rotate", json=body)
        assert rotated.status_code == 200
        assert rotated.headers["Cache-Control"] == "no-store"
        assert rotated.get_json()["secret"] == "nws_secret"
        assert rotated.get_json()["previous_secret_until"] == "2026-01-02T18:00:00Z"
    hours = [timedelta(hours=number) for number in (24, 0, 168)]
    assert services.webhooks.asked == [("rotate", 1, it) for it in hours]
    for wrong in (-1, 169, 1.5, True, None, "1"):
        refused = client.post("/webhooks/1/rotate", json={"overlap_hours": wrong})
        assert refused.get_json()["errors"][0]["code"] == "invalid_overlap_hours"
    assert client.post("/webhooks/2/rotate", json={}).status_code == 404


def test_strangers_see_no_webhook(client: FlaskClient) -> None:
    outside = {"REMOTE_ADDR": "203.0.113.7"}
    for path in ("/webhooks", "/webhooks/1", "/webhooks/1/deliveries"):
        assert client.get(path, environ_overrides=outside).status_code == 401
