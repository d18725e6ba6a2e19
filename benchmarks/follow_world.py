"""Channels that keep to a keyword: what they publish, and YouTube's ways to it, in virtual time."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import random
from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.domain.clock import pacific_day
from app.domain.subscriptions import Mode
from app.domain.videos import Detail
from app.sources.base import ChannelFeed, UploadsPage, VideoBatch
from app.sources.websub import Hub
from benchmarks.arrivals import DAY, DAY_SECONDS, Arrival, draw, generate_days, term_name, zipf
from benchmarks.stand_in import StandIn, video_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from app.domain.channels import Channel
    from app.domain.quota import ApiKey
    from app.domain.subscriptions import Subscription
    from app.ingest.pushes import PushReceiver
    from app.sources.websub import Callback
    from benchmarks.stand_in import VirtualClock

    Lag = Callable[[random.Random], float]

KEYWORDS = 20
CHANNELS_PER_KEYWORD = 3
MOSTLY = 0.99
"""Of the videos that hold a keyword: how many are of one of its recurring channels."""

OFF_TOPIC = ""
FEED_ENTRIES = 15
FEED_KEPT = timedelta(minutes=15)
_AHEAD = 500
CORPUS_BEGINS = "2025-10-30"
"""From here on the corpus has 16 days on end, nearly all of whose videos name their channel."""


def generated(
    seed: int, starts_at: datetime, count: int, lag: Lag, recurring_share: float = MOSTLY
) -> list[Arrival]:
    """Return arrivals of which most are of recurring channels, each of one keyword.

    Three channels to a keyword, each as likely; the rest are of channels that publish nothing else.
    For each of a recurring channel's videos it publishes another, at any time of that day, that
    holds no keyword.
    """
    rng = random.Random(f"channels {seed}")  # noqa: S311 - reproducible, not a secret
    days = generate_days(seed)
    shares = zipf(KEYWORDS)
    drawn = draw(
        days, starts_at=starts_at, count=count, layers=1, shares=shares, lag=lag, seed=seed
    )
    arrivals: list[Arrival] = []
    for number, arrival in enumerate(drawn):
        if rng.random() >= recurring_share:
            arrivals.append(replace(arrival, channel_id=_channel(f"once {number}")))
            continue
        turn = rng.randrange(CHANNELS_PER_KEYWORD)
        own = replace(arrival, channel_id=_channel(f"{arrival.term} {turn}"))
        midnight = own.published_at.replace(hour=0, minute=0, second=0)
        at = midnight + timedelta(seconds=rng.randrange(DAY_SECONDS))
        other = replace(
            own, video_id=f"x{number:010d}", term=OFF_TOPIC, published_at=at, visible_at=at
        )
        arrivals += [own, other]
    return sorted(arrivals, key=lambda each: (each.published_at, each.video_id))


def recorded(corpus: Path, seed: int, starts_at: datetime, count: int, lag: Lag) -> list[Arrival]:
    """Return the corpus's days on end as they were, its channels each given one keyword."""
    rng = random.Random(f"corpus {seed}")  # noqa: S311 - reproducible, not a secret
    terms, shares = [term_name(number) for number in range(KEYWORDS)], zipf(KEYWORDS)
    begins = datetime.fromisoformat(f"{CORPUS_BEGINS}T00:00:00+00:00")
    term_of: dict[str, str] = {}
    arrivals = []
    for number, (at, channel) in enumerate(_rows(corpus)):
        if begins <= at < begins + count * DAY:
            term = term_of.setdefault(channel, rng.choices(terms, shares)[0])
            published_at = starts_at + (at - begins)
            visible_at = published_at + timedelta(seconds=round(lag(rng)))
            name = _channel(channel)
            arrivals.append(Arrival(f"v{number:010d}", term, published_at, visible_at, name))
    return arrivals


def recurring(arrivals: Iterable[Arrival]) -> set[str]:
    """Return the channels with more than one video that holds a keyword."""
    videos = Counter(arrival.channel_id for arrival in arrivals if arrival.term != OFF_TOPIC)
    return {channel_id for channel_id, count in videos.items() if count > 1}


