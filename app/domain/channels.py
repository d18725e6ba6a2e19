"""How people name a channel: by its id, by its handle, or by the address of its page. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import NewType
from urllib.parse import SplitResult, unquote, urlsplit

from app.domain.errors import InvalidValueError
from app.domain.videos import is_video_id
from app.domain.watches import ChannelId, parse_channel

Handle = NewType("Handle", str)
"""`@` and the name a channel has chosen; only YouTube knows whose it is."""

MAX_REFERENCE_CHARACTERS = 400

# 3 to 30 letters and digits of any script, . _ - and · (YouTube Help), which has the last word.
_HANDLE = re.compile(r"""@[^\s\x00-\x2c/:-@\[-^`{-\x7f]{1,100}""")
_HOSTS = ("youtube.com", "www.youtube.com", "m.youtube.com")
_WANTED = (
    "a channel is given by its id (UC and 22 letters, digits, - or _), its @handle, or the address "
    "of its page: https://www.youtube.com/channel/UC... or https://www.youtube.com/@handle"
)
_PAGES_OF_VIDEOS = ("watch", "shorts", "live", "embed")


def parse_channel_reference(text: str) -> ChannelId | Handle:
    """Return what names a channel; a handle has still to be resolved.

    Raises:
        InvalidValueError: it is nothing of the kind, e.g. a video or another site.
    """
    name = unicodedata.normalize("NFC", text.strip())
    if len(name) > MAX_REFERENCE_CHARACTERS or any(map(_is_unreadable, name)):
        raise InvalidValueError(_WANTED)
    if ":" in name or "/" in name:
        return _named_by_path(_path(name))
    return _named(name)


def _path(address: str) -> list[str]:
    """Return the parts of the path of an address at YouTube."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        raise InvalidValueError(_WANTED) from None
    if parts.scheme not in ("http", "https") or not _is_youtube(parts):
        raise InvalidValueError(_WANTED)
    return [unicodedata.normalize("NFC", unquote(part)) for part in parts.path.split("/") if part]


def _is_youtube(parts: SplitResult) -> bool:
    return parts.netloc.lower() in _HOSTS


def _named_by_path(path: list[str]) -> ChannelId | Handle:
    first, second = (*path, "", "")[:2]
    if first == "channel":
        return parse_channel(second)
    if first.startswith("@"):
        return _named(first)
    if first in _PAGES_OF_VIDEOS:
        raise InvalidValueError(f"this is the address of a video: {_WANTED}")
    raise InvalidValueError(_WANTED)


def _named(name: str) -> ChannelId | Handle:
    if _HANDLE.fullmatch(name):
        return Handle(name)
    if is_video_id(name):
        raise InvalidValueError(f"this looks like the id of a video: {_WANTED}")
    try:
        return parse_channel(name)
    except InvalidValueError:
        raise InvalidValueError(_WANTED) from None


def is_handle(reference: ChannelId | Handle) -> bool:
    """Tell a handle from a channel's id."""
    return reference.startswith("@")


def _is_unreadable(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")
