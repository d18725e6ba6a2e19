"""A site to be shown: invented videos of invented channels, fetched for days from the simulator.

Everything else on its pages is what ingest really did: the log, coverage, quota, delays.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import TYPE_CHECKING

from app.domain.watches import WatchKind
from simulator.video import ALL_THUMBNAILS, Channel, Event, Video, stable_id
from tests.browser.sites import open_site
from tests.unit.simulator.worlds import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from tests.browser.sites import Site

SEED = 20
DAYS = 7
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "sourdough": (
        "Sourdough for people who work all day",
        "Why my sourdough starter smells of apples",
        "Four sourdough loaves, four flours, one winner",
        "Cold oven sourdough: does it rise?",
        "Sourdough pizza in twelve minutes",
        "The crumb you want: sourdough hydration explained with a kitchen scale",
        "Rescue me! A flat sourdough, and what I would do differently",
        "Rye sourdough the way my neighbour bakes it",
        "Sourdough crackers from what you would throw away",
        "One starter, two countries: we post sourdough by mail",
    ),
    "night train": (
        "Night train to Lisbon: is the cheap berth worth it?",
        "Cab ride: night train over the Alps in snow",
        "Everything I pack for a night train",
        "The last night train of the season",
        "Night train or plane? We raced for it",
        "How a night train is coupled in eleven minutes",
        "Dinner on the night train, 1974 and today",
    ),
    "tide pools": (
        "Tide pools at dawn: what hides under the kelp",
        "An octopus changes colour in the tide pools of the north",
        "Tide pools in winter, with a macro lens",
        "How to read a tide table before you visit tide pools",
        "Who eats whom in tide pools",
    ),
    "chess endgames": (
        "Chess endgames: the square rule in five minutes",
        "Chess endgames you have to know: rook against pawn",
        "A study that stumped the whole club | chess endgames",
        "Chess endgames: opposite bishops, explained twice",
        "Can you hold this? Chess endgames for a rainy evening",
        "Two knights cannot win, can they? Odd chess endgames",
    ),
}
CHANNELS = (
    *("Crumb & Crust", "The Slow Oven", "Sleeper Car Stories", "Rails After Dark", "Low Water"),
    *("Kelp & Co", "Sixty-Four Squares", "The Endgame Room"),
)
"""Two for each subject."""

REPAIRS = "It Still Works"
PER_HOUR = {"sourdough": 0.6, "night train": 0.4, "tide pools": 0.2, "chess endgames": 0.3}
_END = NOON + timedelta(days=DAYS)


@contextmanager
def open_showcase(folder: Path) -> Iterator[Site]:
    """Serve the site, a week after it was set up."""
    with open_site(
        folder,
        youtube_api_keys="reading:key-one,spare:key-two",
        youtube_search_calls_per_day=100,
        youtube_units_per_day=10_000,
        backfill_seconds=6 * 3600,
        admin_password="",
    ) as site:
        _fill(site)
        yield site


def _fill(site: Site) -> None:
    rng = random.Random(SEED)
    for term in SUBJECTS:
        site.watch(term)
    for event in sorted(_published(rng), key=lambda it: it.at):
        site.rig.publish(event)
    channel = _channel(REPAIRS)
    site.rig.services.watching.create(WatchKind.CHANNEL, channel.channel_id, {"label": REPAIRS})
    site.rig.run_for((DAYS - 1) * 86400, every=1800)
    site.rig.fault("503", method="search", times=6)
    site.rig.run_for(86400, every=300)


def _published(rng: random.Random) -> Iterator[Event]:
    for term, titles in SUBJECTS.items():
        at = NOON - timedelta(hours=6)
        in_turn = cycle(rng.sample(titles, len(titles)))
        while (at := at + timedelta(hours=rng.expovariate(PER_HOUR[term]))) < _END:
            yield Event(at, _video(rng, at, next(in_turn)))
    for number in range(10):
        at = NOON + timedelta(hours=18 * number - 1)
        video = _video(rng, at, f"I repair what you send me, no. {number + 31}")
        yield Event(at, replace(video, channel=_channel(REPAIRS)))
    at = _END - timedelta(minutes=50)
    video = _video(rng, at, "LIVE: the night train north, seen from the cab")
    yield Event(at, replace(video, live="live", duration_seconds=0, visible_at=at, started_at=at))


def _video(rng: random.Random, at: datetime, title: str) -> Video:
    at = at.replace(microsecond=0)
    subject = next((number for number, it in enumerate(SUBJECTS) if it in title.lower()), 0)
    return Video(
        video_id=stable_id(f"{title} {at}", 8),
        channel=_channel(CHANNELS[2 * subject + rng.randrange(2)]),
        title=title,
        description=f"{title}. Filmed in one afternoon; corrections are in the pinned comment.",
        published_at=at,
        added_at=at,
        duration_seconds=rng.choice((48, 312, 754, 1290, 2475, 5412)),
        views=rng.randrange(20_000),
        thumbnail_sizes=ALL_THUMBNAILS,
        visible_at=at + timedelta(seconds=rng.expovariate(1 / 240)),
    )


def _channel(name: str) -> Channel:
    return Channel(
        f"UC{stable_id(name, 16)}", name, stable_id(name, 8).lower(), "", NOON, len(name) * 1234
    )
