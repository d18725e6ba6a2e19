"""What a timeline says of every instant is what the ranges say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ranges import SECOND, Pending, RangeReason, Reading, Stretch, floor_second
from app.domain.timelines import Known, Segment, Window, drawable, segments

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
WINDOW = Window(NOW - 60 * SECOND, NOW)
HALF = timedelta(milliseconds=500)
REASONS = [reason for reason in RangeReason if reason is not RangeReason.CAP]


def at(second: float) -> datetime:
    return WINDOW.starts_at + timedelta(seconds=second)


def pending(first: int, last: int, reading: Reading = Reading.FIRST, **more: object) -> Pending:
    reason = more.get("reason", RangeReason.AGAIN)
    due_at = more.get("due_at", NOW)
    assert isinstance(reason, RangeReason)
    assert due_at is None or isinstance(due_at, datetime)
    return Pending(Stretch(at(first), at(last)), reading, reason, due_at)


def told(*items: Pending, began: float = -9, read: float = 99) -> list[tuple[int, int, Known]]:
    shown = segments(items, WINDOW, began_at=at(began), read_until=at(read))
    return [
        (
            int((it.starts_at - at(0)).total_seconds()),
            int((it.ends_at - at(0)).total_seconds()),
            it.known,
        )
        for it in shown
    ]


def test_what_no_range_names_was_read_twice() -> None:
    assert told() == [(0, 60, Known.COMPLETE)]


def test_a_range_shows_in_both_of_its_seconds_and_all_between() -> None:
    assert told(pending(10, 19)) == [
        (0, 10, Known.COMPLETE),
        (10, 20, Known.OPEN),
        (20, 60, Known.COMPLETE),
    ]


@pytest.mark.parametrize(
    ("item", "known"),
    [
        (pending(0, 59), Known.OPEN),
        (pending(0, 59, reason=RangeReason.CAP, due_at=None), Known.CAPPED),
        (pending(0, 59, Reading.SECOND), Known.DUE),
        (pending(0, 59, Reading.SECOND, due_at=NOW + SECOND), Known.ONCE),
        (pending(0, 59, Reading.THIRD), Known.COMPLETE),
        (pending(0, 59, Reading.FOURTH), Known.COMPLETE),
    ],
)
def test_what_a_range_means_is_told(item: Pending, known: Known) -> None:
    assert told(item) == [(0, 60, known)]


def test_where_ranges_overlap_the_worst_counts() -> None:
    again = pending(0, 29, Reading.SECOND, due_at=NOW + SECOND)
    assert told(again, pending(20, 39)) == [
        (0, 20, Known.ONCE),
        (20, 40, Known.OPEN),
        (40, 60, Known.COMPLETE),
    ]


def test_a_new_watch_claims_nothing_of_the_time_before_it() -> None:
    assert told(began=50, read=50) == [(0, 50, Known.BEFORE), (50, 60, Known.AHEAD)]


def test_a_paused_watch_falls_behind() -> None:
    assert told(read=40) == [(0, 40, Known.COMPLETE), (40, 60, Known.AHEAD)]
    assert told(began=-900, read=-500) == [(0, 60, Known.AHEAD)]


def test_older_videos_that_are_wanted_are_open_though_the_watch_is_younger() -> None:
    wanted = pending(-900, 29, reason=RangeReason.BACKFILL)
    assert told(wanted, began=30) == [(0, 30, Known.OPEN), (30, 60, Known.COMPLETE)]


PENDING = st.builds(
    lambda first, length, reading, reason, due: Pending(
        Stretch(at(first), at(first + length)),
        Reading.FIRST if reason is RangeReason.CAP else reading,
        reason,
        None if reason is RangeReason.CAP else NOW + timedelta(seconds=due),
    ),
    st.integers(-20, 70),
    st.integers(0, 30),
    st.sampled_from(Reading),
    st.sampled_from(RangeReason),
    st.integers(-1, 1),
)


def expected(items: list[Pending], began: datetime, read: datetime, instant: datetime) -> Known:
    """What the ranges say of one instant, told without sweeping."""
    holding = [it for it in items if it.stretch.holds(instant)]
    capped = any(it.reason is RangeReason.CAP for it in holding)
    readings = {it.reading for it in holding if it.reason is not RangeReason.CAP}
    seconds = [it for it in holding if it.reading is Reading.SECOND]
    rules = [
        (Reading.FIRST in readings, Known.OPEN),
        (capped, Known.CAPPED),
        (any(it.due_at is not None and it.due_at <= NOW for it in seconds), Known.DUE),
        (bool(seconds), Known.ONCE),
        (instant >= floor_second(read), Known.AHEAD),
        (instant < began, Known.BEFORE),
    ]
    return next((known for holds, known in rules if holds), Known.COMPLETE)


@given(st.lists(PENDING, max_size=12), st.floats(-20, 80), st.floats(-20, 80))
def test_segments_tile_the_window_and_each_instant_has_what_its_ranges_say(
    items: list[Pending], began: float, read: float
) -> None:
    shown = segments(items, WINDOW, began_at=at(began), read_until=at(read))
    assert (shown[0].starts_at, shown[-1].ends_at) == (WINDOW.starts_at, WINDOW.ends_at)
    for before, after in pairwise(shown):
        assert before.ends_at == after.starts_at
        assert (before.known, before.reason) != (after.known, after.reason)
    instants = {at(n / 2) for n in range(120)} | {it.starts_at for it in shown}
    for instant in instants:
        [here] = [it for it in shown if it.starts_at <= instant < it.ends_at]
        assert here.known is expected(items, at(began), at(read), instant)
        if here.known is Known.OPEN:
            assert here.reason in {it.reason for it in items if it.stretch.holds(instant)}
        else:
            assert here.reason is None


@given(st.lists(PENDING, max_size=40), st.integers(1, 20))
def test_what_is_drawn_tiles_the_window_is_bounded_and_hides_nothing_bad(
    items: list[Pending], least: int
) -> None:
    whole = segments(items, WINDOW, began_at=at(-9), read_until=at(99))
    drawn = drawable(whole, least * SECOND)
    assert (drawn[0].starts_at, drawn[-1].ends_at) == (WINDOW.starts_at, WINDOW.ends_at)
    assert all(before.ends_at == after.starts_at for before, after in pairwise(drawn))
    assert sum(it.parts for it in drawn) == len(whole)
    assert len(drawn) <= 2 * (60 // least) + 1
    for it in drawn:
        held = [w for w in whole if it.starts_at <= w.starts_at and w.ends_at <= it.ends_at]
        assert (len(held), min(w.known for w in held)) == (it.parts, it.known)


def test_hundreds_of_open_ranges_are_swept_in_no_time_and_drawn_as_few() -> None:
    window = Window(NOW - timedelta(days=7), NOW)
    items = [
        Pending(
            Stretch(NOW - timedelta(minutes=10 * n), NOW - timedelta(minutes=10 * n - 1)),
            Reading.FIRST,
            RangeReason.BUDGET,
            NOW,
        )
        for n in range(1, 900)
    ]
    whole = segments(items, window, began_at=window.starts_at, read_until=NOW)
    assert len(whole) > 1_700
    drawn = drawable(whole, timedelta(hours=1))
    assert len(drawn) < 200
    assert {it.known for it in drawn[1:]} == {Known.OPEN}
    assert drawn[-1] == Segment(
        drawn[-1].starts_at, NOW, Known.OPEN, RangeReason.BUDGET, drawn[-1].parts
    )
