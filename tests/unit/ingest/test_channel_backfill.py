from collections.abc import Callable

import pytest

from app.domain.errors import InvalidValueError
from app.domain.fetches import Purpose
from app.domain.ranges import RangeReason
from simulator.video import Event
from tests.unit.ingest.channels import (
    DAY,
    HOUR,
    MINUTE,
    complete_until,
    follow,
    gaps,
    lines,
    units,
    uploaded,
)
from tests.unit.ingest.rig import Rig, before_noon, ids_of
from tests.unit.simulator.worlds import NOON

NewRig = Callable[..., Rig]

OLD = before_noon(730, step_seconds=HOUR)


def is_wanted(rig: Rig) -> bool:
    found = rig.services.store.read(lambda t: t.ranges.list_pending(1))
    return any(item.reason is RangeReason.BACKFILL for item in found)


def request(rig: Rig) -> None:
    rig.services.backfill.request(1)


def test_a_new_channel_is_read_back_for_a_day_only(new_rig: NewRig) -> None:
    rig = new_rig(OLD)
    rig.watch_channel()
    rig.tick()
    assert 25 <= len(rig.known()) <= 50
    assert units(rig, "playlistItems") == 1


def test_the_whole_channel_is_read_when_asked_for(new_rig: NewRig) -> None:
    rig = new_rig(OLD)
    rig.watch_channel()
    rig.tick()
    request(rig)
    assert gaps(rig)[-1][2] == "backfill"
    follow(rig, 10 * 60, every=10)
    assert set(rig.known()) == set(ids_of(OLD))
    assert not is_wanted(rig)
    assert complete_until(rig) == NOON


def test_backfill_goes_on_where_it_was_whoever_goes_on(new_rig: NewRig) -> None:
    rig = new_rig(OLD)
    rig.watch_channel()
    rig.tick()
    request(rig)
    rig.tick()
    assert 100 < len(rig.known()) < 400
    another = rig.another()
    for _ in range(10):
        rig.clock.move(10)
        for claim in another.ingest.tick():
            another.ingest.run(claim)
    another.close()
    assert len(rig.known()) == len(OLD)
    # 15 pages, and the one read last once more for each of the polls.
    spent = sum(line.pages for line in lines(rig) if line.purpose is Purpose.BACKFILL)
    assert spent <= 20


def test_what_comes_and_goes_during_a_backfill_leaves_no_hole(new_rig: NewRig) -> None:
    rig = new_rig(OLD)
    rig.watch_channel()
    rig.tick()
    request(rig)
    rig.tick()
    read = len(rig.known())
    for number in range(1, 41):  # all of them above where it is
        fields = {"deleted_at": rig.clock()}
        rig.publish(Event(rig.clock(), video_id=f"video{number:06d}", fields=fields))  # type: ignore[arg-type]  # as Fields
    follow(rig, 10 * 60, every=10)
    assert read > 100
    assert set(ids_of(OLD[40:])) <= set(rig.known())


def test_a_list_that_moved_too_far_is_read_anew(new_rig: NewRig) -> None:
    rig = new_rig(OLD)
    rig.watch_channel()
    rig.tick()
    request(rig)
    rig.tick()
    for number in range(1, 181):
        fields = {"deleted_at": rig.clock()}
        rig.publish(Event(rig.clock(), video_id=f"video{number:06d}", fields=fields))  # type: ignore[arg-type]  # as Fields
    follow(rig, 10 * 60, every=10)
    assert set(ids_of(OLD[180:])) <= set(rig.known())
    assert not is_wanted(rig)


def test_backfill_leaves_units_for_all_else(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3_000, step_seconds=HOUR), youtube_units_per_day=100)
    rig.watch_channel()
    request(rig)
    follow(rig, 4 * HOUR, every=60)
    spent = units(rig)
    # Noon UTC is 4 h after midnight Pacific; 8 h of 24 are a third of the half it may have.
    assert 10 <= spent <= 22
    assert is_wanted(rig)
    rig.publish(*uploaded(rig, 5_000, 1))
    follow(rig, 40 * 60, every=60)
    assert rig.known()[0] == "video005000"


def test_backfill_ends_however_long_it_takes(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(1_000, step_seconds=HOUR), youtube_units_per_day=60)
    rig.watch_channel()
    request(rig)
    follow(rig, 3 * DAY, every=10 * 60)
    assert len(rig.known()) == 1_000
    assert not is_wanted(rig)


def test_a_token_that_is_refused_costs_a_reading_not_the_backfill(new_rig: NewRig) -> None:
    rig = new_rig(OLD)
    rig.watch_channel()
    rig.tick()
    request(rig)
    rig.tick()
    spoil = "UPDATE channel_states SET walk_page_token = 'nonsense'"
    rig.services.store._primary.write(lambda c: c.exec_driver_sql(spoil))
    follow(rig, HOUR)
    assert len(rig.known()) == len(OLD)


def test_a_call_that_fails_costs_a_call_and_not_the_way_back_from_the_top(
    new_rig: NewRig,
) -> None:
    rig = new_rig(before_noon(2_000, step_seconds=HOUR))
    rig.watch_channel()
    rig.tick()
    request(rig)
    rig.fault("500", method="playlistItems", every=12)
    follow(rig, 6 * HOUR, every=5 * MINUTE)
    assert len(rig.known()) == 2_000
    # 40 pages, the last of each poll once more, and what failed.
    assert units(rig, "playlistItems") <= 60


def test_the_backfill_of_a_channel_that_is_gone_waits_until_it_is_back(new_rig: NewRig) -> None:
    rig = new_rig()
    rig.watch_channel()
    rig.tick()
    request(rig)
    follow(rig, DAY, every=5 * MINUTE)
    assert units(rig) <= 8
    rig.publish(*before_noon(120, step_seconds=HOUR))
    follow(rig, HOUR)
    assert len(rig.known()) == 120
    assert not is_wanted(rig)


def test_a_keyword_has_no_backfill(rig: Rig) -> None:
    rig.watch("title")
    with pytest.raises(InvalidValueError):
        request(rig)


def test_new_videos_do_not_wait_for_a_backfill(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(5_000, step_seconds=HOUR))
    rig.watch_channel()
    request(rig)
    burst = uploaded(rig, 6_000, 60)
    rig.publish(*burst)
    follow(rig, 50 * 60, every=30)
    assert set(ids_of(burst)) <= set(rig.known())


@pytest.mark.parametrize("while_it_asks", ["youtube", "feeds"])
def test_a_backfill_asked_for_during_a_poll_that_fails_is_not_forgotten(
    new_rig: NewRig, while_it_asks: str
) -> None:
    rig = new_rig(OLD)
    rig.watch_channel()
    rig.tick()
    rig.clock.move(DAY)
    rig.fault("500", method="playlistItems" if while_it_asks == "youtube" else "", times=3)
    (claim,) = rig.services.ingest.tick()
    wire = rig.feeds.wire if while_it_asks == "feeds" else rig.youtube.wire
    wire.before_each = lambda _: request(rig)
    rig.services.ingest.run(claim)
    wire.before_each = lambda _: None
    assert is_wanted(rig)
    follow(rig, HOUR)
    assert len(rig.known()) == len(OLD)
