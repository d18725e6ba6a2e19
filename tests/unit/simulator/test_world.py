from datetime import timedelta

import pytest

from simulator.video import Event
from tests.unit.simulator.worlds import CHANNEL, NOON, SettableClock, video, world


def test_nothing_exists_before_its_time() -> None:
    clock = SettableClock()
    place = world([video(1, -1), video(2, 1)], clock)
    place.now()
    assert [one.video_id for one in place.between(None, None)] == ["video000001"]
    assert place.find_video("video000002") is None
    clock.move(1)
    place.now()
    assert place.find_video("video000002") is not None


def test_seq_is_the_order_of_arrival_and_parts_can_be_read() -> None:
    place = world([video(1, -1), video(2, -9), video(3, -5)])
    place.now()
    assert [one.video_id[-1] for one in place.arrived(0, 10)] == ["2", "3", "1"]
    assert [one.seq for one in place.arrived(1, 1)] == [2]
    assert place.arrived(3, 10) == []


def test_a_redated_video_moves_and_leaves_an_edit() -> None:
    later = NOON + timedelta(seconds=30)
    clock = SettableClock()
    redate = Event(later, video_id="video000001", fields={"published_at": later})
    place = world([video(1), video(2, 10), redate], clock)
    clock.move(30)
    place.now()
    assert [one.video_id[-1] for one in place.between(None, None)] == ["1", "2"]
    (edit,) = place.arrived(0, 1)[0].edits
    assert (edit.at, edit.field) == (later, "published_at")


def test_a_deleted_video_is_gone_but_the_truth_keeps_it() -> None:
    deletion = Event(NOON, video_id="video000001", fields={"deleted_at": NOON})
    again = Event(NOON, video_id="video000001", fields={"title": "too late"})
    place = world([video(1), deletion, again])
    place.now()
    assert list(place.between(None, None)) == []
    assert place.uploads(CHANNEL.channel_id) == []
    (one,) = place.arrived(0, 10)
    assert (one.deleted_at, one.title) == (NOON, "Title 1")


def test_videos_become_visible_out_of_order_but_within_the_lag() -> None:
    place = world([video(n, n - 100) for n in range(60)], index_lag=60)
    place.now()
    lags = [(one.visible_at - one.published_at).total_seconds() for one in place.arrived(0, 60)]
    assert min(lags) >= 0
    assert max(lags) <= 60
    shown = [one.visible_at for one in place.arrived(0, 60)]
    assert shown != sorted(shown)


@pytest.mark.parametrize("hours", [1, 3])
def test_old_videos_are_forgotten_so_that_memory_stays_bounded(hours: int) -> None:
    clock = SettableClock()
    place = world([video(n, n * 3600) for n in range(10)], clock, keep=timedelta(hours=hours))
    clock.move(9 * 3600)
    place.now()
    kept = [one.seq for one in place.arrived(0, 100)]
    assert kept == list(range(10 - hours, 11))
    assert (
        len(list(place.between(None, None))) == len(place.uploads(CHANNEL.channel_id)) == hours + 1
    )
    assert place.find_video("video000000") is None
