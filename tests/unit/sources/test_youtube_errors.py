import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from app.domain.errors import (
    BadRequestError,
    GoneError,
    KeyRejectedError,
    QuotaExhaustedError,
    SourceError,
    ThrottledError,
    UpstreamError,
)
from app.sources.youtube_errors import source_error
from app.sources.youtube_refusal import MAX_MESSAGE_CHARACTERS
from tests.unit.sources.youtube_bodies import (
    ERROR_INFO,
    KEY,
    Json,
    bad_key,
    error_body,
    search_used_up,
)

OTHER_KEY = "AIza" + "B" * 35


def _error(status: int, body: object, headers: Mapping[str, str] | None = None) -> SourceError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return source_error(status, headers or {}, raw, secret=KEY)


def _quota(message: str, **metadata: str) -> Json:
    info: Json = {"reason": "RATE_LIMIT_EXCEEDED", "metadata": metadata}
    return error_body(429, message, "rateLimitExceeded", info=info)


def _old(code: int, reason: str, message: str, domain: str = "usageLimits") -> Json:
    """The older form: `errors` first, no status, no details."""
    entry = {"domain": domain, "reason": reason, "message": message}
    return {"error": {"errors": [entry], "code": code, "message": message}}


def _details_only(code: int, reason: str) -> Json:
    details = [{"@type": ERROR_INFO, "reason": reason, "domain": "googleapis.com"}]
    return {"error": {"code": code, "message": "No.", "details": details}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(search_used_up(), id="search bucket"),
        pytest.param(_quota("", quota_unit="1/d/{project}"), id="only the unit"),
        pytest.param(_quota("", quota_limit="defaultPerDayPerProject"), id="only the limit"),
        pytest.param(
            _quota("", quota_metric="youtube.googleapis.com/search_list"), id="only the metric"
        ),
        pytest.param(
            _old(429, "rateLimitExceeded", "limit 'Video Uploads per day' of service"),
            id="only the message",
        ),
        pytest.param(
            _old(429, "rateLimitExceeded", "Quota exceeded for quota metric 'X' and limit 'X'"),
            id="a quota without a window",
        ),
    ],
)
def test_a_429_of_a_daily_limit_ends_the_day(body: Json) -> None:
    assert type(_error(429, body)) is QuotaExhaustedError


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            error_body(
                403, "You have exceeded your quota.", "quotaExceeded", domain="youtube.quota"
            ),
            id="units",
        ),
        pytest.param(_old(403, "dailyLimitExceeded", "Daily Limit Exceeded."), id="older"),
    ],
)
def test_a_403_of_a_daily_limit_ends_the_day(body: Json) -> None:
    assert type(_error(403, body)) is QuotaExhaustedError


def test_the_day_and_the_limit_that_youtube_names_are_kept() -> None:
    error = _error(429, search_used_up())
    assert isinstance(error, QuotaExhaustedError)
    assert error.window_start_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert error.limit == 100


