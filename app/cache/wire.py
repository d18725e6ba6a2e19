"""A head as one string of bytes: a JSON line with the figures, then the items end to end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from operator import index
from typing import TypedDict

import orjson

from app.domain.feeds import Head, Position

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class _Figures(TypedDict):
    version: int
    total: int
    sizes: list[int]
    positions: list[tuple[int, str]]


def dump_head(head: Head) -> bytes:
    """Write a head."""
    figures = {
        "version": head.version,
        "total": head.total,
        "sizes": [len(item) for item in head.items],
        "positions": [
            [(place.published_at - _EPOCH) // _MICROSECOND, place.video_id]
            for place in head.positions
        ],
    }
    return orjson.dumps(figures) + b"\n" + b"".join(head.items)


def load_head(data: bytes) -> Head:
    """Read what `dump_head` wrote.

    Raises:
        ValueError: something else wrote it.
    """
    line, newline, items = data.partition(b"\n")
    try:
        head = _head(orjson.loads(line), items)
    except (KeyError, TypeError, OverflowError):
        raise ValueError("this is no head") from None
    if not newline or len(head.items) != len(head.positions):
        raise ValueError("the head is cut off")
    return head


def _head(figures: _Figures, items: bytes) -> Head:
    ends = list(accumulate(figures["sizes"], initial=0))
    if ends[-1] != len(items):
        raise ValueError("the head is cut off")
    return Head(
        version=index(figures["version"]),
        total=index(figures["total"]),
        positions=tuple(
            Position(_EPOCH + at * _MICROSECOND, video_id) for at, video_id in figures["positions"]
        ),
        items=tuple(items[start:end] for start, end in pairwise(ends)),
    )
