"""Every video of a feed as a stream: pages by seek, so that memory holds two pages at most.

A page is a transaction of its own. A video that comes in meanwhile is told if it is older than the
last page that was read, else left out; one whose publish time is changed meanwhile may be missed or
told twice.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING

import orjson

from app.domain.feeds import Cursor
from app.feed.heads import position_of
from app.feed.items import encode_item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from app.domain.feeds import Feed, Selection
    from app.domain.videos import StoredVideo
    from app.store.store import Store

PAGE_VIDEOS = 500
COLUMNS = (
    "video_id",
    "title",
    "description",
    "published_at",
    "channel_id",
    "channel_title",
    "thumbnails",
    "url",
    "duration_seconds",
    "live",
    "category_id",
    "language",
    "tags",
    "view_count",
    "like_count",
    "source",
    "watches",
    "fetched_at",
    "updated_at",
)
"""The fields of an item, in its order."""

_FORMULA = re.compile(r"\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n]")
"""How a cell begins that spreadsheets may run (OWASP, CSV injection): also after blanks, and with
the full-width forms of the signs."""
_BYTE_ORDER_MARK = "\ufeff".encode()


class VideoExport:
    """Reads feeds from end to end, newest first.

    Args:
        store: holds the videos.
        page_videos: how many are read, and held, at once.
    """

    def __init__(self, store: Store, page_videos: int = PAGE_VIDEOS) -> None:
        self._store = store
        self._page_videos = page_videos

    def count(self, feed: Feed, selection: Selection) -> int | None:
        """Return how many videos there are; None where it is not counted."""
        window = self._store.read_replica(lambda t: t.feed.window(feed, selection))
        return None if window is None else window.total

    def pages(self, feed: Feed, selection: Selection) -> Iterator[list[StoredVideo]]:
        """Give the videos, page by page; none is empty.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        page = self._store.read_replica(
            lambda t: t.feed.list_from_row(feed, 0, self._page_videos, selection)
        )
        while page:
            yield page
            if len(page) < self._page_videos:
                return
            page = self._after(page[-1], feed, selection)

    def _after(self, last: StoredVideo, feed: Feed, selection: Selection) -> list[StoredVideo]:
        cursor = Cursor(position_of(last))
        return self._store.read_replica(
            lambda t: t.feed.list_from_cursor(feed, cursor, self._page_videos, selection)
        )


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """How videos are written: `header` once, then what `encode` makes of each page."""

    header: bytes
    encode: Callable[[Sequence[StoredVideo]], bytes]


def as_json_lines(videos: Sequence[StoredVideo]) -> bytes:
    """Write a line per video: the very bytes of its item in the API."""
    return b"".join(encode_item(video) + b"\n" for video in videos)


def as_csv(videos: Sequence[StoredVideo]) -> bytes:
    """Write a row per video (RFC 4180), fit for spreadsheets.

    Objects and lists are JSON. Text that would be run as a formula gets a `'` in front.
    """
    items = (orjson.loads(encode_item(video)) for video in videos)
    return _rows([_cell(item[name]) for name in COLUMNS] for item in items)


def _rows(rows: Iterable[Sequence[str | int]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cell(value: object) -> str | int:
    if value is None:
        return ""
    if isinstance(value, int):
        return value
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return f"'{text}" if _FORMULA.match(text) else text


VIDEO_FORMATS = {
    "jsonl": VideoFormat(b"", as_json_lines),
    "csv": VideoFormat(_BYTE_ORDER_MARK + _rows([COLUMNS]), as_csv),
}
"""By name. The CSV begins with the mark by which spreadsheets know UTF-8."""
