"""A stream of invented videos that depends on the seed and the wall clock alone.

Every minute of real time has its own random numbers, so a restarted simulator shows the same
videos for the same times, and nothing but the current world is kept. It applies nothing: it
hands events to the world.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from simulator.video import (
    ALL_THUMBNAILS,
    BASIC_THUMBNAILS,
    Channel,
    Event,
    Video,
    stable_id,
)
from simulator.words import CATEGORY_IDS, TOPICS, VOCABULARIES

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTE = timedelta(minutes=1)
CHANNELS = 240
DEMO = (("en", "music"), ("en", "news"))
PREMIERES = 0.02
EDITED = 0.01
DELETED = 0.005
NAMES_LANGUAGE = 0.7
SHOWS_LIKES = 0.95
HAS_LARGE_IMAGE = 0.8
BURSTS_PER_MINUTE = 0.05
LONGEST_BURST = 6


@dataclass(frozen=True, slots=True)
class Publisher:
    """A channel that keeps to one language and one topic."""

    channel: Channel
    language: str
    topic: str


class GeneratedSource:
    """Videos at `rate` a minute on average from `start` on; `start` may lie in the past."""

    def __init__(self, *, seed: int, rate: float, start: datetime) -> None:
        self._seed = seed
        self._rate = rate
        self._start = start
        self._next_minute = start.replace(second=0, microsecond=0)
        self._publishers = publishers(seed)
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(CHANNELS)))

    def take(self, until: datetime) -> Iterator[Event]:
        """The events of every minute begun by `until` that was not taken before."""
        while self._next_minute <= until:
            minute, self._next_minute = self._next_minute, self._next_minute + MINUTE
            yield from self._events(minute)

    def _events(self, minute: datetime) -> Iterator[Event]:
        random = Random(f"{self._seed} {minute.isoformat()}")  # noqa: S311 - repeatable, not secret
        for number, (at, publisher) in enumerate(self._uploads(minute, random)):
            video = make_video(publisher, at, stable_id(f"{self._seed} {at} {number}", 8), random)
            life = list(_life(video, random))
            if at >= self._start:
                yield from life

    def _uploads(self, minute: datetime, random: Random) -> Iterator[tuple[datetime, Publisher]]:
        """Who publishes when; a burst is one channel publishing several in one second."""
        for _ in range(_count(self._rate, random)):
            at = minute + timedelta(seconds=random.randrange(60))
            publisher = random.choices(self._publishers, cum_weights=self._weights)[0]
            burst = random.random() < BURSTS_PER_MINUTE / max(self._rate, 1)
            for _ in range(random.randint(2, LONGEST_BURST) if burst else 1):
                yield at, publisher


def _count(rate: float, random: Random) -> int:
    """A whole number around `rate`, from half of it to half as much again."""
    wanted = rate * random.uniform(0.5, 1.5)
    return int(wanted) + (random.random() < wanted % 1)


def publishers(seed: int) -> list[Publisher]:
    """All channels; the first ones publish most, and every language has every topic."""
    random = Random(f"{seed} channels")  # noqa: S311 - repeatable, not secret
    every = [(language, topic) for language in VOCABULARIES for topic in TOPICS]
    weights = [VOCABULARIES[language].weight * TOPICS[topic] for language, topic in every]
    usual = random.choices(every, weights, k=CHANNELS - len(DEMO) - len(every))
    return [
        _publisher(f"{seed} channel {number}", language, topic, random)
        for number, (language, topic) in enumerate([*DEMO, *usual, *every])
    ]


def _publisher(name: str, language: str, topic: str, random: Random) -> Publisher:
    words = VOCABULARIES[language]
    number = random.randint(1, 999)
    title = f"{random.choice(words.channels)} {number}"
    channel = Channel(
        channel_id="UC" + stable_id(name, 16),
        title=title,
        handle=f"{topic}-{language}-{stable_id(name, 3).lower()}",
        description=random.choice(words.sentences),
        created_at=datetime(2010, 1, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(10**8)),
        subscribers=int(10 ** random.uniform(1, 6.5)),
    )
    return Publisher(channel, language, topic)


def make_video(publisher: Publisher, at: datetime, video_id: str, random: Random) -> Video:
    """A plausible video of a publisher; its tags name the topic in English."""
    words = VOCABULARIES[publisher.language]
    subject = random.choice(words.subjects[publisher.topic])
    separator = random.choice((" | ", " - ", ": ", " "))
    views = int(10 ** random.uniform(0, 4))
    return Video(
        video_id=video_id,
        channel=publisher.channel,
        title=f"{subject}{separator}{random.choice(words.endings)}",
        description=_description(words.sentences, publisher.topic, random),
        published_at=at,
        added_at=at,
        tags=_tags(publisher, subject, random),
        category_id=CATEGORY_IDS[publisher.topic],
        language=publisher.language if random.random() < NAMES_LANGUAGE else None,
        duration_seconds=int(10 ** random.uniform(1, 4)),
        views=views,
        likes=views // 20 if random.random() < SHOWS_LIKES else None,
        thumbnail_sizes=ALL_THUMBNAILS
        if random.random() < HAS_LARGE_IMAGE
        else (*BASIC_THUMBNAILS, "standard"),
    )


def _description(sentences: tuple[str, ...], topic: str, random: Random) -> str:
    lines = random.choices(sentences, k=random.randrange(6))
    return "\n".join([*lines, f"#{topic}"]) if lines else ""


def _tags(publisher: Publisher, subject: str, random: Random) -> tuple[str, ...]:
    tags = (publisher.topic, subject.lower(), publisher.language)
    return tags[: random.randint(1, len(tags))]


def _life(video: Video, random: Random) -> Iterator[Event]:
    """The publication and what follows it."""
    if random.random() < PREMIERES:
        yield from _premiere(video, random)
    else:
        yield Event(video.published_at, video)
    later = video.published_at + timedelta(seconds=random.randrange(30, 3600))
    if random.random() < EDITED:
        yield Event(later, video_id=video.video_id, fields={"title": f"{video.title} (updated)"})
    if random.random() < DELETED:
        yield Event(later + MINUTE, video_id=video.video_id, fields={"deleted_at": later + MINUTE})


def _premiere(video: Video, random: Random) -> Iterator[Event]:
    """Announced, then live, then over. The publish time becomes the real start.

    Recorded: 7 to 21 seconds after the scheduled one.
    """
    scheduled_at = video.published_at + timedelta(minutes=random.randint(2, 60))
    started_at = scheduled_at + timedelta(seconds=random.randint(7, 21))
    ended_at = started_at + timedelta(seconds=video.duration_seconds)
    yield Event(video.published_at, replace(video, live="upcoming", scheduled_at=scheduled_at))
    yield Event(
        started_at,
        video_id=video.video_id,
        fields={"live": "live", "published_at": started_at, "started_at": started_at},
    )
    yield Event(ended_at, video_id=video.video_id, fields={"live": "none", "ended_at": ended_at})
