"""What people paste for a channel or a search: ids, @handles and YouTube's addresses. Pure.

Nothing here is ever fetched: of an address only the id, the handle or the words are taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from app.domain.errors import InvalidValueError
from app.domain.videos import is_video_id
from app.domain.watches import WatchKind, parse_channel, parse_keyword

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_HOSTS = frozenset(("youtube.com", "www.youtube.com", "m.youtube.com", "music.youtube.com"))
_SHORT_HOST = "youtu.be"
_HANDLE = re.compile(r"@[\w.·-]{3,30}")
_ADDRESS = re.compile(
    r"[a-z][a-z0-9+.-]*://|(javascript|data|vbscript|file|mailto|about):\S+$"
    r"|((www|m|music)\.)?youtube\.com(/|$)|youtu\.be/",
    re.IGNORECASE | re.ASCII,
)
_WANTED = (
    "a channel is given by its id (UC and 22 letters, digits, - or _), its @handle "
    "or its address at youtube.com"
)

Target = tuple[WatchKind, str]
"""What is watched: a keyword, or a channel by its id or its @handle."""


def parse_target(text: str) -> Target:
    """Read what a person writes in a line: a channel if it looks like one, else a keyword.

    Raises:
        InvalidValueError: an address that is no channel's, or not a keyword either.
    """
    text = text.strip()
    if is_handle(text) or is_channel_id(text):
        return WatchKind.CHANNEL, text
    if _ADDRESS.match(text):
        return parse_address(text)
    return WatchKind.KEYWORD, parse_keyword(text)


def parse_address(text: str) -> Target:
    """Read what must be a channel's id, @handle or address, or the address of a search.

    Raises:
        InvalidValueError: it is none of these; for a video it says so.
    """
    text = text.strip()
    if is_handle(text) or is_channel_id(text):
        return WatchKind.CHANNEL, text
    if is_video_id(text):
        raise InvalidValueError(f"this is the id of a video; {_WANTED}")
    found = _in_address(_split(text))
    if found is None:
        raise InvalidValueError(_WANTED)
    return found


def is_channel_id(text: str) -> bool:
    """Tell whether `text` has the form of a channel's id."""
    try:
        return parse_channel(text) == text
    except InvalidValueError:
        return False


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


def _split(text: str) -> SplitResult:
    whole = text if "://" in text or not _ADDRESS.match(text) else f"https://{text}"
    try:
        return urlsplit(whole)
    except ValueError:
        raise InvalidValueError(_WANTED) from None


def _in_address(address: SplitResult) -> Target | None:
    host = (address.hostname or "").lower()
    if host == _SHORT_HOST or (host in _HOSTS and _is_video_path(address.path)):
        raise InvalidValueError(f"this is the address of a video; {_WANTED}")
    if address.scheme.lower() not in {"http", "https"} or host not in _HOSTS:
        return None
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    match address.path.strip("/").split("/"):
        case ["channel", name, *_] if is_channel_id(name):
            return WatchKind.CHANNEL, name
        case ["feeds", "videos.xml"] if is_channel_id(asked.get("channel_id", "")):
            return WatchKind.CHANNEL, asked["channel_id"]
        case [name, *_] if is_handle(name):
            return WatchKind.CHANNEL, name
        case ["results"] if "search_query" in asked:
            return WatchKind.KEYWORD, parse_keyword(asked["search_query"])
    return None


def _is_video_path(path: str) -> bool:
    return path == "/watch" or path.startswith(("/shorts/", "/live/", "/embed/"))
