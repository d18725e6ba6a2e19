"""Feeds as feed readers take them: Atom (RFC 4287) and JSON Feed 1.1.

Pure: entries in, bytes out, and equal entries give equal bytes. Nothing here names our own host: a
link of ours is a path, which Atom lets readers resolve against the address they read it from. JSON
Feed has no such rule, so its `feed_url` and `home_page_url` are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict
from xml.etree.ElementTree import Element, SubElement, tostring

import orjson

from app.domain.text import xml_storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ATOM_TYPE = "application/atom+xml"
JSON_FEED_TYPE = "application/feed+json"

_NAMESPACES = {
    "xmlns": "http://www.w3.org/2005/Atom",
    "xmlns:media": "http://search.yahoo.com/mrss/",
}
_EPOCH = "1970-01-01T00:00:00Z"


class Entry(TypedDict):
    """What a feed shows of an item; instants as they stand there (RFC 3339 in UTC)."""

    video_id: str
    title: str
    description: str
    published_at: str
    updated_at: str
    channel_id: str
    channel_title: str
    thumbnails: dict[str, object]
    url: str
    tags: list[str] | None


@dataclass(frozen=True, slots=True)
class About:
    """What a feed says of itself.

    Args:
        feed_id: an IRI that stays the same for as long as the feed is about the same.
        title: for people.
        path: where the feed is found, path-absolute.
    """

    feed_id: str
    title: str
    path: str


def write_atom(about: About, entries: Sequence[Entry]) -> bytes:
    """Write an Atom feed.

    Characters that XML cannot hold are left out; parsers read every line end as a line feed.
    """
    feed = Element("feed", _NAMESPACES)
    _add(feed, "id", about.feed_id)
    _add(feed, "title", about.title)
    _add(feed, "updated", max((entry["updated_at"] for entry in entries), default=_EPOCH))
    _add(feed, "link", rel="self", type=ATOM_TYPE, href=about.path)
    for entry in entries:
        _add_entry(feed, entry)
    document: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return document


def write_json_feed(about: About, entries: Sequence[Entry]) -> bytes:
    """Write a JSON Feed."""
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": about.title,
            "items": [_json_item(entry) for entry in entries],
        }
    )


def _add_entry(feed: Element, entry: Entry) -> None:
    item = _add(feed, "entry")
    # As in YouTube's own feeds (recorded bodies), so that readers of both know it for the same.
    _add(item, "id", f"yt:video:{entry['video_id']}")
    _add(item, "title", entry["title"])
    _add(item, "link", rel="alternate", href=entry["url"])
    author = _add(item, "author")
    _add(author, "name", _author_name(entry))
    _add(author, "uri", _channel_url(entry))
    _add(item, "published", entry["published_at"])
    _add(item, "updated", entry["updated_at"])
    for tag in entry["tags"] or ():
        _add(item, "category", term=tag)
    _add(item, "content", entry["description"])
    image = _largest_image(entry["thumbnails"])
    if image is not None:
        _add(item, "media:thumbnail", url=image)


def _add(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    """Add an element, with whatever of its texts XML can hold."""
    held = {name: xml_storable(value) for name, value in attributes.items()}
    child = SubElement(parent, tag, held)
    child.text = xml_storable(text)
    return child


def _json_item(entry: Entry) -> dict[str, object]:
    members: dict[str, object] = {
        "id": entry["url"],
        "url": entry["url"],
        "title": entry["title"],
        "content_text": entry["description"],
        "image": _largest_image(entry["thumbnails"]),
        "date_published": entry["published_at"],
        "date_modified": entry["updated_at"],
        "authors": [{"name": _author_name(entry), "url": _channel_url(entry)}],
        "tags": entry["tags"],
    }
    return {name: value for name, value in members.items() if value is not None}


def _author_name(entry: Entry) -> str:
    return entry["channel_title"] or entry["channel_id"]


def _channel_url(entry: Entry) -> str:
    return f"https://www.youtube.com/channel/{entry['channel_id']}"


def _largest_image(thumbnails: Mapping[str, object]) -> str | None:
    """Return the address of the widest; YouTube's objects are stored as they came."""
    return max(_images(thumbnails), default=(0, None))[1]


def _images(thumbnails: Mapping[str, object]) -> Iterator[tuple[int, str]]:
    for image in thumbnails.values():
        if isinstance(image, dict) and isinstance(image.get("url"), str):
            width = image.get("width")
            yield width if isinstance(width, int) else 0, image["url"]
