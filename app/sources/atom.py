"""Atom as YouTube writes it, read without trusting it: no DTD, so no entities, and nothing loaded.

Used for channel feeds and for what the hub pushes. It does no I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from defusedxml.ElementTree import ParseError, fromstring

from app.domain.channels import is_channel_id
from app.domain.errors import InvalidValueError, UpstreamError
from app.domain.videos import is_video_id

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ATOM = "{http://www.w3.org/2005/Atom}"
YT = "{http://www.youtube.com/xml/schemas/2015}"
MEDIA = "{http://search.yahoo.com/mrss/}"
TOMBSTONES = "{http://purl.org/atompub/tombstones/1.0}"
_VIDEO_REF = "yt:video:"


def read_feed(body: bytes) -> Element:
    """Return the root of an Atom feed.

    Raises:
        UpstreamError: it is none, or has a DTD.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:  # an encoding nobody knows is the last
        raise UpstreamError(f"the feed cannot be read ({type(error).__name__})") from None
    if root.tag != f"{ATOM}feed":
        raise UpstreamError("the answer is XML, but not an Atom feed")
    return root


def text_at(element: Element, path: str) -> str:
    """Return the text at a path, without the line breaks that some savers put around it."""
    text = element.findtext(path) or ""
    return text.strip() if "\n" in text else text


def video_id_at(entry: Element) -> str:
    """Return an entry's video id. Its link does not tell: of Shorts it is another (recorded).

    Raises:
        InvalidValueError: it has none.
    """
    return _video_id(text_at(entry, f"{YT}videoId").strip())


def referred_video_id(deleted: Element) -> str:
    """Return the id of a deleted entry, which has it in its reference alone.

    Raises:
        InvalidValueError: it has none.
    """
    return _video_id(deleted.get("ref", "").removeprefix(_VIDEO_REF))


def channel_id_at(entry: Element) -> str:
    """Return the channel of an entry; that of the feed has been empty or without `UC` (recorded).

    Raises:
        InvalidValueError: it has none.
    """
    channel_id = text_at(entry, f"{YT}channelId").strip()
    if not is_channel_id(channel_id):
        raise InvalidValueError(f"no channel id but {channel_id[:30]!r}")
    return channel_id


def _video_id(text: str) -> str:
    if not is_video_id(text):
        raise InvalidValueError(f"no video id but {text[:20]!r}")
    return text
