"""Example bodies of watches and statistics; a test holds them against the schemas."""

from __future__ import annotations

from typing import Final

WATCH: Final[dict[str, object]] = {
    "watch_id": 1,
    "kind": "keyword",
    "term": "sailing",
    "label": "Sailing",
    "paused": False,
    "min_interval_seconds": 600,
    "weight": 2.0,
    "region": "NZ",
    "language": "en",
    "filters": {
        "include_words": [],
        "exclude_words": ["trailer", "live stream"],
        "min_duration_seconds": None,
        "max_duration_seconds": 7200,
        "live": ["none", "completed"],
        "shorts": "without",
        "languages": ["en", "fr-CA"],
        "categories": [],
    },
    "follow": True,
    "refiltering": False,
    "videos": 1234,
    "created_at": "2026-01-01T09:00:00Z",
    "next_due_at": "2026-01-02T18:10:40Z",
    "read_until": "2026-01-02T18:00:40Z",
    "last_success_at": "2026-01-02T18:00:41Z",
    "last_error": None,
}

WATCH_DETAILS: Final[dict[str, object]] = {
    **WATCH,
    "followed": [
        {
            "channel_id": "UCa1B2c3D4e5F6g7H8i9J0kL",
            "channel_title": "Harbour Radio",
            "since": "2026-01-01T21:00:00Z",
            "matches": 17,
            "last_match_at": "2026-01-02T17:30:00Z",
        }
    ],
}

WATCH_LIST: Final[dict[str, object]] = {
    "items": [WATCH],
    "page": 1,
    "limit": 10,
    "total": 1,
    "next": None,
    "previous": None,
    "next_cursor": None,
    "previous_cursor": None,
}

WATCH_REQUEST: Final[dict[str, object]] = {
    "keyword": "sailing",
    "label": "Sailing",
    "region": "NZ",
    "filters": {"exclude_words": ["trailer"], "shorts": "without"},
}

WATCH_PATCH: Final[dict[str, object]] = {"paused": True, "weight": 2}

STATS: Final[dict[str, object]] = {
    "watch_id": None,
    "by": "hour",
    "total": 15,
    "counts": [
        {"starts_at": "2026-01-02T17:00:00Z", "videos": 12},
        {"starts_at": "2026-01-02T18:00:00Z", "videos": 3},
    ],
    "by_watch": [{"watch_id": 1, "videos": 9}],
}