@pytest.mark.parametrize("value", ["", "0", "soon", "-5", "9" * 30, "\uff11\uff10\uff10"])
def test_an_unreadable_day_or_limit_is_left_open(value: str) -> None:
    error = _error(429, search_used_up(window_start_time=value, quota_limit_value=value))
    assert isinstance(error, QuotaExhaustedError)
    assert (error.window_start_at, error.limit) == (None, None)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(429, _quota("", quota_unit="1/min/{project}"), id="unit"),
        pytest.param(429, _quota("", quota_unit="1/min/{project}/{user}"), id="unit per user"),
        pytest.param(429, _quota("", quota_unit="1/100s/{project}"), id="unit of 100 s"),
        pytest.param(429, _quota("", quota_limit="SearchPerMinutePerProject"), id="limit"),
        pytest.param(
            429,
            _quota(
                "limit 'Search Queries per minute'",
                quota_limit="SearchListPerMinutePerProject",
                quota_metric="youtube.googleapis.com/search_list",
            ),
            id="search bucket within a minute",
        ),
        pytest.param(
            429,
            _old(429, "rateLimitExceeded", "quota metric 'Queries' and limit 'Queries per minute'"),
            id="message",
        ),
        pytest.param(429, _old(429, "rateLimitExceeded", "Rate Limit Exceeded"), id="no hint"),
        pytest.param(403, _old(403, "rateLimitExceeded", "Rate Limit Exceeded"), id="403"),
        pytest.param(403, _old(403, "userRateLimitExceeded", "User Rate Limit"), id="user"),
        pytest.param(429, b"<html>429 Too Many Requests</html>", id="html"),
        pytest.param(429, b"", id="empty"),
    ],
)
def test_a_short_limit_is_a_throttle(status: int, body: object) -> None:
    assert type(_error(status, body)) is ThrottledError


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        pytest.param(400, bad_key(), "invalid", id="bad key"),
        pytest.param(400, _details_only(400, "API_KEY_INVALID"), "invalid", id="without errors"),
        pytest.param(400, _old(400, "keyInvalid", "Bad Request"), "invalid", id="older bad key"),
        pytest.param(
            400,
            _old(400, "badRequest", "API key not valid. Please pass a valid API key."),
            "invalid",
            id="bad key by its message",
        ),
        pytest.param(
            400, bad_key("API key expired. Please renew the API key."), "expired", id="expired"
        ),
        pytest.param(
            403,
            _old(403, "accessNotConfigured", "Access Not Configured."),
            "api_disabled",
            id="older api disabled",
        ),
        pytest.param(403, _details_only(403, "SERVICE_DISABLED"), "api_disabled", id="disabled"),
        pytest.param(
            403,
            error_body(
                403,
                "Requests to this API youtube method youtube.api.v3.Search.List are blocked.",
                "forbidden",
            ),
            "blocked",
            id="blocked by its message",
        ),
        *(
            pytest.param(
                403,
                error_body(403, "Blocked.", "forbidden", info={"reason": reason}),
                "blocked",
                id=reason,
            )
            for reason in (
                "API_KEY_SERVICE_BLOCKED",
                "API_KEY_IP_ADDRESS_BLOCKED",
                "API_KEY_HTTP_REFERRER_BLOCKED",
                "CONSUMER_SUSPENDED",
            )
        ),
        pytest.param(403, _old(403, "ipRefererBlocked", "Blocked."), "blocked", id="older block"),
        pytest.param(
            403,
            error_body(
                403,
                "Method doesn't allow unregistered callers.",
                "forbidden",
                status="PERMISSION_DENIED",
            ),
            "forbidden",
            id="no key",
        ),
        pytest.param(401, _old(401, "authError", "Invalid Credentials"), "forbidden", id="401"),
    ],
)
def test_a_refused_key_is_told_apart_by_its_reason(status: int, body: object, reason: str) -> None:
    error = _error(status, body)
    assert isinstance(error, KeyRejectedError)
    assert error.reason == reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "playlistNotFound"),
        (404, "videoNotFound"),
        (403, "channelNotFound"),
        (403, "channelClosed"),
        (403, "channelSuspended"),
        (403, "playlistItemsNotAccessible"),
        (404, "notFound"),
    ],
)
def test_what_does_not_exist_is_gone_and_not_the_fault_of_the_key(status: int, reason: str) -> None:
    body = error_body(status, "Cannot be found.", reason, domain="youtube.playlistItem")
    assert type(_error(status, body)) is GoneError


