"""The error bodies of YouTube as data, and the exception that carries one to the client.

Shapes are recorded unless a comment says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

SERVICE = "youtube.googleapis.com"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
METHOD_NAMES = {
    "search": "youtube.api.v3.V3DataSearchService.List",
    "videos": "youtube.api.v3.V3DataVideoService.List",
    "channels": "youtube.api.v3.V3DataChannelService.List",
    "playlistItems": "youtube.api.v3.V3DataPlaylistItemService.List",
}


class ApiError(Exception):
    """An answer that is not 200: `status` and the JSON `body`."""

    def __init__(self, status: int, body: dict[str, object]) -> None:
        super().__init__(str(status))
        self.status = status
        self.body = body


def _error(
    code: int,
    message: str,
    legacy: dict[str, str],
    status: str | None = None,
    details: list[dict[str, object]] | None = None,
) -> ApiError:
    """`legacy` is the entry of `errors`; its message repeats the main one."""
    error: dict[str, object] = {
        "code": code,
        "message": message,
        "errors": [{"message": message, **legacy}],
    }
    if status is not None:
        error["status"] = status
    if details is not None:
        error["details"] = details
    return ApiError(code, {"error": error})


def search_quota_exhausted(project_number: str, limit: int, window_start_at: datetime) -> ApiError:
    """429: the day's search calls are used up."""
    return _rate_limited(
        ("Search Queries", "Search Queries per day"),
        project_number,
        {
            "quota_location": "global",
            "window_start_time": str(int(window_start_at.timestamp())),
            "quota_limit": "defaultSearchListPerDayPerProject",
            "consumer": f"projects/{project_number}",
            "quota_unit": "1/d/{project}",
            "service": SERVICE,
            "quota_metric": f"{SERVICE}/search_list",
            "quota_limit_value": str(limit),
        },
    )


def throttled(project_number: str) -> ApiError:
    """429 of the short window. Not recorded: composed from the daily one and the documentation."""
    return _rate_limited(
        ("Queries", "Queries per minute"),
        project_number,
        {
            "quota_location": "global",
            "quota_limit": "defaultPerMinutePerProject",
            "consumer": f"projects/{project_number}",
            "quota_unit": "1/min/{project}",
            "service": SERVICE,
            "quota_metric": f"{SERVICE}/default",
            "quota_limit_value": "1800000",
        },
    )


def _rate_limited(names: tuple[str, str], project: str, metadata: dict[str, str]) -> ApiError:
    message = (
        f"Quota exceeded for quota metric '{names[0]}' and limit '{names[1]}' "
        f"of service '{SERVICE}' for consumer 'project_number:{project}'."
    )
    info: dict[str, object] = {
        "@type": ERROR_INFO,
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": metadata,
    }
    legacy = {"domain": "global", "reason": "rateLimitExceeded"}
    return _error(429, message, legacy, "RESOURCE_EXHAUSTED", [info])


def quota_exceeded() -> ApiError:
    """403: the day's general units are used up."""
    message = (
        "The request cannot be completed because you have exceeded your "
        '<a href="/youtube/v3/getting-started#quota">quota</a>.'
    )
    return _error(403, message, {"domain": "youtube.quota", "reason": "quotaExceeded"})


def key_invalid() -> ApiError:
    """400: the key does not exist."""
    return _bad_key("API key not valid. Please pass a valid API key.")


def key_expired() -> ApiError:
    """400: only the message tells it from a bad key (reported)."""
    return _bad_key("API key expired. Please renew the API key.")


def _bad_key(message: str) -> ApiError:
    details: list[dict[str, object]] = [
        {
            "@type": ERROR_INFO,
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": SERVICE},
        },
        {
            "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
            "locale": "en-US",
            "message": message,
        },
    ]
    legacy = {"domain": "global", "reason": "badRequest"}
    return _error(400, message, legacy, "INVALID_ARGUMENT", details)


def key_missing() -> ApiError:
    """403: a call without any key."""
    message = (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API."
    )
    legacy = {"domain": "global", "reason": "forbidden"}
    return _error(403, message, legacy, "PERMISSION_DENIED")


def api_disabled(project_number: str) -> ApiError:
    """403: the Data API is not enabled in the key's project."""
    url = f"https://console.developers.google.com/apis/api/{SERVICE}/overview"
    url = f"{url}?project={project_number}"
    message = (
        f"Access Not Configured. YouTube Data API has not been used in project {project_number} "
        f"before or it is disabled. Enable it by visiting {url} then retry. If you enabled this "
        "API recently, wait a few minutes for the action to propagate to our systems and retry."
    )
    legacy = {"domain": "usageLimits", "reason": "accessNotConfigured", "extendedHelp": url}
    return _error(403, message, legacy)


def key_blocked(method: str) -> ApiError:
    """403: the key may not call this API. Its `errors` entry has no message (recorded)."""
    message = f"Requests to this API youtube method {METHOD_NAMES[method]} are blocked."
    return _restricted(message, {"reason": "API_KEY_SERVICE_BLOCKED"})


def ip_blocked(caller_ip: str) -> ApiError:
    """403: the key may not be used from this address. Not recorded: the shape of key_blocked."""
    message = (
        "The provided API key has an IP address restriction. "
        f"The originating IP address of the call ({caller_ip}) violates this restriction."
    )
    metadata = {"callerIp": caller_ip, "service": SERVICE}
    return _restricted(message, {"reason": "API_KEY_IP_ADDRESS_BLOCKED", "metadata": metadata})


def _restricted(message: str, info: dict[str, object]) -> ApiError:
    error = {
        "code": 403,
        "message": message,
        "errors": [{"reason": "forbidden", "domain": "global"}],
        "details": [{"@type": ERROR_INFO, "domain": "googleapis.com", **info}],
    }
    return ApiError(403, {"error": error})


def invalid_argument(message: str = "Request contains an invalid argument.") -> ApiError:
    """400 for a value that cannot be read."""
    legacy = {"domain": "global", "reason": "badRequest"}
    return _error(400, message, legacy, "INVALID_ARGUMENT")


def bad_parameter(reason: str, message: str, location: str) -> ApiError:
    """400 naming a parameter, such as invalidPageToken. Reasons from the docs, not recorded."""
    legacy = {
        "domain": "youtube.parameter",
        "reason": reason,
        "location": location,
        "locationType": "parameter",
    }
    return _error(400, message, legacy)


def no_filter(expected: str) -> ApiError:
    """400: none of the parameters that choose resources was given; `location` is empty."""
    message = f"No filter selected. Expected one of: {expected}"
    return bad_parameter("missingRequiredParameter", message, "")


def playlist_not_found() -> ApiError:
    """404: no such playlist, or a channel without public videos."""
    message = (
        "The playlist identified with the request's <code>playlistId</code> parameter "
        "cannot be found."
    )
    legacy = {
        "domain": "youtube.playlistItem",
        "reason": "playlistNotFound",
        "location": "playlistId",
        "locationType": "parameter",
    }
    return _error(404, message, legacy)


def backend_error(status: int) -> ApiError:
    """500 or 503: YouTube's own trouble."""
    return _error(status, "Backend Error", {"domain": "global", "reason": "backendError"})
