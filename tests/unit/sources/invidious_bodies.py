"""Small pages of a search in the shapes Invidious sends, written for these tests."""

import json


def suggestion(video_id: str = "aaaaaaaaaa1", **fields: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "type": "video",
        "title": "Tea &amp; toast",
        "videoId": video_id,
        "author": "Harbour Radio",
        "authorId": "UC" + "a" * 22,
        "authorUrl": "/channel/UC" + "a" * 22,
        "videoThumbnails": [
            {"quality": "high", "url": "/vi/x/hqdefault.jpg", "width": 480, "height": 360}
        ],
        "description": "Two lines",
        "descriptionHtml": "Two<br>lines",
        "viewCount": 17,
        "published": 1_772_366_400,
        "publishedText": "3 hours ago",
        "lengthSeconds": 90,
        "liveNow": False,
        "premium": False,
        "isUpcoming": False,
    }
    return {**usual, **fields}


def channel() -> dict[str, object]:
    return {
        "type": "channel",
        "author": "Harbour Radio",
        "authorId": "UC" + "a" * 22,
        "subCount": 7,
        "videoCount": 3,
        "description": "",
    }


def page(*items: object) -> bytes:
    return json.dumps(items).encode()
