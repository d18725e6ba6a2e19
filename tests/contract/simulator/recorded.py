"""The shapes of real bodies, written down as types: what a reader of the recordings would see.

A `?` before a field's name: absent in some recordings. Values stand for their types.
"""

SECOND = "2026-10-06T05:30:39Z"
IMAGE = {"url": "https://i.ytimg.com/vi/x/default.jpg", "width": 120, "height": 90}
THREE_IMAGES = {"default": IMAGE, "medium": IMAGE, "high": IMAGE}
ALL_IMAGES = {**THREE_IMAGES, "?standard": IMAGE, "?maxres": IMAGE}
PAGE_INFO = {"totalResults": 1_000_000, "resultsPerPage": 50}

SEARCH = {
    "kind": "youtube#searchListResponse",
    "etag": "x",
    "?nextPageToken": "CDIQAA",
    "?prevPageToken": "CBkQAQ",
    "regionCode": "US",
    "pageInfo": PAGE_INFO,
    "items": [
        {
            "kind": "youtube#searchResult",
            "etag": "x",
            "id": {"kind": "youtube#video", "videoId": "x"},
            "snippet": {
                "publishedAt": SECOND,
                "channelId": "UC",
                "title": "x",
                "description": "x",
                "thumbnails": THREE_IMAGES,
                "channelTitle": "x",
                "liveBroadcastContent": "none",
                "publishTime": SECOND,
            },
        }
    ],
}
VIDEOS = {
    "kind": "youtube#videoListResponse",
    "etag": "x",
    "pageInfo": PAGE_INFO,
    "items": [
        {
            "kind": "youtube#video",
            "etag": "x",
            "id": "x",
            "snippet": {
                "publishedAt": SECOND,
                "channelId": "UC",
                "title": "x",
                "description": "x",
                "thumbnails": ALL_IMAGES,
                "channelTitle": "x",
                "?tags": ["x"],
                "categoryId": "25",
                "liveBroadcastContent": "none",
                "?defaultLanguage": "en-US",
                "localized": {"title": "x", "description": "x"},
                "?defaultAudioLanguage": "en",
            },
            "contentDetails": {
                "duration": "PT40S",
                "dimension": "2d",
                "definition": "hd",
                "caption": "false",
                "licensedContent": True,
                "contentRating": {},
                "projection": "rectangular",
            },
            "statistics": {
                "viewCount": "2502",
                "?likeCount": "97",
                "favoriteCount": "0",
                "commentCount": "17",
            },
        }
    ],
}
CHANNELS = {
    "kind": "youtube#channelListResponse",
    "etag": "x",
    "pageInfo": PAGE_INFO,
    "items": [
        {
            "kind": "youtube#channel",
            "etag": "x",
            "id": "UC",
            "snippet": {
                "title": "x",
                "description": "x",
                "customUrl": "@x",
                "publishedAt": SECOND,
                "thumbnails": THREE_IMAGES,
                "localized": {"title": "x", "description": "x"},
                "?country": "US",
            },
        }
    ],
}
PLAYLIST_ITEMS = {
    "kind": "youtube#playlistItemListResponse",
    "etag": "x",
    "?nextPageToken": "CAoQAA",
    "?prevPageToken": "CAoQAQ",
    "pageInfo": PAGE_INFO,
    "items": [
        {
            "kind": "youtube#playlistItem",
            "etag": "x",
            "id": "x",
            "snippet": {
                "publishedAt": SECOND,
                "channelId": "UC",
                "title": "x",
                "description": "x",
                "thumbnails": ALL_IMAGES,
                "channelTitle": "x",
                "playlistId": "UU",
                "position": 0,
                "resourceId": {"kind": "youtube#video", "videoId": "x"},
                "videoOwnerChannelTitle": "x",
                "videoOwnerChannelId": "UC",
            },
            "contentDetails": {"videoId": "x", "videoPublishedAt": SECOND},
        }
    ],
}
INVIDIOUS = [  # as its source code writes them, from 2026-08
    {
        "type": "video",
        "title": "x",
        "videoId": "x",
        "author": "x",
        "authorId": "UC",
        "authorUrl": "/channel/UC",
        "authorVerified": False,
        "videoThumbnails": [{"quality": "high", "url": "x", "width": 480, "height": 360}],
        "description": "x",
        "descriptionHtml": "x",
        "viewCount": 17,
        "viewCountText": "17 views",
        "published": 1_772_366_400,
        "publishedText": "3 hours ago",
        "lengthSeconds": 90,
        "liveNow": False,
        "premium": False,
        "isUpcoming": False,
        "isNew": True,
        "hasCaptions": False,
    }
]


def differences(shape: object, value: object, path: str = "") -> list[str]:
    """Where `value` has other fields or types than `shape`."""
    if type(shape) is not type(value):
        return [f"{path}: {value!r} instead of {type(shape).__name__}"]
    if isinstance(shape, list) and isinstance(value, list):
        return [
            found
            for number, item in enumerate(value)
            for found in differences(shape[0], item, f"{path}[{number}]")
        ]
    if isinstance(shape, dict) and isinstance(value, dict):
        return _field_differences(shape, value, path)
    if shape == SECOND and len(str(value)) != len(SECOND):
        return [f"{path}: {value!r} is written another way than {SECOND}"]
    return []


def _field_differences(shape: dict[str, object], value: dict[str, object], path: str) -> list[str]:
    known = {name.removeprefix("?"): part for name, part in shape.items()}
    found = [f"{path}: unexpected {name}" for name in value if name not in known]
    found += [f"{path}: lacks {n}" for n in shape if not n.startswith("?") and n not in value]
    for name, part in value.items():
        if name in known:
            found += differences(known[name], part, f"{path}.{name}")
    return found
