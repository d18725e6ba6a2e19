"""YouTube's errors, row by row: what each does to ledger, key and watch, and when it is over.

One watch, and calls in plenty. Every row is asked about in full: with one key, where the poll fails
and is tried again by itself, and with a second project's key, which helps or does not.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from app.domain.clock import next_pacific_midnight
from app.domain.quota import Bucket, KeyState, KeyStatus, Usage
from app.sources.bounded_http import RefusedError
from tests.unit.ingest.rig import Call, Rig, before_noon
from tests.unit.simulator.worlds import NOON
from tests.unit.sources.youtube_bodies import bad_key, error_body, search_used_up

NewRig = Callable[..., Rig]

MINUTE, DAY = 60.0, 86_400.0
TO_MIDNIGHT = (next_pacific_midnight(NOON) - NOON).total_seconds()


@dataclass(frozen=True)
class Row:
    """One situation.

    `problem`: what /ready names. `state`, `reason`: of the key. `bucket_ends`: nothing more is
    asked of that bucket today. `passed_on`: another key is tried within the poll. `waits`: seconds
    until the same key is asked again.
    """

    name: str
    status: int
    body: object
    problem: str
    state: KeyState = KeyState.USABLE
    reason: str = ""
    bucket_ends: bool = False
    passed_on: bool = True
    waits: float = MINUTE
    retry_after: str = ""


def _daily(name: str, status: int, body: object) -> Row:
    return Row(name, status, body, "quota_exhausted", bucket_ends=True, waits=TO_MIDNIGHT)


def _throttle(name: str, status: int, body: object, **more: object) -> Row:
    row = Row(name, status, body, "keys_cooling", state=KeyState.COOLING)
    return replace(row, **more)  # type: ignore[arg-type]  # as named


def _refused(name: str, status: int, body: object, reason: str) -> Row:
    return Row(name, status, body, "keys_disabled", KeyState.DISABLED, reason, waits=DAY)


def _not_the_key(name: str, status: int, body: object, problem: str, **more: object) -> Row:
    row = Row(name, status, body, problem, passed_on=False)
    return replace(row, **more)  # type: ignore[arg-type]  # as named


def _info(reason: str, **metadata: str) -> dict[str, object]:
    return {"reason": reason, "metadata": metadata}


ROWS = [
    _daily("search bucket used up", 429, search_used_up()),
    _daily(
        "search bucket used up, no details",
        429,
        error_body(429, "limit 'Search Queries per day' of service", "rateLimitExceeded"),
    ),
    _daily(
        "quotaExceeded",
        403,
        error_body(403, "You have exceeded your quota.", "quotaExceeded", domain="youtube.quota"),
    ),
    _daily(
        "dailyLimitExceeded",
        403,
        error_body(403, "Daily Limit Exceeded.", "dailyLimitExceeded", domain="usageLimits"),
    ),
    _throttle(
        "per minute",
        429,
        error_body(
            429,
            "limit 'Search Queries per minute'",
            "rateLimitExceeded",
            info=_info("RATE_LIMIT_EXCEEDED", quota_unit="1/min/{project}"),
        ),
    ),
    _throttle(
        "per minute and user",
        403,
        error_body(403, "User Rate Limit Exceeded", "userRateLimitExceeded", domain="usageLimits"),
    ),
    _throttle("429 without a body", 429, None),
    _throttle("429 with a wait", 429, None, retry_after="300", waits=300.0),
    _refused("bad key", 400, bad_key(), "invalid"),
    _refused(
        "bad key, older",
        400,
        error_body(400, "Bad Request", "keyInvalid", domain="usageLimits"),
        "invalid",
    ),
    _refused("expired", 400, bad_key("API key expired. Please renew the API key."), "expired"),
    _refused(
        "no key",
        403,
        error_body(
            403,
            "Method doesn't allow unregistered callers.",
            "forbidden",
            status="PERMISSION_DENIED",
        ),
        "forbidden",
    ),
    _refused(
        "API not enabled, older",
        403,
        error_body(403, "Access Not Configured.", "accessNotConfigured", domain="usageLimits"),
        "api_disabled",
    ),
    _refused(
        "API not enabled",
        403,
        error_body(403, "Disabled.", "forbidden", info=_info("SERVICE_DISABLED")),
        "api_disabled",
    ),
    _refused(
        "restricted to other APIs",
        403,
        error_body(
            403,
            "Requests to this API youtube method youtube.api.v3.Search.List are blocked.",
            "forbidden",
            info=_info("API_KEY_SERVICE_BLOCKED"),
        ),
        "blocked",
    ),
    _refused(
        "restricted to other addresses",
        403,
        error_body(403, "Blocked.", "forbidden", info=_info("API_KEY_IP_ADDRESS_BLOCKED")),
        "blocked",
    ),
    _refused(
        "restricted to other referrers",
        403,
        error_body(403, "Blocked.", "forbidden", info=_info("API_KEY_HTTP_REFERRER_BLOCKED")),
        "blocked",
    ),
    _not_the_key(
        "backend, 500", 500, error_body(500, "Backend", "backendError"), "youtube_unavailable"
    ),
    _not_the_key(
        "backend, 503 with a wait",
        503,
        error_body(503, "Backend", "backendError"),
        "youtube_unavailable",
        retry_after="120",
        waits=120.0,
    ),
    _not_the_key(
        "aborted", 409, error_body(409, "The operation was aborted.", ""), "youtube_unavailable"
    ),
    _not_the_key("a proxy's 403", 403, "<html>no</html>", "youtube_unavailable"),
    _not_the_key(
        "bad parameter", 400, error_body(400, "Bad token.", "invalidPageToken"), "bad_request"
    ),
    _not_the_key("gone", 404, error_body(404, "Not found.", "channelNotFound"), "gone"),
]
each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def _answer(rig: Rig, row: Row, *, method: str = "search", key: str = "key-a") -> None:
    """From now on the calls of a method with a key are answered so."""
    headers = {"retry-after": row.retry_after} if row.retry_after else {}

    def answer(call: Call) -> None:
        if (call.method, call.key) == (method, key):
            raise RefusedError(row.status, headers, json.dumps(row.body).encode())

    rig.youtube.wire.before_each = answer


def _mend(rig: Rig) -> None:
    rig.youtube.wire.before_each = lambda _: None


def _usage(rig: Rig, project: str = "p") -> dict[Bucket, Usage]:
    [told] = [it for it in rig.services.quota.report().projects if it.project == project]
    return {usage.bucket: usage for usage in told.usage}


def _status(rig: Rig) -> KeyStatus | None:
    return rig.services.quota.report().projects[0].keys[0].status


@each_row
def test_an_error_has_its_effect_and_passes_by_itself(new_rig: NewRig, row: Row) -> None:
    rig = new_rig(youtube_api_keys="p:key-a")
    rig.watch()
    _answer(rig, row)
    rig.tick()

    assert rig.searches() == 1, "nothing is tried again at once"
    assert rig.problems() == {row.problem}
    search, units = _usage(rig)[Bucket.SEARCH], _usage(rig)[Bucket.UNITS]
    assert search.used == 1, "a failed call is charged"
    assert (search.exhausted_at is not None, units.exhausted_at) == (row.bucket_ends, None)
    status = _status(rig)
    assert (status.state if status else KeyState.USABLE) is row.state
    assert (status.reason if status else "").startswith(row.reason)

    _mend(rig)
    rig.clock.at = NOON + timedelta(seconds=row.waits - 1)
    rig.tick()
    assert rig.searches() == 1, "not before its time"
    rig.clock.move(MINUTE + 2)
    rig.tick()
    assert rig.searches() == 2
    assert rig.problems() == set()
    assert _status(rig) is None


@each_row
def test_another_projects_key_takes_over_where_it_can_help(new_rig: NewRig, row: Row) -> None:
    rig = new_rig(youtube_api_keys="p:key-a,q:key-b")
    rig.watch()
    _answer(rig, row)
    for _ in range(4):
        rig.tick()
        rig.clock.move(10)
    keys = [call.key for call in rig.calls if call.method == "search"]
    assert keys.count("key-a") == 1, "a failing key is not asked again"
    failed = rig.services.store.read(lambda t: t.watches.get(1)).last_error is not None
    assert failed is not row.passed_on
    if row.passed_on:
        assert keys.count("key-b") == 4
        assert _usage(rig, "q")[Bucket.SEARCH].exhausted_at is None


def test_units_used_up_end_completion_and_not_search(new_rig: NewRig) -> None:
    rig = new_rig(youtube_api_keys="p:key-a")
    rig.watch()
    rig.publish(*before_noon(3))
    rig.clock.move(1)
    _answer(rig, ROWS[2], method="videos")
    rig.run_for(60)
    assert len(rig.known()) == 3
    assert rig.searches() > 3
    assert sum(call.method == "videos" for call in rig.calls) == 1
    usage = _usage(rig)
    assert usage[Bucket.UNITS].exhausted_at is not None
    assert usage[Bucket.SEARCH].exhausted_at is None


def test_trouble_that_goes_on_is_met_ever_less_often(new_rig: NewRig) -> None:
    rig = new_rig(youtube_api_keys="p:key-a")
    rig.watch()
    _answer(rig, next(row for row in ROWS if row.name == "backend, 500"))
    rig.run_for(600)
    assert rig.searches() == 4  # at first, after a minute, and then after ever twice as long
