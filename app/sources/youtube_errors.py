"""What YouTube's error answers mean: one table, tried from top to bottom.

The rows and their order are those of recorded bodies: the quota a body names, then the time window
its message names, then its reasons, then the HTTP status alone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.domain.errors import (
    BadRequestError,
    GoneError,
    KeyRejectedError,
    QuotaExhaustedError,
    SourceError,
    ThrottledError,
    UpstreamError,
)
from app.sources.youtube_refusal import Refusal, read_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DAILY = re.compile(r"\d+/d(/|$)|PerDay")
_SHORT = re.compile(r"\d+/\d*(s|min|h)(/|$)|Per\w*(Second|Minute|Hour)")
_SEARCH_METRIC = "youtube.googleapis.com/search_list"


def source_error(
    status: int, headers: Mapping[str, str], body: bytes, *, secret: str
) -> SourceError:
    """Translate an answer whose status is not 200.

    Args:
        status: the HTTP status.
        headers: names in lower case.
        body: as it came, in whatever form.
        secret: the API key of the call, to be removed from the message.
    """
    refusal = read_refusal(status, headers, body, secret)
    return next(make(refusal) for test, make in _RULES if test(refusal))


def _quota_is(window: re.Pattern[str]) -> Callable[[Refusal], bool]:
    def test(refusal: Refusal) -> bool:
        named = (refusal.quota.get("quota_unit", ""), refusal.quota.get("quota_limit", ""))
        return any(window.search(name) for name in named)

    return test


def _limit_says(pattern: str) -> Callable[[Refusal], bool]:
    def test(refusal: Refusal) -> bool:
        says = re.search(pattern, refusal.message, re.IGNORECASE)
        return refusal.status in (403, 429) and says is not None

    return test


def _says(pattern: str) -> Callable[[Refusal], bool]:
    return lambda refusal: re.search(pattern, refusal.message, re.IGNORECASE) is not None


def _reason(*names: str) -> Callable[[Refusal], bool]:
    return lambda refusal: not refusal.reasons.isdisjoint(names)


def _status(*codes: int) -> Callable[[Refusal], bool]:
    return lambda refusal: refusal.status in codes


def _youtube_says(*codes: int) -> Callable[[Refusal], bool]:
    return lambda refusal: refusal.structured and refusal.status in codes


def _is_search(refusal: Refusal) -> bool:
    return refusal.quota.get("quota_metric") == _SEARCH_METRIC


def _always(_: Refusal) -> bool:
    return True


def _exhausted(refusal: Refusal) -> SourceError:
    limit = refusal.quota.get("quota_limit_value", "")
    return QuotaExhaustedError(
        refusal.message,
        window_start_at=_instant(refusal.quota.get("window_start_time", "")),
        limit=int(limit) if _is_number(limit) else None,
    )


def _instant(seconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if _is_number(seconds) else None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[1-9][0-9]{0,10}", text) is not None


def _throttled(refusal: Refusal) -> SourceError:
    return ThrottledError(refusal.message, retry_after=refusal.retry_after)


def _key(reason: str) -> Callable[[Refusal], SourceError]:
    return lambda refusal: KeyRejectedError(refusal.message, reason=reason)


def _gone(refusal: Refusal) -> SourceError:
    return GoneError(refusal.message)


def _bad_request(refusal: Refusal) -> SourceError:
    return BadRequestError(refusal.message)


def _upstream(refusal: Refusal) -> SourceError:
    return UpstreamError(refusal.message, retry_after=refusal.retry_after)


_RULES: tuple[tuple[Callable[[Refusal], bool], Callable[[Refusal], SourceError]], ...] = (
    # The quota that is named decides between "until midnight" and "a moment".
    (_quota_is(_DAILY), _exhausted),
    (_quota_is(_SHORT), _throttled),
    (_limit_says(r"\bper day\b"), _exhausted),
    (_limit_says(r"\bper (minute|second|hour|\d+ seconds)\b"), _throttled),
    # The search bucket is counted by the day; any other quota without a window is, too.
    (_is_search, _exhausted),
    (_limit_says(r"\bquota metric\b|\bsearch queries\b"), _exhausted),
    (_reason("quotaExceeded", "dailyLimitExceeded"), _exhausted),
    (
        _reason(
            "rateLimitExceeded", "userRateLimitExceeded", "limitExceeded", "RATE_LIMIT_EXCEEDED"
        ),
        _throttled,
    ),
    # An expired key says API_KEY_INVALID too; only the message tells.
    (_says(r"\bapi key expired\b"), _key("expired")),
    (_reason("keyExpired", "API_KEY_EXPIRED"), _key("expired")),
    (_reason("API_KEY_INVALID", "keyInvalid", "CONSUMER_INVALID"), _key("invalid")),
    (_says(r"\bapi key not valid\b"), _key("invalid")),
    (_reason("SERVICE_DISABLED", "accessNotConfigured", "BILLING_DISABLED"), _key("api_disabled")),
    (
        _reason(
            "API_KEY_SERVICE_BLOCKED",
            "API_KEY_IP_ADDRESS_BLOCKED",
            "API_KEY_HTTP_REFERRER_BLOCKED",
            "API_KEY_ANDROID_APP_BLOCKED",
            "API_KEY_IOS_APP_BLOCKED",
            "CONSUMER_SUSPENDED",
            "ipRefererBlocked",
        ),
        _key("blocked"),
    ),
    (_limit_says(r"^requests (to|from) .* are blocked\b"), _key("blocked")),
    (
        _reason(
            "playlistNotFound",
            "channelNotFound",
            "videoNotFound",
            "channelClosed",
            "channelSuspended",
            "playlistItemsNotAccessible",
        ),
        _gone,
    ),
    (_reason("backendError", "internalError", "SERVICE_UNAVAILABLE"), _upstream),
    (_status(429), _throttled),
    # A refusal without YouTube's error object comes from something on the way, not from YouTube.
    (_youtube_says(401, 403), _key("forbidden")),
    (_youtube_says(404, 410), _gone),
    (_status(400, 405, 411, 413, 414, 431), _bad_request),
    (_always, _upstream),
)
