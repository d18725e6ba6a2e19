"""Many stored videos with words in them: a corpus', or made up with the frequencies of a language.

Every text is used many times; a number in each title is a word of its own. Videos come in in the
order of their publish times, up to two days late. What is rare, common or old is known from the
texts themselves.
"""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.folding import fold_all
from app.domain.videos import Detail, Source, Video
from app.store.bulk import insert_rows
from app.store.models import Base
from app.store.rows import columns_of
from benchmarks.pages import make_videos

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from app.store.database import Database
    from app.store.rows import Columns

ENDS_AT = datetime(2026, 5, 1, tzinfo=UTC)
SPAN = timedelta(days=730)
OLD = "formerly"
"""A word of every twentieth video of the older half, and of no other."""

SEED = 4
SHARE_OF_WATCH = 0.3
_GENERATED = 20_000
_VOCABULARY = 50_000
_BATCH = 5000
_LATE_SECONDS = 2 * 86_400
_SYLLABLES = ("ka", "lo", "mi", "ren", "tu", "sal", "vor", "ne", "dri", "po", "shen", "ga")
_UNSPACED = "東京都大阪音楽番組天気予報"


@dataclass(frozen=True, slots=True)
class Texts:
    """What the videos say.

    Args:
        videos: they lend their words.
        shares: the share of videos that hold a word.
        rows: the words of each video, in their order.
    """

    videos: Sequence[Video]
    shares: dict[str, float]
    rows: Sequence[Sequence[str]]


def read_texts(corpus: Path | None) -> Texts:
    """Read a corpus, as JSON lines, or make texts up."""
    rng = random.Random(SEED)  # noqa: S311 - the same texts every time are what is wanted
    videos = list(_generated(rng) if corpus is None else _read(corpus, rng))
    rows = [fold_all([v.title, v.description, v.channel_title]).split() for v in videos]
    counts = Counter(word for row in rows for word in set(row))
    return Texts(videos, {word: n / len(rows) for word, n in counts.items()}, rows)


def load(database: Database, texts: Texts, videos: int, watch_id: int) -> None:
    """Fill an empty database with videos and a watch's links, without counts and texts."""
    tables = Base.metadata.tables
    rng = random.Random(SEED)  # noqa: S311 - the same rows every time are what is wanted
    for start in range(0, videos, _BATCH):
        batch = [
            _row(rng, number, number / videos, texts.videos[number % len(texts.videos)])
            for number in range(start, min(start + _BATCH, videos))
        ]
        found = [row for row in batch if rng.random() < SHARE_OF_WATCH]
        with database.connection() as connection:
            insert_rows(connection, tables["videos"], batch)
            insert_rows(connection, tables["watch_videos"], [_link(it, watch_id) for it in found])


def _row(rng: random.Random, number: int, place: float, told: Video) -> Columns:
    at = ENDS_AT - SPAN * (1 - place) - timedelta(seconds=rng.randrange(_LATE_SECONDS))
    old = f" {OLD}" if at < ENDS_AT - SPAN / 2 and number % 20 == 0 else ""
    video = replace(
        told, video_id=f"{number:011d}", title=f"{told.title} {number}{old}", published_at=at
    )
    return {
        **columns_of(video),
        "source": Source.SEARCH.value,
        "fetched_at": at,
        "updated_at": at,
        "refreshed_at": at,
        "completed_at": at,
        "refresh_due_at": at,
        "seq": number + 1,
    }


def _link(row: Columns, watch_id: int) -> Columns:
    return {
        "watch_id": watch_id,
        "video_id": row["video_id"],
        "published_at": row["published_at"],
        "reason": "own_search",
        "uncertain": False,
        "delay_seconds": None,
    }


def _read(corpus: Path, rng: random.Random) -> Iterator[Video]:
    plain = make_videos(rng, 1)[0]
    opened = gzip.open if corpus.suffix == ".gz" else open
    with opened(corpus, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            yield replace(
                plain,
                title=row["title"],
                description=row.get("description") or "",
                channel_title=row.get("channel_title") or "",
                tags=None,
                detail=Detail.FULL,
            )


def _generated(rng: random.Random) -> Iterator[Video]:
    """Make texts up: words as frequent as their rank says (Zipf), and runs without spaces."""
    words = [
        "".join(rng.choices(_SYLLABLES, k=2 + rank % 3)) + str(rank)[-2:]
        for rank in range(_VOCABULARY)
    ]
    weights = [1 / (rank + 8) for rank in range(_VOCABULARY)]
    for plain in make_videos(rng, _GENERATED):
        told = rng.choices(words, weights, k=8 + len(plain.description) // 8)
        run = "".join(rng.choices(_UNSPACED, k=6))
        title, description = " ".join([*told[:7], run]), " ".join(told[7:])
        yield replace(plain, title=title, description=description, tags=None)
