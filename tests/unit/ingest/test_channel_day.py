"""A day of channels in virtual time, with everything that goes wrong on the way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from simulator.video import Channel, Video, stable_id
from tests.unit.ingest.channels import DAY, HOUR, MINUTE, follow, units
from tests.unit.ingest.pushed import pushed
from tests.unit.ingest.rig import Rig, ids_of
from tests.unit.simulator.worlds import CHANNEL, NOON, video

NewRig = Callable[..., Rig]

MOST_UNITS = 70
"""Of a channel in such a day: of 10,000 a day 140 channels could be followed through it."""

MOST_UNITS_WITH_PUSH = 20


def channels(count: int) -> list[Channel]:
    return [
        replace(CHANNEL, channel_id="UC" + stable_id(f"channel {n}", 16), handle=f"channel{n}")
        for n in range(count)
    ]


def ids(count: int) -> list[str]:
    return [channel.channel_id for channel in channels(count)]


def day(random: Random, start: datetime, count: int) -> Iterator[Video]:
    """What they publish in a day: 1 to 20 videos each, and some bursts of 16 to 120."""
    every = channels(count)
    bursts = [
        (random.choice(every), random.uniform(0, DAY - 2 * HOUR)) for _ in range(count // 4 + 4)
    ]
    uploads = [
        (channel, random.uniform(0, DAY - 2 * HOUR))
        for channel in every
        for _ in range(random.randint(1, 20))
    ]
    uploads += [(channel, at) for channel, at in bursts for _ in range(random.randint(16, 120))]
    for number, (channel, at) in enumerate(uploads):
        published_at = start + timedelta(seconds=int(at))
        times = {"published_at": published_at, "added_at": published_at}
        yield video(number, 0, channel=channel, **times)


def history(count: int) -> list[Video]:
    """Twenty older videos of each channel."""
    return [
        video(500_000 + 20 * n + k, -(k + 1) * DAY, channel=channel)
        for n, channel in enumerate(channels(count))
        for k in range(20)
    ]


def test_a_day_of_channels_with_bursts_and_bad_feeds_loses_nothing(new_rig: NewRig) -> None:
    random = Random(1)
    published = list(day(random, NOON, 4))
    rig = new_rig([*history(4), *published], youtube_units_per_day=10_000)
    for channel in channels(4):
        rig.watch_channel(channel.channel_id)
    follow(rig, 3 * HOUR, every=5 * MINUTE)
    rig.simulator.feeds.lag = timedelta(minutes=50)  # feeds are late, and then whole bursts come
    follow(rig, 5 * HOUR, every=5 * MINUTE)
    rig.fault("404", method="feed")  # a wave: no feed at all for six hours
    follow(rig, 6 * HOUR, every=5 * MINUTE)
    rig.simulator.faults.clear()
    rig.simulator.feeds.lag = timedelta()
    rig.fault("500", chance=0.2)  # now and then everything fails
    follow(rig, 5 * HOUR, every=5 * MINUTE)
    rig.simulator.faults.clear()
    follow(rig, 5 * HOUR, every=5 * MINUTE)
    lost = set(ids_of(published)) - set(rig.known())
    assert not lost
    assert rig.searches() == 0
    assert units(rig) <= MOST_UNITS * 4


@pytest.mark.timeout(400)
def test_a_day_of_10_channels_with_push_and_hub_outages_loses_nothing(new_rig: NewRig) -> None:
    random = Random(2)
    published = list(day(random, NOON, 10))
    made = pushed(new_rig, [*history(10), *published], youtube_units_per_day=10_000)
    for channel in channels(10):
        made.rig.watch_channel(channel.channel_id)
    made.follow(4 * HOUR, every=10 * MINUTE)
    made.hub.down = True  # what is pushed now is lost, and no lease is granted
    made.follow(5 * HOUR, every=10 * MINUTE)
    made.hub.down = False
    made.rig.simulator.feeds.lag = timedelta(minutes=50)
    made.follow(5 * HOUR, every=10 * MINUTE)
    made.rig.fault("404", method="feed")
    made.hub.down = True  # and at the same time no feeds
    made.follow(4 * HOUR, every=10 * MINUTE)
    made.rig.simulator.faults.clear()
    made.rig.simulator.feeds.lag = timedelta()
    made.hub.down = False
    made.follow(6.5 * HOUR, every=10 * MINUTE)
    assert not set(ids_of(published)) - set(made.rig.known())
    assert made.rig.searches() == 0
    assert units(made.rig) <= MOST_UNITS_WITH_PUSH * 10
    assert all(subscription is not None for subscription in map(made.subscription, ids(10)))
