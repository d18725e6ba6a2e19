"""A generated corpus: JSON lines with the quirks that real publish times and texts have."""

from __future__ import annotations

import json
import random
import string
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TITLES = (
    "Plain words",
    "Quotes \" and ' and & and &amp; and &amp;lt;",
    "<b>markup</b> that is none",
    "🎉 emoji 👩‍👩‍👧 with joiners 🇺🇳",
    "中文標題 日本語タイトル 한국어 제목 ชื่อไทย",
    "שלום עולם - مرحبا",
    "\u200e",
    " padded ",
    "e\u0301 not composed, \u00e9 composed",
    "100%_sure #tags",
    "a" * 100,
    "🎬" * 100,
)
DESCRIPTIONS = (
    "",
    "one line",
    "two\r\nlines",
    "🎈" * 5000,
    "tab\there",
    "https://example.org/?a=1&b=2",
)
_ID_CHARACTERS = string.ascii_letters + string.digits + "-_"


def write_corpus(path: Path, *, videos: int, seed: int) -> Path:
    """Write a corpus of so many videos, sorted by publish time, some of them in one second."""
    rng = random.Random(seed)
    at = datetime(2024, 1, 1, tzinfo=UTC)
    ids: set[str] = set()
    with path.open("w", encoding="utf-8") as file:
        while len(ids) < videos:
            if rng.random() > 0.2:
                at += timedelta(seconds=rng.expovariate(1 / 400))
            video_id = _video_id(rng, ids)
            ids.add(video_id)
            channel = rng.randrange(40)
            row = {
                "video_id": video_id,
                "title": rng.choice(TITLES) if rng.random() < 0.5 else f"Video {len(ids)}",
                "description": rng.choice(DESCRIPTIONS),
                "published_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "channel_id": f"UC{channel:022d}",
                "channel_title": f"Channel & {channel}",
                "category_id": str(rng.randrange(1, 30)),
                "published_precision": "second",
            }
            file.write(json.dumps(row) + "\n")
    return path


def _video_id(rng: random.Random, taken: set[str]) -> str:
    """A new id; now and then one that differs from another by case alone."""
    if taken and rng.random() < 0.05:
        swapped = rng.choice(sorted(taken)).swapcase()
        if swapped not in taken:
            return swapped
    while True:
        video_id = "".join(rng.choices(_ID_CHARACTERS, k=11))
        if video_id not in taken:
            return video_id
