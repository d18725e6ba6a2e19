"""Small answers in the shapes YouTube sends, written for these tests."""

from datetime import UTC, datetime

from app.domain.ranges import Stretch

Json = dict[str, object]

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARCH = Stretch(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC))
KEY = "AIza" + "Sy0123456789-_abcdefghijklmnopqrstu"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def thumbnails(video_id: str) -> Json:
    url = f"https://i.ytimg.com/vi/{video_id}"
    return {
        "high": {"url": f"{url}/hqdefault.jpg", "width": 480, "height": 360},
        "default": {"url": f"{url}/default.jpg", "width": 120, "height": 90},
    }


def search_item(video_id: str = "aaaaaaaaaa1", /, **snippet: object) -> Json:
    return {
        "kind": "youtube#searchResult",
        "etag": "e",
        "id": {"kind": "youtube#video", "videoId": video_id},
        "snippet": {
            "publishedAt": "2026-03-01T12:00:00Z",
            "channelId": "UCaaaaaaaaaaaaaaaaaaaaaa",
            "title": "A title",
            "description": "The beginning of a description ...",
            "thumbnails": thumbnails(video_id),
            "channelTitle": "A channel",
            "liveBroadcastContent": "none",
            "publishTime": "2026-03-01T12:00:00Z",
            **snippet,
        },
    }


def channel_item() -> Json:
    item = search_item(title="A channel", publishedAt="2009-05-01T00:00:00Z")
    return {**item, "id": {"kind": "youtube#channel", "channelId": "UCaaaaaaaaaaaaaaaaaaaaaa"}}


def search_body(*items: object, **envelope: object) -> Json:
    return {
        "kind": "youtube#searchListResponse",
        "etag": "e",
        "regionCode": "DE",
        "pageInfo": {"totalResults": 1_000_000, "resultsPerPage": len(items)},
        "items": list(items),
        **envelope,
    }


def video_item(video_id: str = "aaaaaaaaaa1", /, **parts: object) -> Json:
    return {
        "kind": "youtube#video",
        "etag": "e",
        "id": video_id,
        "snippet": video_snippet(video_id),
        "contentDetails": {"duration": "PT4M13S", "dimension": "2d", "caption": "false"},
        "statistics": {"viewCount": "1234", "likeCount": "56", "favoriteCount": "0"},
        **parts,
    }


def video_snippet(video_id: str = "aaaaaaaaaa1", /, **fields: object) -> Json:
    return {
        "publishedAt": "2026-03-01T12:00:00Z",
        "channelId": "UCaaaaaaaaaaaaaaaaaaaaaa",
        "title": "A title",
        "description": "A whole description\r\nof two lines",
        "thumbnails": thumbnails(video_id),
        "channelTitle": "A channel",
        "tags": ["one", "two words"],
        "categoryId": "27",
        "liveBroadcastContent": "none",
        "defaultLanguage": "en",
        "localized": {"title": "A title", "description": "A whole description"},
        "defaultAudioLanguage": "en-GB",
        **fields,
    }


def videos_body(*items: object) -> Json:
    return {
        "kind": "youtube#videoListResponse",
        "etag": "e",
        "items": list(items),
        "pageInfo": {"totalResults": len(items), "resultsPerPage": len(items)},
    }


def error_body(
    code: int,
    message: str,
    reason: str,
    *,
    domain: str = "global",
    status: str | None = None,
    info: Json | None = None,
) -> Json:
    """Today's form; `info` is the ErrorInfo of `details`."""
    error: Json = {
        "code": code,
        "message": message,
        "errors": [{"message": message, "domain": domain, "reason": reason}],
    }
    if status is not None:
        error["status"] = status
    if info is not None:
        error["details"] = [{"@type": ERROR_INFO, "domain": "googleapis.com", **info}]
    return {"error": error}


def search_used_up(**metadata: str) -> Json:
    message = (
        "Quota exceeded for quota metric 'Search Queries' and limit 'Search Queries per day' of "
        "service 'youtube.googleapis.com' for consumer 'project_number:1'."
    )
    info: Json = {
        "reason": "RATE_LIMIT_EXCEEDED",
        "metadata": {
            "window_start_time": "1772352000",
            "quota_limit": "defaultSearchListPerDayPerProject",
            "quota_unit": "1/d/{project}",
            "quota_metric": "youtube.googleapis.com/search_list",
            "quota_limit_value": "100",
            **metadata,
        },
    }
    return error_body(429, message, "rateLimitExceeded", status="RESOURCE_EXHAUSTED", info=info)


def bad_key(message: str = "API key not valid. Please pass a valid API key.") -> Json:
    return error_body(
        400,
        message,
        "badRequest",
        status="INVALID_ARGUMENT",
        info={"reason": "API_KEY_INVALID", "metadata": {"service": "youtube.googleapis.com"}},
    )
