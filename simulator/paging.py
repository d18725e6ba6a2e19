"""Opaque page tokens, and the slice of a listing that a token stands for.

A token has the recorded form (CAUQAA is a protobuf of offset 5 and direction "next") plus a
digest of the query it belongs to: used with another query it is refused.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from simulator import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_SEVEN_BITS = 7
_CONTINUES = 0x80


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A slice of a listing with the tokens of its neighbours."""

    items: Sequence[T]
    size: int
    next_token: str | None
    previous_token: str | None


def page_start(token: str, query: str, size: int) -> int:
    """Where the page of `token` starts in the listing of `query`; 0 without a token."""
    if not token:
        return 0
    offset, backwards = _decode(token, query)
    return max(0, offset - size) if backwards else offset


def cut_page(listing: Sequence[T], start: int, size: int, query: str) -> Page[T]:
    """`size` items of a whole listing, from `start`."""
    stop = start + size
    return Page(
        items=listing[start:stop],
        size=size,
        next_token=_encode(stop, query) if size and stop < len(listing) else None,
        previous_token=_encode(start, query, backwards=True) if start else None,
    )


def _encode(offset: int, query: str, *, backwards: bool = False) -> str:
    raw = b"\x08" + _varint(offset) + b"\x10" + bytes([backwards]) + _seal(query)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(token: str, query: str) -> tuple[int, bool]:
    for size in (1, 2, 3):
        raw = _bytes(token)
        offset = _offset(raw[1 : 1 + size])
        for backwards in (False, True):
            if token == _encode(offset, query, backwards=backwards):
                return offset, backwards
    raise errors.bad_parameter(
        "invalidPageToken", "The request specifies an invalid page token.", "pageToken"
    )


def _bytes(token: str) -> bytes:
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        return b""


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= _CONTINUES:
        out.append(number & (_CONTINUES - 1) | _CONTINUES)
        number >>= _SEVEN_BITS
    return bytes([*out, number])


def _offset(raw: bytes) -> int:
    return sum((byte & (_CONTINUES - 1)) << (_SEVEN_BITS * place) for place, byte in enumerate(raw))


def _seal(query: str) -> bytes:
    return b"\x1a\x04" + hashlib.blake2b(query.encode(), digest_size=4).digest()
