from collections import Counter
from datetime import datetime, timedelta

import pytest

from simulator.generated import GeneratedSource
from simulator.query import matcher
from simulator.video import Video
from simulator.world import World
from tests.unit.simulator.worlds import NOON, SettableClock

DAY = timedelta(days=1)


def generated(start: datetime, *, seed: int = 1, rate: float = 20, until: datetime = NOON) -> World:
    place = World(GeneratedSource(seed=seed, rate=rate, start=start), SettableClock(until))
    place.now()
    return place


@pytest.fixture(scope="module")
def day() -> list[Video]:
    return generated(NOON - DAY).arrived(0, 10**6)


def test_the_rate_is_kept(day: list[Video]) -> None:
    assert 24 * 60 * 19 < len(day) < 24 * 60 * 21


@pytest.mark.parametrize("keyword", ["music", "news", "football", "cooking", "science"])
def test_usual_keywords_find_many_videos(day: list[Video], keyword: str) -> None:
    matches = matcher(keyword)
    assert sum(matches(video.search_text) for video in day) > 200


@pytest.mark.parametrize("keyword", ["новости", "समाचार", "ニュース", "أخبار"])
def test_keywords_of_other_scripts_find_some(day: list[Video], keyword: str) -> None:
    matches = matcher(keyword)
    assert sum(matches(video.search_text) for video in day) > 5


def test_every_video_is_one_of_its_own(day: list[Video]) -> None:
    assert len({video.video_id for video in day}) == len(day)
    assert all(len(video.video_id) == 11 and len(video.title) <= 100 for video in day)
    assert all(video.published_at.microsecond == 0 for video in day)


def test_titles_are_of_many_scripts_and_need_escaping(day: list[Video]) -> None:
    text = "".join(video.title for video in day)
    for sample in ("&", '"', "'", "ñ", "ж", "の", "ق", "뉴", "स", "🎉"):
        assert sample in text


def test_few_channels_publish_much_and_many_little(day: list[Video]) -> None:
    counts = [count for _, count in Counter(video.channel for video in day).most_common()]
    assert len(counts) > 100
    assert sum(counts[:24]) > sum(counts[24:120])


def test_some_videos_share_their_second(day: list[Video]) -> None:
    seconds = Counter(video.published_at for video in day)
    assert max(seconds.values()) >= 4


def test_life_goes_on_after_publication(day: list[Video]) -> None:
    assert any(video.deleted_at for video in day)
    assert any(edit.field == "title" for video in day for edit in video.edits)
    premieres = [video for video in day if video.scheduled_at]
    assert {video.live for video in premieres} == {"none", "upcoming", "live"}
    for video in premieres:
        if video.started_at:
            assert video.scheduled_at is not None
            assert video.published_at == video.started_at > video.scheduled_at > video.added_at


def test_a_restart_shows_the_same_videos_for_the_same_times(day: list[Video]) -> None:
    restarted = generated(NOON - DAY / 4, until=NOON + DAY / 100)
    known = {video.video_id: video.title for video in day}
    again = [video for video in restarted.arrived(0, 10**6) if video.added_at <= NOON]
    assert len(again) > 6 * 60 * 18
    assert all(video.video_id in known for video in again)


def test_another_seed_is_another_world(day: list[Video]) -> None:
    other = generated(NOON - DAY / 24, seed=2).arrived(0, 10**6)
    assert not {video.video_id for video in day} & {video.video_id for video in other}


def test_without_history_the_world_starts_empty() -> None:
    place = generated(NOON, rate=600)
    assert all(video.added_at == NOON for video in place.arrived(0, 100))
