"""What people paste for a channel or a search: ids, @handles and YouTube's addresses. Pure.

Nothing here is ever fetched: of an address only the id, the handle or the words are taken.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NewType
from urllib.parse import parse_qs, quote, unquote, urlsplit

from app.domain.channels import ChannelId, is_channel_id
from app.domain.errors import InvalidValueError
from app.domain.videos import is_video_id
from app.domain.watches import WatchKind, parse_keyword

Handle = NewType("Handle", str)
"""`@` and the name a channel has chosen, in NFC; only YouTube knows whose it is."""

Reference = ChannelId | Handle
"""What a channel is called by."""

Target = tuple[WatchKind, str]
"""What is watched: a keyword, or a channel by its id or its @handle."""

MAX_REFERENCE_CHARACTERS = 400

_HOSTS = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"))
_SHORT_HOST = "youtu.be"
# 3 to 30 letters and digits of any script, . _ - and · (YouTube Help), which has the last word.
_HANDLE = re.compile(r"""@[^\s\x00-\x2c/:-@\[-^`{-\x7f]{1,100}""")
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]*://|(javascript|data|vbscript|file|mailto|about):\S+$"
    r"|((www|m|music)\.)?youtube\.com(/|$)|youtu\.be/",
    re.IGNORECASE | re.ASCII,
)
_PAGES_OF_VIDEOS = ("watch", "shorts", "live", "embed")
_WANTED = (
    "a channel is given by its id (UC and 22 letters, digits, - or _), its @handle, or the address "
    "of its page: https://www.youtube.com/channel/UC... or https://www.youtube.com/@handle"
)


def parse_target(text: str) -> Target:
    """Read what a person writes in a line: a channel if it looks like one, else a keyword.

    Raises:
        InvalidValueError: an address that is no channel's, or not a keyword either.
    """
    text = text.strip()
    named = _find_name(text)
    if named is not None:
        return WatchKind.CHANNEL, named
    if _ADDRESS.match(text):
        return parse_address(text)
    return WatchKind.KEYWORD, parse_keyword(text)


def parse_address(text: str) -> Target:
    """Read what must be a channel's id, @handle or address, or the address of a search.

    Raises:
        InvalidValueError: it is none of these; for a video it says so.
    """
    text = text.strip()
    if any(map(_is_unreadable, text)):
        raise InvalidValueError(_WANTED)
    named = _find_name(text)
    if named is not None:
        return WatchKind.CHANNEL, named
    if is_video_id(text):
        raise InvalidValueError(f"this looks like the id of a video; {_WANTED}")
    return _read_address(text)


def parse_channel_reference(text: str) -> Reference:
    """Read what must name a channel: its id, its @handle, or the address of its page or feed.

    Raises:
        InvalidValueError: it does not; for a video or a search it says so.
    """
    if len(text.strip()) > MAX_REFERENCE_CHARACTERS:
        raise InvalidValueError(_WANTED)
    kind, name = parse_address(text)
    if kind is not WatchKind.CHANNEL:
        raise InvalidValueError(f"this is the address of a search; {_WANTED}")
    return Handle(name) if is_handle(name) else ChannelId(name)


def is_handle(text: str) -> bool:
    """Tell whether `text` has the form of a @handle."""
    return _HANDLE.fullmatch(text) is not None


def channel_address(channel_id: str) -> str:
    """Return the address of a channel's page."""
    return f"https://www.youtube.com/channel/{channel_id}"


def channel_feed_address(channel_id: str) -> str:
    """Return the address of the RSS feed that YouTube keeps of a channel."""
    return f"https://www.youtube.com/feeds/videos.xml?channel_id={channel_id}"


def search_address(term: str) -> str:
    """Return the address of YouTube's page of results; `parse_address` gives the term back."""
    return f"https://www.youtube.com/results?search_query={quote(term, safe='')}"


def _find_name(text: str) -> str | None:
    """Return the id or handle that `text` is."""
    name = unicodedata.normalize("NFC", text)
    return name if is_handle(name) or is_channel_id(name) else None


def _read_address(text: str) -> Target:
    whole = text if "://" in text or not _ADDRESS.match(text) else f"https://{text}"
    try:
        address = urlsplit(whole)
    except ValueError:
        raise InvalidValueError(_WANTED) from None
    host = address.netloc.lower()  # with a user or a port it is none of these
    path = [unquote(part) for part in address.path.split("/") if part]
    if host == _SHORT_HOST or (host in _HOSTS and path and path[0] in _PAGES_OF_VIDEOS):
        raise InvalidValueError(f"this is the address of a video; {_WANTED}")
    if address.scheme not in {"http", "https"} or host not in _HOSTS:
        raise InvalidValueError(_WANTED)
    return _read_path(path, {name: each[0] for name, each in parse_qs(address.query).items()})


def _read_path(path: list[str], asked: dict[str, str]) -> Target:
    match path:
        case ["channel", name, *_] if is_channel_id(name):
            return WatchKind.CHANNEL, name
        case ["feeds", "videos.xml"] if is_channel_id(asked.get("channel_id", "")):
            return WatchKind.CHANNEL, asked["channel_id"]
        case [name, *_] if name.startswith("@") and (handle := _find_name(name)):
            return WatchKind.CHANNEL, handle
        case ["results"] if "search_query" in asked:
            return WatchKind.KEYWORD, parse_keyword(asked["search_query"])
    raise InvalidValueError(_WANTED)


def _is_unreadable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")
