"""OPML, which feed readers and YouTube's former subscription manager write.

A channel is an outline with the address of its feed (`xmlUrl`) or page (`htmlUrl`); a keyword is,
in our own exports, a link to YouTube's page of results. Outlines without an address are folders.
A document type is refused, so there are no entities to expand or to fetch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.parsers import expat

from app.domain.addresses import (
    channel_address,
    channel_feed_address,
    parse_address,
    search_address,
)
from app.domain.errors import InvalidValueError
from app.domain.text import xml_storable
from app.domain.watches import WatchKind
from app.ingest.exchange.entries import MAX_ENTRIES, Rejection, read_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from app.domain.watches import Watch
    from app.ingest.exchange.entries import Item

_ADDRESSES = ("xmlurl", "htmlurl", "url")


def read_opml(content: bytes) -> Iterator[Item]:
    """Read an outline, in the encoding that it declares.

    Raises:
        InvalidValueError: not well-formed, not OPML, with a document type, or far too long.
    """
    outline = _Outline()
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: outline.start(
        name, attributes, parser.CurrentLineNumber
    )
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes it by position: all is here
    except (expat.ExpatError, LookupError, ValueError) as error:  # or an encoding nobody knows
        raise InvalidValueError(f"not XML: {error}") from None
    if not outline.is_opml:
        raise InvalidValueError("not OPML: its first element is another one")
    return iter(outline.items)


def write_opml(watches: Iterable[Watch]) -> bytes:
    """Write watches so that feed readers take the channels and `read_opml` gives all back."""
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = "Newsreel"
    body = SubElement(root, "body")
    for watch in watches:
        name = xml_storable(watch.label) or xml_storable(watch.term)
        SubElement(body, "outline", {"text": name, "title": name, **_attributes(watch)})
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _attributes(watch: Watch) -> dict[str, str]:
    if watch.kind is WatchKind.KEYWORD:
        return {"type": "link", "url": search_address(watch.term)}
    feed, page = channel_feed_address(watch.term), channel_address(watch.term)
    return {"type": "rss", "xmlUrl": feed, "htmlUrl": page}


class _Outline:
    """Collects what the elements of a document say."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.is_opml: bool | None = None

    def start(self, name: str, attributes: Mapping[str, str], line: int) -> None:
        """Take an element's start."""
        if self.is_opml is None:
            self.is_opml = name.lower() == "opml"
        if name.lower() != "outline":
            return
        if len(self.items) > MAX_ENTRIES:
            raise InvalidValueError(f"more than {MAX_ENTRIES:,} entries")
        told = {key.lower(): value for key, value in attributes.items()}
        addresses = [told[key] for key in _ADDRESSES if told.get(key, "").strip()]
        if addresses:
            label = told.get("title") or told.get("text") or ""
            self.items.append(_read_outline(f"line {line}", addresses, label))


def _read_outline(where: str, addresses: list[str], label: str) -> Item:
    """Take the first address that can be watched; if none can, say what is wrong with the first."""
    read = [read_entry(where, address, parse_address, label) for address in addresses]
    return next((item for item in read if not isinstance(item, Rejection)), read[0])


def _refuse_doctype(*_declared: object) -> None:
    raise InvalidValueError("a document type (DOCTYPE) is not allowed")
