"""Example bodies for the OpenAPI document; a test holds them against the schemas."""

from __future__ import annotations

from typing import Final

VIDEO: Final[dict[str, object]] = {
    "video_id": "a1B2c3D4e5F",
    "title": "Evening news",
    "description": "The news of the day.",
    "published_at": "2026-01-02T18:00:00Z",
    "channel_id": "UCa1B2c3D4e5F6g7H8i9J0kL",
    "channel_title": "City News",
    "thumbnails": {
        "default": {
            "url": "https://i.ytimg.com/vi/a1B2c3D4e5F/default.jpg",
            "width": 120,
            "height": 90,
        }
    },
    "url": "https://www.youtube.com/watch?v=a1B2c3D4e5F",
    "duration_seconds": 905,
    "live": "none",
    "category_id": "25",
    "language": "en",
    "tags": ["news", "city"],
    "view_count": 1200,
    "like_count": 34,
    "source": "search",
    "watches": [1],
    "fetched_at": "2026-01-02T18:00:40Z",
    "updated_at": "2026-01-02T18:00:40Z",
}

VIDEO_LIST: Final[dict[str, object]] = {
    "items": [VIDEO],
    "page": 1,
    "limit": 1,
    "total": 1234,
    "next": "/videos?limit=1&page=2",
    "previous": None,
    "next_cursor": "djE6bzoxNzY3Mzc2ODAwMDAwMDAwOmExQjJjM0Q0ZTVG",
    "previous_cursor": None,
}

CHANNEL_VIDEOS: Final[dict[str, object]] = {
    "items": [{**VIDEO, "source": "rss", "watches": []}],
    "page": 1,
    "limit": 1,
    "total": None,
    "next": "/channels/UCa1B2c3D4e5F6g7H8i9J0kL/videos?limit=1&page=2",
    "previous": None,
    "next_cursor": None,
    "previous_cursor": None,
    "complete": True,
}

CHANNEL_VIDEOS_AWAITED: Final[dict[str, object]] = {
    **CHANNEL_VIDEOS,
    "items": [],
    "next": None,
    "complete": False,
}

ATOM_FEED: Final = (
    "<?xml version='1.0' encoding='utf-8'?>\n"
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">'
    "<id>urn:newsreel:watch:1</id>"
    "<title>Newsreel: news</title>"
    "<updated>2026-01-02T18:00:40Z</updated>"
    '<link rel="self" type="application/atom+xml" href="/feed.atom?keyword=news&amp;limit=1" />'
    "<entry>"
    "<id>yt:video:a1B2c3D4e5F</id>"
    "<title>Evening news</title>"
    '<link rel="alternate" href="https://www.youtube.com/watch?v=a1B2c3D4e5F" />'
    "<author>"
    "<name>City News</name>"
    "<uri>https://www.youtube.com/channel/UCa1B2c3D4e5F6g7H8i9J0kL</uri>"
    "</author>"
    "<published>2026-01-02T18:00:00Z</published>"
    "<updated>2026-01-02T18:00:40Z</updated>"
    '<category term="news" />'
    '<category term="city" />'
    "<content>The news of the day.</content>"
    '<media:thumbnail url="https://i.ytimg.com/vi/a1B2c3D4e5F/default.jpg" />'
    "</entry>"
    "</feed>"
)

JSON_FEED: Final[dict[str, object]] = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Newsreel: news",
    "items": [
        {
            "id": "https://www.youtube.com/watch?v=a1B2c3D4e5F",
            "url": "https://www.youtube.com/watch?v=a1B2c3D4e5F",
            "title": "Evening news",
            "content_text": "The news of the day.",
            "image": "https://i.ytimg.com/vi/a1B2c3D4e5F/default.jpg",
            "date_published": "2026-01-02T18:00:00Z",
            "date_modified": "2026-01-02T18:00:40Z",
            "authors": [
                {
                    "name": "City News",
                    "url": "https://www.youtube.com/channel/UCa1B2c3D4e5F6g7H8i9J0kL",
                }
            ],
            "tags": ["news", "city"],
        }
    ],
}

CHANGES: Final[dict[str, object]] = {
    "changes": [
        {"seq": 5021, "op": "put", "video": VIDEO},
        {"seq": 5024, "op": "delete", "video_id": "f6G7h8I9j0K"},
    ],
    "next_after": "5024",
    "more": False,
}

FETCH: Final[dict[str, object]] = {
    "fetch_id": 812,
    "watches": [1],
    "source": "search",
    "purpose": "poll",
    "range": {"starts_at": "2026-01-02T16:45:40Z", "ends_at": "2026-01-02T18:00:40Z"},
    "started_at": "2026-01-02T18:00:40Z",
    "finished_at": "2026-01-02T18:00:41Z",
    "duration_seconds": 0.713,
    "pages": 1,
    "search_calls": 1,
    "units": 1,
    "found": 17,
    "added": 3,
    "updated": 0,
    "rejected": 0,
    "error": None,
}