@pytest.mark.parametrize(
    "body",
    [
        error_body(400, "The request specifies an invalid page token.", "invalidPageToken"),
        error_body(400, "No filter selected.", "missingRequiredParameter"),
        error_body(400, "Request contains an invalid argument.", "badRequest"),
        error_body(400, "The term 'quota per day' is wrong.", "invalidSearchFilter"),
        {"error": "bad request"},
        b"<title>Error 400 (Bad Request)!!1</title>",
    ],
)
def test_a_wrong_request_is_not_worth_repeating(body: object) -> None:
    error = _error(400, body)
    assert type(error) is BadRequestError
    assert error.permanent


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(503, _old(503, "backendError", "Backend Error", "global"), id="503"),
        pytest.param(500, error_body(500, "Internal error.", "backendError"), id="500"),
        pytest.param(500, {"error": {"code": 500, "status": "INTERNAL"}}, id="no message"),
        pytest.param(
            403,
            error_body(403, "Permission denied", "SERVICE_UNAVAILABLE", domain="youtube.Core"),
            id="unavailable as 403",
        ),
        pytest.param(409, error_body(409, "The operation was aborted.", "aborted"), id="409"),
        pytest.param(502, b"<html><title>502 Bad Gateway</title></html>", id="proxy"),
        pytest.param(403, b"<html>Access denied by the firewall</html>", id="firewall"),
        pytest.param(403, {"error": "forbidden"}, id="not the error object of YouTube"),
        pytest.param(404, b"<html>Not Found</html>", id="wrong endpoint"),
        pytest.param(302, b"", id="captive portal"),
        pytest.param(500, b"[" * 100_000, id="nested too deep"),
        pytest.param(500, b'{"error": {"code": 500, "mess', id="cut off"),
        pytest.param(500, b"\xff\xfe\x00", id="not text"),
        pytest.param(500, {"error": {"errors": "x", "details": [1, {"metadata": 5}]}}, id="odd"),
        pytest.param(500, {"error": {"message": 5, "errors": [{"reason": 7}]}}, id="numbers"),
        pytest.param(500, ["error"], id="list"),
        pytest.param(500, None, id="null"),
    ],
)
def test_trouble_on_the_other_side_may_pass_and_blames_no_key(status: int, body: object) -> None:
    error = _error(status, body)
    assert type(error) is UpstreamError
    assert not error.permanent


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 5 "}, 5.0),
        ({"retry-after": "999999999"}, 3600.0),
        (
            {
                "retry-after": "Sun, 01 Mar 2036 12:00:00 GMT",
                "date": "Sun, 01 Mar 2026 12:00:00 GMT",
            },
            3600.0,
        ),
        (
            {
                "retry-after": "Sun, 01 Mar 2026 12:01:30 GMT",
                "date": "Sun, 01 Mar 2026 12:00:00 GMT",
            },
            90.0,
        ),
        (
            {
                "retry-after": "Sun, 01 Mar 2026 12:00:00 GMT",
                "date": "Sun, 01 Mar 2026 12:01:00 GMT",
            },
            0.0,
        ),
        ({"retry-after": "Sun, 01 Mar 2026 12:01:30 GMT"}, None),
        ({"retry-after": "a while"}, None),
        ({"retry-after": f"Mon, 01 Jan {'9' * 25} 00:00:00 GMT"}, None),
        ({"retry-after": f"Mon, 01 Jan 2026 00:00:00 +{'9' * 25}"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_was_asked_for_is_kept(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    assert _error(status, b"", headers).retry_after == seconds


def test_the_message_is_the_sources_own_words_without_mark_up() -> None:
    message = 'You have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.\n'
    error = _error(403, error_body(403, message, "quotaExceeded"))
    assert str(error) == "You have exceeded your quota."


def test_a_long_message_is_cut() -> None:
    error = _error(500, error_body(500, "long " * 1000, "backendError"))
    assert len(str(error)) == MAX_MESSAGE_CHARACTERS


def test_a_message_that_names_keys_is_stored_without_them() -> None:
    padding = "x" * (MAX_MESSAGE_CHARACTERS - 20)
    message = f"{padding} 'api_key:{KEY}' and {OTHER_KEY} have been suspended."
    error = _error(403, error_body(403, message, "forbidden"))
    assert "AIza" not in str(error)
    assert KEY[:8] not in repr(error)


def test_a_key_of_any_form_is_removed() -> None:
    body = json.dumps(error_body(403, "Consumer 'demo-key' is suspended.", "forbidden")).encode()
    assert "demo-key" not in str(source_error(403, {}, body, secret="demo-key"))


def test_a_url_in_a_message_loses_its_query() -> None:
    message = f"Enable it at https://console.example.com/apis/overview?project=1&key={KEY} first."
    error = _error(403, error_body(403, message, "accessNotConfigured"))
    assert str(error) == "Enable it at https://console.example.com/apis/overview first."


def test_a_message_can_be_stored_anywhere() -> None:
    body = b'{"error": {"code": 500, "message": "a\\u0000b \\ud800 c"}}'
    assert str(_error(500, body)) == "ab \ufffd c"


def test_an_answer_without_words_is_named_by_its_status() -> None:
    assert "HTTP 502" in str(_error(502, b"<html>secret page</html>"))
    assert "secret page" not in str(_error(502, b"<html>secret page</html>"))
