from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from app.domain.audit import Action, Actor, AuditEntry, AuditQuery, client_name
from app.domain.logs import LogCursor, LogPage
from app.web.api.audit_schemas import AUDIT_LIST

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

ENTRY = AuditEntry(
    31,
    datetime(2026, 1, 2, 18, 0, 40, tzinfo=UTC),
    Actor(client_name("nrc_cUTN4TZ91WBm3slNR1Zi8w"), "203.0.113.7"),
    Action.VIDEO_HIDDEN,
    "video:a1B2c3D4e5F",
    {"note": "spam"},
)


def test_a_page_is_the_example_of_the_document(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.audit_log.answer = LogPage((ENTRY,), LogCursor(31), None)
    response = client.get("/audit?limit=1")
    assert response.get_json() == AUDIT_LIST
    assert response.headers["Cache-Control"] == "no-store"


def test_filters_and_cursor_reach_the_log_and_stay_in_the_links(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.audit_log.answer = LogPage((ENTRY,), LogCursor(31), None)
    chosen = "actor=client%3Anrc_1&action=watch_added&subject=watch%3A7"
    body = client.get(f"/audit?{chosen}&per_page=3").get_json()
    client.get(body["next"])
    query = AuditQuery(3, None, "client:nrc_1", Action.WATCH_ADDED, "watch:7")
    assert services.audit_log.asked == [
        query,
        AuditQuery(3, LogCursor(31), query.actor, query.action, query.subject),
    ]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page=2", "unknown_parameter"),
        ("actor=", "invalid_actor"),
        ("actor=%C3%A9", "invalid_actor"),
        ("actor=a%00b", "invalid_actor"),
        (f"subject={'x' * 81}", "invalid_subject"),
        ("action=watch_lost", "invalid_action"),
        ("cursor=MW8w", "invalid_cursor"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(
    client: FlaskClient, services: MemoryServices, query: str, code: str
) -> None:
    response = client.get(f"/audit?{query}")
    assert (response.status_code, response.get_json()["errors"][0]["code"]) == (400, code)
    assert services.audit_log.asked == []
