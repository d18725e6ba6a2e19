"""What /coverage can say of a watch, after real polls of a simulated YouTube."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.coverage import Delay, WatchCoverage, delay_of
from app.domain.errors import NotFoundError
from app.domain.ranges import Pending, RangeReason, Reading, Stretch, floor_second
from app.domain.timelines import Known
from tests.unit.ingest.rig import Rig, before_noon
from tests.unit.simulator.worlds import NOON, video

NewRig = Callable[..., Rig]

BACKFILL = timedelta(seconds=600)
LOOKBACK = timedelta(seconds=3600)
SCARCE = 2000
"""Calls a day that are too few for a poll at every tick: third readings wait."""


def _small(new_rig: NewRig, *arguments: object, **values: object) -> Rig:
    return new_rig(*arguments, backfill_seconds=600, **values)


def _told(rig: Rig, watch_id: int = 1) -> WatchCoverage:
    return rig.services.coverage.get(watch_id)


def _reasons(rig: Rig) -> list[tuple[RangeReason, Reading]]:
    return [(gap.reason, gap.reading) for gap in _told(rig).open]


def test_before_its_first_poll_nothing_of_a_watch_is_read_or_open(new_rig: NewRig) -> None:
    rig = _small(new_rig)
    rig.watch()
    told = _told(rig)
    assert told.watch.read_until == told.complete_until == NOON - BACKFILL
    assert told.open == ()
    assert told.delay == Delay(0, None, None)


def test_after_one_reading_all_is_read_and_nothing_complete(new_rig: NewRig) -> None:
    rig = _small(new_rig, before_noon(3))
    rig.watch()
    rig.tick()
    told = _told(rig)
    assert told.watch.read_until == rig.clock()
    assert told.complete_until == NOON - BACKFILL
    assert told.open == ()


def test_a_second_reading_that_is_due_is_open_until_it_is_made(new_rig: NewRig) -> None:
    rig = _small(new_rig, before_noon(3), youtube_search_calls_per_day=SCARCE)
    rig.watch()
    rig.tick()
    rig.clock.move(2 * LOOKBACK.total_seconds())
    [gap] = _told(rig).open
    assert (gap.reason, gap.reading) == (RangeReason.AGAIN, Reading.SECOND)
    assert gap.stretch == Stretch(NOON - BACKFILL, NOON)
    assert gap.due_at is not None
    assert NOON + LOOKBACK <= gap.due_at <= rig.clock()
    rig.tick()
    told = _told(rig)
    assert told.open == ()
    assert told.complete_until == NOON
    rig.clock.move(30 * 86_400)  # what was read twice is done: a third reading is a bonus
    [gap] = _told(rig).open
    assert (gap.reading, gap.stretch.starts_at) == (Reading.SECOND, NOON)


def test_what_no_call_was_left_for_is_open_for_want_of_budget(new_rig: NewRig) -> None:
    rig = _small(new_rig, before_noon(130), youtube_search_calls_per_day=1)
    rig.watch()
    rig.tick()
    rig.tick()
    told = _told(rig)
    [gap] = told.open
    assert (gap.reason, gap.reading) == (RangeReason.BUDGET, Reading.FIRST)
    oldest_listed = NOON - timedelta(seconds=49)
    assert gap.stretch == Stretch(NOON - BACKFILL, oldest_listed)
    assert gap.due_at is not None
    assert gap.due_at <= rig.clock()
    assert told.watch.read_until == NOON
    assert told.complete_until == NOON - BACKFILL


def test_what_failed_is_open_with_its_error(new_rig: NewRig) -> None:
    rig = _small(new_rig, before_noon(3))
    rig.watch()
    rig.fault("backend_error", method="search")
    rig.tick()
    assert _reasons(rig) == [(RangeReason.ERROR, Reading.FIRST)]


def test_a_second_that_no_call_can_list_whole_stays_open_without_a_date(new_rig: NewRig) -> None:
    rig = _small(new_rig, [video(n, -60) for n in range(1, 561)])
    rig.watch()
    rig.tick()
    [gap] = _told(rig).open
    second = NOON - timedelta(seconds=60)
    assert (gap.reason, gap.due_at) == (RangeReason.CAP, None)
    assert gap.stretch == Stretch(second, second)


def test_delay_tells_of_videos_that_were_not_there_at_an_earlier_reading(new_rig: NewRig) -> None:
    on_time = [video(n, 20 * n - 1) for n in range(1, 10)]
    late_by = {11: 65, 12: 115, 13: 215, 14: 285}
    late = [
        video(n, 5, added_at=NOON + timedelta(seconds=5 + seconds))
        for n, seconds in late_by.items()
    ]
    rig = _small(new_rig, [*on_time, *late])
    rig.watch()
    rig.run_for(300)
    assert _told(rig).delay == Delay(4, 115, 285)
    rig.clock.move(31 * 86_400)
    assert _told(rig).delay == Delay(0, None, None)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_half_are_no_later_than_the_median_and_one_in_twenty_later_than_p95(
    seconds: list[int],
) -> None:
    delay = delay_of(seconds)
    assert delay.samples == len(seconds)
    for quantile, share in ((delay.median_seconds, 0.5), (delay.p95_seconds, 0.95)):
        assert quantile is not None
        assert quantile in seconds
        assert sum(it <= quantile for it in seconds) >= share * len(seconds)
        assert sum(it < quantile for it in seconds) < share * len(seconds)


def test_watches_come_in_pages_each_with_its_own_gaps(new_rig: NewRig) -> None:
    rig = _small(new_rig)
    watches = [rig.watch(f"term {n}") for n in range(5)]
    stretch = Stretch(NOON - BACKFILL, floor_second(NOON))
    gap = Pending(stretch, Reading.FIRST, RangeReason.BUDGET, NOON)
    rig.services.store.write(lambda t: t.ranges.replace(watches[2].watch_id, [gap]))
    page = rig.services.coverage.page(2, 2)
    assert [told.watch.term for told in page.items] == ["term 2", "term 3"]
    assert [told.open for told in page.items] == [(gap,), ()]
    assert page.total == 5
    assert [it.watch.term for it in rig.services.coverage.page(3, 2).items] == ["term 4"]
    assert rig.services.coverage.page(4, 2).items == ()
    assert rig.services.coverage.page(10**6, 100).total == 5


def test_a_watch_that_is_not_there_has_no_coverage(rig: Rig) -> None:
    with pytest.raises(NotFoundError):
        rig.services.coverage.get(7)


def test_complete_until_never_goes_back_and_never_beyond_what_was_read_twice(
    new_rig: NewRig,
) -> None:
    rig = _small(new_rig, before_noon(40, step_seconds=11), youtube_search_calls_per_day=SCARCE)
    rig.watch()
    before = datetime.min.replace(tzinfo=NOON.tzinfo)
    for _ in range(40):
        rig.clock.move(300)
        rig.tick()
        told = _told(rig)
        assert before <= told.complete_until <= told.watch.read_until
        assert told.complete_until <= max(rig.clock() - LOOKBACK, NOON - BACKFILL)
        before = told.complete_until
    assert before > NOON


def test_a_timeline_goes_from_before_the_watch_to_what_was_read_once(new_rig: NewRig) -> None:
    rig = _small(new_rig, before_noon(3), youtube_search_calls_per_day=SCARCE)
    rig.watch()
    [new] = rig.services.coverage.timeline(1).items
    assert [it.known for it in new.segments] == [Known.BEFORE, Known.AHEAD]
    rig.tick()
    rig.clock.move(60)
    told = rig.services.coverage.timeline(1)
    [read] = told.items
    assert [it.known for it in read.segments] == [Known.BEFORE, Known.ONCE, Known.AHEAD]
    assert read.segments[1].starts_at == NOON - BACKFILL == read.complete_until
    assert (told.window.ends_at, told.total) == (rig.clock(), 1)
    rig.clock.move(2 * LOOKBACK.total_seconds())
    assert Known.DUE in {it.known for it in rig.services.coverage.timeline(1).items[0].segments}
    rig.tick()
    [after] = rig.services.coverage.timeline(1).items
    assert [it.known for it in after.segments][:2] == [Known.BEFORE, Known.COMPLETE]


def test_timelines_come_in_pages_and_only_of_watches_that_are_there(new_rig: NewRig) -> None:
    rig = _small(new_rig)
    for n in range(3):
        rig.watch(f"term {n}")
    page = rig.services.coverage.timelines(2, 2)
    assert ([it.watch.term for it in page.items], page.total) == (["term 2"], 3)
    assert rig.services.coverage.timelines(10**6, 20).items == ()
    with pytest.raises(NotFoundError):
        rig.services.coverage.timeline(7)
