"""A day of channels without push in virtual time, with everything that goes wrong on the way."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from simulator.video import Channel, Video, stable_id
from tests.unit.ingest.channels import DAY, HOUR, MINUTE, follow, units
from tests.unit.ingest.rig import Rig, ids_of
from tests.unit.simulator.worlds import CHANNEL, NOON, video

NewRig = Callable[..., Rig]

CHANNELS = 6
UNITS_A_DAY = 10_000


def channels() -> list[Channel]:
    return [
        replace(CHANNEL, channel_id="UC" + stable_id(f"channel {n}", 16), handle=f"channel{n}")
        for n in range(CHANNELS)
    ]


def day(random: Random, start: datetime) -> Iterator[Video]:
    """What they publish in a day: 1 to 20 videos each, and 6 bursts of 16 to 120."""
    every = channels()
    bursts = [(random.choice(every), random.uniform(0, DAY - 2 * HOUR)) for _ in range(6)]
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


def history() -> list[Video]:
    """Twenty older videos of each channel."""
    return [
        video(500_000 + 20 * n + k, -(k + 1) * DAY, channel=channel)
        for n, channel in enumerate(channels())
        for k in range(20)
    ]


def test_a_day_of_channels_with_bursts_and_bad_feeds_loses_nothing(new_rig: NewRig) -> None:
    random = Random(1)
    published = list(day(random, NOON))
    rig = new_rig([*history(), *published], youtube_units_per_day=UNITS_A_DAY)
    for channel in channels():
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
    spent = units(rig)

    assert spent <= 400
