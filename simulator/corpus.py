"""Replays a file of real videos as if they were being published now.

The file has a JSON object a line (plain or gzip): video_id, title, published_at and, where
known, description, channel_id, channel_title, category_id, published_precision. Gaps between
videos are divided by the speed; videos of one second stay in one second.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from simulator.video import ALL_THUMBNAILS, BASIC_THUMBNAILS, Channel, Event, Video, stable_id
from simulator.video import stable_fraction as fraction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    Row = dict[str, object]

DEFAULT_ARRIVING = 1000
HAS_LARGE_IMAGE = 0.7


class CorpusSource:
    """The videos of a file, all but the last `arriving` published by `start`.

    The last of these is published at `start`, the others follow or precede it at 1/speed of
    their real distance in time.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        start: datetime,
        speed: float = 1.0,
        arriving: int = DEFAULT_ARRIVING,
    ) -> None:
        ordered = sorted(rows, key=lambda row: (_published_at(row), str(row["video_id"])))
        self._events = list(_events(ordered, start, speed, arriving))

    def take(self, until: datetime) -> list[Event]:
        """Everything at the first call; nothing is planned later."""
        del until
        taken, self._events = self._events, []
        return taken


def read_rows(path: Path) -> list[Row]:
    """The rows whose publish time is known to the second, the first of each video id."""
    rows: dict[str, Row] = {}
    with (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8") as lines
    ):
        for line in lines:
            row: Row = json.loads(line)
            if row.get("published_precision", "second") == "second":
                rows.setdefault(str(row["video_id"]), row)
    return list(rows.values())


def _events(rows: list[Row], start: datetime, speed: float, arriving: int) -> Iterator[Event]:
    if not rows:
        return
    pivot_at = _published_at(rows[max(len(rows) - arriving - 1, 0)])
    channels: dict[str, Channel] = {}
    start = start.replace(microsecond=0)
    for row in rows:
        distance = (_published_at(row) - pivot_at).total_seconds() / speed
        at = start + timedelta(seconds=round(distance))
        channel = _channel(row)
        yield Event(at, _video(row, channels.setdefault(channel.channel_id, channel), at))


def _published_at(row: Row) -> datetime:
    return datetime.fromisoformat(str(row["published_at"])).replace(microsecond=0)


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _channel(row: Row) -> Channel:
    """The row's channel; one is invented for rows that name none."""
    title = _text(row, "channel_title")
    name = title or str(row["video_id"])
    channel_id = _text(row, "channel_id") or "UC" + stable_id(name, 16)
    return Channel(
        channel_id=channel_id,
        title=title,
        handle=f"c{stable_id(channel_id, 6).lower()}",
        description="",
        created_at=datetime(2010, 1, 1, tzinfo=UTC),
        subscribers=int(fraction(channel_id) * 100_000),
    )


def _video(row: Row, channel: Channel, at: datetime) -> Video:
    """What the file does not know is derived from the video id."""
    video_id = str(row["video_id"])
    part = fraction(video_id)
    return Video(
        video_id=video_id,
        channel=channel,
        title=_text(row, "title"),
        description=_text(row, "description"),
        published_at=at,
        added_at=at,
        tags=tuple(_text(row, "title").split()[: int(part * 6)]),
        category_id=_text(row, "category_id") or "22",
        duration_seconds=1 + int(part * 7200),
        views=int(part * 1_000_000),
        likes=int(part * 10_000),
        thumbnail_sizes=ALL_THUMBNAILS if part < HAS_LARGE_IMAGE else BASIC_THUMBNAILS,
    )
