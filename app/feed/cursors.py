"""Cursors as clients see them: opaque text that says where a page ends, and nothing secret."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from app.domain.errors import InvalidValueError
from app.domain.feeds import Cursor, Position

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLAIN = re.compile(r"1([on])(0|-?[1-9][0-9]{0,17}):([A-Za-z0-9_-]{11})", re.ASCII)
MAX_CHARACTERS = 64


def encode_cursor(cursor: Cursor) -> str:
    """Write a cursor: version, direction (older or newer), microseconds since 1970, video id."""
    direction = "n" if cursor.newer else "o"
    microseconds = (cursor.position.published_at - _EPOCH) // _MICROSECOND
    plain = f"1{direction}{microseconds}:{cursor.position.video_id}"
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """Read a cursor.

    Raises:
        InvalidValueError: not exactly what `encode_cursor` writes.
    """
    try:
        cursor = _decode(text)
    except (ValueError, OverflowError):
        raise InvalidValueError("this is not a cursor that was handed out here") from None
    if encode_cursor(cursor) != text:
        raise InvalidValueError("this is not a cursor that was handed out here")
    return cursor


def _decode(text: str) -> Cursor:
    if len(text) > MAX_CHARACTERS:
        raise ValueError("too long")
    plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
    match = _PLAIN.fullmatch(plain)
    if match is None:
        raise ValueError("no cursor")
    published_at = _EPOCH + int(match[2]) * _MICROSECOND
    return Cursor(Position(published_at, match[3]), newer=match[1] == "n")
