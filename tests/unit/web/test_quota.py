from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain.quota import Bucket, KeyReport, KeyState, KeyStatus, Usage
from app.domain.watches import Watch, WatchKind
from app.ingest.quota_report import Forecast, PlannedPoll, ProjectQuota, QuotaReport
from app.web.api import examples

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

RESETS_AT = datetime(2026, 1, 3, 8, tzinfo=UTC)
EXPIRED = KeyStatus(
    "9a8b7c6d5e4f",
    "newsreel-1",
    KeyState.DISABLED,
    "expired: API key expired. Please renew the API key.",
    datetime(2026, 1, 2, 7, 12, tzinfo=UTC),
    datetime(2026, 1, 3, 7, 12, tzinfo=UTC),
)
NEWS = Watch(
    watch_id=1,
    kind=WatchKind.KEYWORD,
    term="news",
    label="news",
    paused=False,
    created_at=RESETS_AT,
    next_due_at=datetime(2026, 1, 2, 18, 14, 0, 999_999, tzinfo=UTC),
    read_until=RESETS_AT,
    feed_seq=0,
    last_success_at=None,
    last_error=None,
)
REPORT = QuotaReport(
    RESETS_AT,
    (
        ProjectQuota(
            "newsreel-1",
            (
                Usage("newsreel-1", Bucket.SEARCH, 41, 100, None),
                Usage("newsreel-1", Bucket.UNITS, 63, 10_000, None),
            ),
            (
                KeyReport("4f1d2c3b5a60", "newsreel-1", None),
                KeyReport("9a8b7c6d5e4f", "newsreel-1", EXPIRED),
            ),
        ),
    ),
    Forecast((PlannedPoll(NEWS, 1028.5714, None),), 59, 10.0, RESETS_AT, plenty=False),
)


def test_the_report_is_the_example_of_the_document(
    client: FlaskClient, services: MemoryServices
) -> None:
    services.quota.answer = REPORT
    response = client.get("/quota")
    assert response.get_json() == examples.QUOTA
    assert response.headers["Cache-Control"] == "no-store"


def test_a_used_up_bucket_says_since_when_and_has_nothing_left(
    client: FlaskClient, services: MemoryServices
) -> None:
    at = datetime(2026, 1, 2, 9, tzinfo=UTC)
    spent = Usage("p", Bucket.SEARCH, 30, 100, at)
    nothing = Forecast((), 0, 0.0, None, plenty=False)
    services.quota.answer = QuotaReport(RESETS_AT, (ProjectQuota("p", (spent,), ()),), nothing)
    [bucket] = client.get("/quota").get_json()["projects"][0]["buckets"]
    assert (bucket["left"], bucket["exhausted_at"]) == (0, "2026-01-02T09:00:00Z")


def test_quota_is_not_for_strangers_and_takes_no_parameters(client: FlaskClient) -> None:
    outside = {"REMOTE_ADDR": "203.0.113.7"}
    assert client.get("/quota", environ_overrides=outside).status_code == 401
    assert client.get("/quota?project=p").status_code == 400