FAILED_FETCH: Final[dict[str, object]] = {
    **FETCH,
    "fetch_id": 811,
    "pages": 0,
    "units": 0,
    "found": 0,
    "added": 0,
    "error": {"code": "youtube_unavailable", "detail": "Backend Error"},
}

FETCH_LIST: Final[dict[str, object]] = {
    "items": [FETCH, FAILED_FETCH],
    "page": 1,
    "limit": 2,
    "total": None,
    "next": "/fetches?cursor=MW84MTE&limit=2",
    "previous": None,
    "next_cursor": "MW84MTE",
    "previous_cursor": None,
}

COVERAGE_LIST: Final[dict[str, object]] = {
    "items": [
        {
            "watch_id": 1,
            "kind": "keyword",
            "term": "news",
            "paused": False,
            "read_until": "2026-01-02T18:00:40Z",
            "complete_until": "2026-01-02T16:40:00Z",
            "gaps": [
                {
                    "starts_at": "2026-01-02T17:12:00Z",
                    "ends_at": "2026-01-02T17:20:13Z",
                    "reason": "budget",
                    "reading": 1,
                    "due_at": "2026-01-02T17:20:13Z",
                },
                {
                    "starts_at": "2026-01-02T16:40:00Z",
                    "ends_at": "2026-01-02T16:44:59Z",
                    "reason": "again",
                    "reading": 2,
                    "due_at": "2026-01-02T17:50:00Z",
                },
            ],
            "delay": {"samples": 120, "median_seconds": 310, "p95_seconds": 2210},
        }
    ],
    "page": 1,
    "limit": 10,
    "total": 1,
    "next": None,
    "previous": None,
    "next_cursor": None,
    "previous_cursor": None,
}

PLAN_REQUEST: Final[dict[str, object]] = {"keyword": "sailing", "videos_per_day": 25}

PLAN: Final[dict[str, object]] = {
    "keyword": "sailing",
    "known": False,
    "videos_per_day": 25.0,
    "interval_seconds": 2880.0,
    "mean_delay_seconds": 1440.0,
    "calls_per_day": 30.0,
    "slower": [
        {
            "watch_id": 1,
            "term": "news",
            "interval_seconds_before": 960.0,
            "interval_seconds_after": 1440.0,
        }
    ],
}

QUOTA: Final[dict[str, object]] = {
    "projects": [
        {
            "project": "newsreel-1",
            "buckets": [
                {
                    "bucket": "search",
                    "limit": 100,
                    "used": 41,
                    "left": 59,
                    "resets_at": "2026-01-03T08:00:00Z",
                    "exhausted_at": None,
                },
                {
                    "bucket": "units",
                    "limit": 10000,
                    "used": 63,
                    "left": 9937,
                    "resets_at": "2026-01-03T08:00:00Z",
                    "exhausted_at": None,
                },
            ],
            "keys": [
                {
                    "fingerprint": "4f1d2c3b5a60",
                    "state": "usable",
                    "since": None,
                    "until": None,
                    "reason": None,
                },
                {
                    "fingerprint": "9a8b7c6d5e4f",
                    "state": "disabled",
                    "since": "2026-01-02T07:12:00Z",
                    "until": "2026-01-03T07:12:00Z",
                    "reason": "expired: API key expired. Please renew the API key.",
                },
            ],
        }
    ],
    "forecast": {
        "next_polls": [
            {
                "watch_id": 1,
                "kind": "keyword",
                "term": "news",
                "at": "2026-01-02T18:14:00Z",
                "interval_seconds": 1028.571,
                "packed_interval_seconds": None,
            }
        ],
        "calls_left": 59,
        "calls_reserved": 10.0,
        "last_call_at": "2026-01-03T08:00:00Z",
        "plenty": False,
    },
}

HEALTH: Final[dict[str, object]] = {"status": "ok", "demo": False}

READINESS: Final[dict[str, object]] = {
    "status": "degraded",
    "demo": False,
    "problems": [
        {
            "code": "no_keys",
            "since": "2026-01-02T18:00:00Z",
            "detail": "No API key is configured: nothing is fetched.",
        }
    ],
}

UNAVAILABLE: Final[dict[str, object]] = {**READINESS, "status": "unavailable"}

METRICS = (
    "# HELP newsreel_up Whether a backend answers.\n"
    "# TYPE newsreel_up gauge\n"
    'newsreel_up{part="database"} 1.0\n'
    'newsreel_up{part="cache"} 1.0\n'
)
