from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, cast
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.feed.syndication import About, Entry, write_atom, write_json_feed

if TYPE_CHECKING:
    from collections.abc import Sequence

ATOM = "{http://www.w3.org/2005/Atom}"
MEDIA = "{http://search.yahoo.com/mrss/}"
ABOUT = About("urn:newsreel:watch:1", "Newsreel: news", "/feed.atom?limit=2&watch=1")
ENTRY: Entry = {
    "video_id": "dQw4w9WgXcQ",
    "title": "Evening news",
    "description": "The news\nof the day.",
    "published_at": "2026-01-02T18:00:00Z",
    "updated_at": "2026-01-02T18:00:40Z",
    "channel_id": "UC0123456789012345678901",
    "channel_title": "City News",
    "thumbnails": {
        "high": {"url": "https://i.ytimg.com/high.jpg", "width": 480},
        "default": {"url": "https://i.ytimg.com/default.jpg", "width": 120},
    },
    "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "tags": ["news"],
}
HOSTILE = [
    "a & b < c > d &amp; &#0; &bogus;",
    "]]></title><entry>",
    "<![CDATA[x]]><!-- y --><?z?>",
    "\x00\x01\x08\x0b\x0c\x0e\x1f\x7f\x85\ufffe\uffff",
    "🔥 👩‍👩‍👧 \u202eright to left\u200f \u2028",
    "\"quotes' and\ttabs\r\nlines\rends",
    "",
]
any_text = st.text() | st.sampled_from(HOSTILE)
entries = st.lists(
    st.builds(
        lambda title, name, tags: entry(
            title=title, description=title, channel_title=name, tags=tags
        ),
        any_text,
        any_text,
        st.none() | st.lists(any_text, max_size=3),
    ),
    max_size=4,
)


def entry(**changed: object) -> Entry:
    return cast("Entry", {**ENTRY, **changed})


def parsed(written: bytes) -> ET.Element:
    return ET.fromstring(written)


def text(element: ET.Element, path: str) -> str:
    return element.findtext("/".join(ATOM + name for name in path.split("/"))) or ""


def held(told: str) -> str:
    """The characters of XML 1.0."""
    return "".join(it for it in told if it in "\t\n\r" or (it >= " " and it not in "\ufffe\uffff"))


def read(told: str) -> str:
    """What an XML parser is to make of a text: it turns every line end into `\\n`."""
    return re.sub("\r\n?", "\n", held(told))


@given(entries, any_text)
def test_any_text_makes_a_feed_that_xml_parsers_read_unchanged(
    told: Sequence[Entry], title: str
) -> None:
    feed = parsed(write_atom(About("urn:x:y", title, "/feed.atom"), told))
    assert text(feed, "title") == read(title)
    found = feed.findall(f"{ATOM}entry")
    assert len(found) == len(told)
    for element, it in zip(found, told, strict=True):
        assert text(element, "title") == read(it["title"])
        assert text(element, "content") == read(it["description"])
        assert text(element, "author/name") == read(it["channel_title"] or it["channel_id"])
        terms = [category.get("term") for category in element.findall(f"{ATOM}category")]
        assert terms == [held(tag) for tag in it["tags"] or ()]


@given(entries, any_text)
def test_any_text_comes_through_a_json_feed_unchanged(told: Sequence[Entry], title: str) -> None:
    feed = json.loads(write_json_feed(About("urn:x:y", title, "/feed.json"), told))
    assert feed["title"] == title
    assert [(item["title"], item["content_text"]) for item in feed["items"]] == [
        (it["title"], it["description"]) for it in told
    ]


def test_an_atom_entry_says_what_it_is_when_and_whose() -> None:
    feed = parsed(write_atom(ABOUT, [ENTRY]))
    element = feed.find(f"{ATOM}entry")
    assert element is not None
    assert {path: text(element, path) for path in ("id", "published", "updated", "author/uri")} == {
        "id": "yt:video:dQw4w9WgXcQ",
        "published": "2026-01-02T18:00:00Z",
        "updated": "2026-01-02T18:00:40Z",
        "author/uri": "https://www.youtube.com/channel/UC0123456789012345678901",
    }
    link = element.find(f"{ATOM}link")
    assert link is not None
    assert link.attrib == {"rel": "alternate", "href": ENTRY["url"]}


def test_an_atom_feed_says_what_it_is_and_where() -> None:
    feed = parsed(write_atom(ABOUT, [ENTRY, entry(updated_at="2026-01-03T00:00:00Z"), ENTRY]))
    assert (text(feed, "id"), text(feed, "title")) == (ABOUT.feed_id, ABOUT.title)
    assert text(feed, "updated") == "2026-01-03T00:00:00Z", "that of the entry changed last"
    link = feed.find(f"{ATOM}link")
    assert link is not None
    assert link.attrib == {"rel": "self", "type": "application/atom+xml", "href": ABOUT.path}


def test_a_json_feed_has_its_required_members_and_leaves_out_what_is_unknown() -> None:
    bare = entry(thumbnails={}, tags=None, description="")
    feed = json.loads(write_json_feed(ABOUT, [ENTRY, bare]))
    items = feed.pop("items")
    assert feed == {"version": "https://jsonfeed.org/version/1.1", "title": ABOUT.title}
    assert items[0] == {
        "id": ENTRY["url"],
        "url": ENTRY["url"],
        "title": "Evening news",
        "content_text": "The news\nof the day.",
        "image": "https://i.ytimg.com/high.jpg",
        "date_published": "2026-01-02T18:00:00Z",
        "date_modified": "2026-01-02T18:00:40Z",
        "authors": [
            {
                "name": "City News",
                "url": "https://www.youtube.com/channel/UC0123456789012345678901",
            }
        ],
        "tags": ["news"],
    }
    assert set(items[0]) - set(items[1]) == {"image", "tags"}
    assert items[1]["content_text"] == "", "one of the contents must be there"


def test_an_empty_feed_is_a_feed() -> None:
    feed = parsed(write_atom(ABOUT, []))
    assert [element.tag.removeprefix(ATOM) for element in feed] == [
        "id",
        "title",
        "updated",
        "link",
    ]
    assert text(feed, "updated") == "1970-01-01T00:00:00Z"
    assert json.loads(write_json_feed(ABOUT, []))["items"] == []


@pytest.mark.parametrize(
    ("thumbnails", "image"),
    [
        ({"a": {"url": "small", "width": 1}, "b": {"url": "large", "width": 2}}, "large"),
        ({"a": {"url": "large", "width": 2}, "b": {"url": "unknown"}}, "large"),
        ({"a": {"url": "unknown", "width": "2"}}, "unknown"),
        ({"a": None, "b": [], "c": {}, "d": {"url": 5, "width": 9}}, None),
        ({}, None),
    ],
)
def test_the_widest_thumbnail_is_the_picture(
    thumbnails: dict[str, object], image: str | None
) -> None:
    told = [entry(thumbnails=thumbnails)]
    element = parsed(write_atom(ABOUT, told)).find(f"{ATOM}entry/{MEDIA}thumbnail")
    assert (None if element is None else element.get("url")) == image
    assert json.loads(write_json_feed(ABOUT, told))["items"][0].get("image") == image
