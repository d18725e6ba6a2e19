"""What is published, and when search shows it: the workload every policy gets alike.

Days are put together from whole days of publish times, so that gaps, bursts, ties of one second and
the wave of the day stay as they were.
"""

from __future__ import annotations

import gzip
import json
import math
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    Day = Sequence[int]
    """Publish times of a day, as seconds since its midnight (UTC)."""

DAY = timedelta(days=1)
DAY_SECONDS = 86_400
DENSE_DAY = 300
"""A day of the corpus with fewer videos than this says too little about bursts."""

GENERATED_DAYS = 20
GENERATED_VIDEOS_A_DAY = 500
ON_THE_HOUR = 0.15
"""Of generated videos, how many are published at a full quarter of an hour."""

_MOST_LAG_SECONDS = 6 * 3600
_LEAST_LAG_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Arrival:
    """A video: found under one term only, shown by search from `visible_at` on."""

    video_id: str
    term: str
    published_at: datetime
    visible_at: datetime
    channel_id: str = "UC" + "a" * 22


def no_lag(_: random.Random) -> float:
    """Search shows a video in the second it is published."""
    return 0.0


def minutes_of_lag(rng: random.Random) -> float:
    """Anything up to ten minutes, each as likely."""
    return rng.uniform(0, 600)


def hours_of_lag(rng: random.Random) -> float:
    """From ten seconds to six hours, each order of magnitude as likely: half within 8 minutes."""
    return math.exp(rng.uniform(math.log(_LEAST_LAG_SECONDS), math.log(_MOST_LAG_SECONDS)))


def read_days(corpus: Path) -> list[Day]:
    """Return the dense days of a corpus: JSON lines with `published_at`, plain or gzip.

    Rows that know their publish time only by day are left out.
    """
    days: defaultdict[str, list[int]] = defaultdict(list)
    opened = gzip.open if corpus.suffix == ".gz" else open
    with opened(corpus, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row.get("published_precision", "second") == "second":
                at = datetime.fromisoformat(row["published_at"]).astimezone(UTC)
                days[f"{at:%Y-%m-%d}"].append(at.hour * 3600 + at.minute * 60 + at.second)
    return [sorted(days[date]) for date in sorted(days) if len(days[date]) >= DENSE_DAY]


def generate_days(seed: int) -> list[Day]:
    """Return days for want of real ones: a wave with its crest at noon, and full quarters."""
    rng = random.Random(f"days {seed}")  # noqa: S311 - reproducible, not a secret
    return [
        sorted(_second_of_day(rng) for _ in range(GENERATED_VIDEOS_A_DAY))
        for _ in range(GENERATED_DAYS)
    ]


def zipf(count: int) -> list[float]:
    """Return the shares of terms of which the n-th brings 1/n of what the first does."""
    weights = [1 / rank for rank in range(1, count + 1)]
    return [weight / sum(weights) for weight in weights]


def draw(
    days: Sequence[Day],
    *,
    starts_at: datetime,
    count: int,
    layers: int,
    shares: Sequence[float],
    lag: Callable[[random.Random], float],
    seed: int,
) -> list[Arrival]:
    """Return the arrivals of `count` days from `starts_at` on, in order of publish time.

    Args:
        days: to choose from.
        starts_at: the midnight (UTC) the first day begins at.
        count: how many days.
        layers: different days laid over each other to make one: the load.
        shares: of each term; `term_name` says how they are called.
        lag: seconds from being published to being shown.
        seed: the same arrivals for the same seed.
    """
    rng = random.Random(f"arrivals {seed}")  # noqa: S311 - reproducible, not a secret
    terms = [term_name(number) for number in range(len(shares))]
    published = sorted(_instants(days, starts_at, count, layers, rng))
    return [
        Arrival(
            video_id=f"v{number:010d}",
            term=rng.choices(terms, shares)[0],
            published_at=at,
            visible_at=at + timedelta(seconds=round(lag(rng))),
        )
        for number, at in enumerate(published)
    ]


def term_name(number: int) -> str:
    """Return the term of a share."""
    return f"term{number:02d}"


def _instants(
    days: Sequence[Day], starts_at: datetime, count: int, layers: int, rng: random.Random
) -> Iterator[datetime]:
    for number in range(count):
        for day in rng.sample(days, layers):
            for second in day:
                yield starts_at + number * DAY + timedelta(seconds=second)


def _second_of_day(rng: random.Random) -> int:
    """A second by a wave twice as high at noon as at midnight's trough, or the quarter before."""
    while True:
        second = rng.randrange(DAY_SECONDS)
        height = 2 - math.cos(2 * math.pi * second / DAY_SECONDS)
        if rng.random() * 3 < height:
            return second - second % 900 if rng.random() < ON_THE_HOUR else second
