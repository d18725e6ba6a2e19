from __future__ import annotations

from typing import TYPE_CHECKING

from structlog.testing import capture_logs

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices


def test_the_hub_is_answered_from_anywhere_and_its_words_are_passed_on(
    client: FlaskClient, services: MemoryServices
) -> None:
    path = f"/websub/{services.pushes.token}"
    far = {"REMOTE_ADDR": "203.0.113.7"}
    query = {
        "hub.mode": "subscribe",
        "hub.topic": "topic",
        "hub.challenge": "c",
        "hub.lease_seconds": "432000",
    }
    assert client.get(path, query_string=query, environ_base=far).data == b"c"
    answer = client.post(
        path, data=b"\xffbody", headers={"X-Hub-Signature": "sha1=0"}, environ_base=far
    )
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert services.pushes.said == [
        ("confirm", "subscribe", "topic", 432_000),
        ("receive", b"\xffbody", "sha1=0"),
    ]


def test_a_lease_that_is_no_number_is_none(client: FlaskClient, services: MemoryServices) -> None:
    path = f"/websub/{services.pushes.token}"
    for lease in ("-5", "x", "", "١٢", "9" * 40):
        query = {"hub.mode": "subscribe", "hub.challenge": "c", "hub.lease_seconds": lease}
        assert client.get(path, query_string=query).status_code == 200
    assert [said[3] for said in services.pushes.said] == [0, 0, 0, 0, 999_999_999]


def test_an_address_nobody_was_given_is_not_found(client: FlaskClient) -> None:
    assert client.get("/websub/other", query_string={"hub.challenge": "c"}).status_code == 404
    assert client.post("/websub/other", data=b"x").status_code == 404


def test_a_failure_does_not_tell_the_address_to_the_log(
    client: FlaskClient, services: MemoryServices
) -> None:
    token = services.pushes.token
    services.pushes.said = None  # type: ignore[assignment]  # a fault of our own
    with capture_logs() as said:
        assert client.post(f"/websub/{token}", data=b"x").status_code == 500
    assert [event["path"] for event in said if "path" in event] == ["/websub/<token>"]
    assert token not in str(said)