class ChanneledStandIn(StandIn):
    """A source that also knows channels' feeds; it counts units by day.

    Args:
        arrivals: as of `StandIn`, in order of publish time.
        clock: the present.
        feeds_kept: others ask for the feeds, too, so that what we get is up to 15 minutes old;
            without, it is as fresh as our asking every 15 minutes makes it.
        seed: as of `StandIn`.
    """

    def __init__(
        self, arrivals: Sequence[Arrival], clock: VirtualClock, *, feeds_kept: bool, seed: int
    ) -> None:
        super().__init__(arrivals, clock, omission=0.0, patience=timedelta(hours=1), seed=seed)
        self.units: Counter[date] = Counter()
        self.feeds_read: Counter[date] = Counter()
        self._now = clock
        self._feeds_kept = feeds_kept
        self._of_channel: defaultdict[str, list[Arrival]] = defaultdict(list)
        for arrival in arrivals:
            self._of_channel[arrival.channel_id].append(arrival)

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        """Return all that is known of these videos."""
        self.units[pacific_day(self._now())] += 1
        return super().videos(key, video_ids)

    def feed(self, channel_id: str) -> ChannelFeed:
        """Return the newest 15 of a channel."""
        now = self._now()
        self.feeds_read[pacific_day(now)] += 1
        made_at = now - self._age(channel_id, now) if self._feeds_kept else now
        listed = self._until(channel_id, made_at)[-FEED_ENTRIES:][::-1]
        videos = tuple(video_of(arrival, Detail.FEED) for arrival in listed)
        return ChannelFeed(videos, listed=len(videos), ordered=True)

    def channel(self, key: ApiKey, name: str) -> Channel | None:
        """Nobody asks."""
        raise NotImplementedError

    def uploads(self, key: ApiKey, playlist_id: str, page_token: str | None) -> UploadsPage:
        """Nobody asks, as no feed fails."""
        raise NotImplementedError

    def _age(self, channel_id: str, now: datetime) -> timedelta:
        """Copies are made at a time of each feed's own, every 15 minutes."""
        number = int(channel_id.removeprefix("UC"), base=16)
        turn = timedelta(seconds=number % int(FEED_KEPT.total_seconds()))
        return (now - datetime(2000, 1, 1, tzinfo=UTC) + turn) % FEED_KEPT

    def _until(self, channel_id: str, until: datetime) -> Sequence[Arrival]:
        published = self._of_channel[channel_id]
        return published[: bisect_right(published, until, key=lambda each: each.published_at)]


class StandInHub(Hub):
    """A hub that confirms at once and pushes what its subscribers' channels publish.

    Args:
        arrivals: in order of publish time.
        clock: the present.
    """

    def __init__(self, arrivals: Sequence[Arrival], clock: VirtualClock) -> None:
        super().__init__("http://hub.invalid/")
        self.pushes = 0
        self.receiver: PushReceiver | None = None
        self._arrivals = arrivals
        self._clock = clock
        self._next = 0
        self._subscribed: dict[str, Subscription] = {}

    def ask(self, subscription: Subscription, callback: Callback) -> None:
        """Confirm it."""
        assert self.receiver is not None  # noqa: S101 - a slip of the benchmark's own
        lease = int(callback.lease.total_seconds())
        if subscription.mode is Mode.SUBSCRIBE:
            self._subscribed[subscription.channel_id] = subscription
        else:
            self._subscribed.pop(subscription.channel_id, None)
        self.receiver.confirm(
            subscription.token, subscription.mode.value, subscription.topic, lease
        )

    def next_at(self) -> datetime | None:
        """Return when something is published next that is to be pushed; None if not soon."""
        ahead = self._arrivals[self._next : self._next + _AHEAD]
        return next((a.published_at for a in ahead if a.channel_id in self._subscribed), None)

    def push(self) -> None:
        """Push what was published by now."""
        while self._next < len(self._arrivals):
            arrival = self._arrivals[self._next]
            if arrival.published_at > self._clock():
                return
            self._next += 1
            subscription = self._subscribed.get(arrival.channel_id)
            if subscription is not None and self.receiver is not None:
                body = _pushed(arrival)
                digest = hmac.new(subscription.secret.encode(), body, "sha1").hexdigest()
                self.receiver.receive(subscription.token, body, f"sha1={digest}")
                self.pushes += 1


def _pushed(arrival: Arrival) -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom">
<entry><id>yt:video:{arrival.video_id}</id><yt:videoId>{arrival.video_id}</yt:videoId>
<yt:channelId>{arrival.channel_id}</yt:channelId><title>Title</title></entry></feed>""".encode()


def _channel(name: str) -> str:
    """An id in YouTube's form: 22 digits, here hexadecimal ones."""
    return "UC" + hashlib.blake2b(name.encode(), digest_size=11).hexdigest()


def _rows(corpus: Path) -> Iterator[tuple[datetime, str]]:
    """Publish time and channel of every video that has both, oldest first."""
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            channel = row.get("channel_id") or row.get("channel_title")
            if channel and row.get("published_precision", "second") == "second":
                yield datetime.fromisoformat(row["published_at"]).astimezone(UTC), channel
