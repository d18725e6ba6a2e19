from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.videos import CanonicalJson, Detail, LiveState, Source, StoredVideo, Video
from app.feed.items import encode_item

NOW = datetime(2026, 5, 1, 12, 0, 0, 999_999, tzinfo=UTC)
VIDEO = Video(
    video_id="dQw4w9WgXcQ",
    title='Née "x" 🔥',
    description="",
    published_at=NOW,
    channel_id="UC0123456789012345678901",
    channel_title="A channel",
    detail=Detail.SNIPPET,
)
STORED = StoredVideo(VIDEO, Source.SEARCH, (1, 2), NOW, NOW + timedelta(minutes=1), 7)


def test_an_item_has_the_fields_of_the_contract_and_null_for_what_is_unknown() -> None:
    assert json.loads(encode_item(STORED)) == {
        "video_id": "dQw4w9WgXcQ",
        "title": 'Née "x" 🔥',
        "description": "",
        "published_at": "2026-05-01T12:00:00Z",
        "channel_id": "UC0123456789012345678901",
        "channel_title": "A channel",
        "thumbnails": {},
        "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "duration_seconds": None,
        "live": None,
        "category_id": None,
        "language": None,
        "tags": None,
        "view_count": None,
        "like_count": None,
        "source": "search",
        "watches": [1, 2],
        "fetched_at": "2026-05-01T12:00:00Z",
        "updated_at": "2026-05-01T12:01:00Z",
    }


def test_json_columns_stand_in_an_item_as_they_were_stored() -> None:
    thumbnails = CanonicalJson('{"b":1,"a":{"url":"ü"}}')
    video = replace(VIDEO, thumbnails=thumbnails, tags=CanonicalJson('["z","a"]'))
    item = encode_item(replace(STORED, video=replace(video, live=LiveState.UPCOMING)))
    assert thumbnails.encode() in item
    assert b'["z","a"]' in item
    assert b'"upcoming"' in item


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_through_json_unchanged(text: str) -> None:
    video = replace(VIDEO, title=text, description=text)
    item = json.loads(encode_item(replace(STORED, video=video)))
    assert (item["title"], item["description"]) == (text, text)
