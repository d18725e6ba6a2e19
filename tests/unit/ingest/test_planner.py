from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.ranges import OpenRange, RangeReason, Stretch, union
from app.domain.watches import Watch, WatchKind
from app.ingest import planner
from app.ingest.planner import Pace
from tests.unit.ingest.rig import listing, told
from tests.unit.simulator.worlds import NOON

SECOND = timedelta(seconds=1)
MINUTES = timedelta(minutes=10)
WATCH = Watch(
    watch_id=1,
    kind=WatchKind.KEYWORD,
    term="title",
    label="title",
    paused=False,
    created_at=NOON,
    next_due_at=NOON,
    read_until=NOON,
    feed_seq=0,
    last_success_at=None,
    last_error=None,
)

seconds = st.integers(0, 600)
instants = seconds.map(lambda n: NOON + n * SECOND)
stretches = st.tuples(instants, instants).map(lambda pair: Stretch(min(pair), max(pair)))
open_ranges = st.lists(stretches, max_size=5).map(
    lambda found: [OpenRange(n, stretch, RangeReason.NEW) for n, stretch in enumerate(found)]
)
paces = st.builds(
    Pace,
    interval=st.integers(1, 3600).map(lambda n: timedelta(seconds=n)),
    calls_left=st.integers(1, 10_000),
    resets_at=st.integers(1, 90_000).map(lambda n: NOON + n * SECOND),
    active_watches=st.integers(1, 1000),
)


def _seconds_of(found: Sequence[Stretch]) -> set[datetime]:
    return {
        stretch.starts_at + n * SECOND
        for stretch in found
        for n in range(int((stretch.ends_at - stretch.starts_at) / SECOND) + 1)
    }


def _to_read(
    read_until: datetime, opened: Sequence[OpenRange], now: datetime, lookback: timedelta
) -> list[Stretch]:
    watch = replace(WATCH, read_until=read_until)
    found = planner.stretches_to_read(watch, opened, now=now, lookback=lookback)
    return [stretch for stretch, _ in found]


@given(st.lists(stretches, max_size=6))
def test_a_union_holds_the_same_seconds_newest_first_without_overlap(found: list[Stretch]) -> None:
    joined = union(found)
    assert _seconds_of(joined) == _seconds_of(found)
    assert all(newer.starts_at > older.ends_at for newer, older in pairwise(joined))


@given(instants, open_ranges, instants.map(lambda at: at + MINUTES), seconds)
def test_a_poll_reads_what_is_open_and_new_and_the_look_back_and_nothing_beyond_now(
    read_until: datetime, opened: list[OpenRange], now: datetime, lookback: int
) -> None:
    found = _to_read(read_until, opened, now, lookback * SECOND)
    expected = [Stretch(read_until - lookback * SECOND, now), *(it.stretch for it in opened)]
    assert _seconds_of(found) == _seconds_of(expected)


@given(instants, open_ranges, instants)
def test_a_clock_set_back_reads_its_look_back_and_nothing_of_the_future(
    read_until: datetime, opened: list[OpenRange], now: datetime
) -> None:
    assume(read_until > now)
    found = _to_read(read_until, opened, now, MINUTES)
    assert found[0].ends_at == now
    assert found[0].starts_at <= now - MINUTES


@given(stretches, st.lists(seconds, min_size=1, max_size=5))
def test_an_orderly_page_narrows_a_stretch_to_its_last_second(
    stretch: Stretch, offsets: list[int]
) -> None:
    videos = [told(f"video{n:06d}", n) for n in sorted(offsets, reverse=True)]
    left = planner.after_page(stretch, listing(*videos))
    assert left.starts_at == stretch.starts_at
    assert left.ends_at <= stretch.ends_at
    assert left.holds(max(stretch.starts_at, min(stretch.ends_at, videos[-1].published_at)))


@given(stretches, seconds)
def test_a_disorderly_page_leaves_everything_to_read(stretch: Stretch, offset: int) -> None:
    page = listing(told("video000001", offset), ordered=False)
    assert planner.after_page(stretch, page) == stretch
    assert planner.after_page(stretch, listing()) == stretch


@given(stretches, instants)
def test_starting_again_after_a_cut_listing_makes_progress_and_loses_only_a_full_second(
    before: Stretch, last: datetime
) -> None:
    left = before.narrowed_to(last)
    again = planner.after_capped_listing(before, left)
    if left.ends_at < before.ends_at:
        assert again == left
    else:
        kept = set() if again is None else _seconds_of([again])
        assert kept == _seconds_of([before]) - {before.ends_at}


@given(paces)
def test_polls_at_their_pace_last_until_the_reset(pace: Pace) -> None:
    wait = planner.next_due_at(NOON, pace) - NOON
    assert wait > timedelta(0)
    assert wait + SECOND >= pace.interval
    polls = (pace.resets_at - NOON) / (wait + SECOND) * pace.active_watches
    assert polls <= pace.calls_left + pace.active_watches


@given(paces)
def test_without_calls_nothing_is_due_before_the_reset(pace: Pace) -> None:
    broke = replace(pace, calls_left=0)
    assert planner.next_due_at(NOON, broke) >= pace.resets_at


def test_with_calls_to_spare_a_watch_is_due_at_every_tick() -> None:
    pace = Pace(timedelta(seconds=10), 10**7, NOON + timedelta(days=1), 3)
    assert planner.next_due_at(NOON, pace) <= NOON + timedelta(seconds=10)


@given(paces)
def test_one_poll_never_takes_all_calls_of_a_day_from_the_others(pace: Pace) -> None:
    allowed = planner.calls_allowed(pace)
    assert allowed >= 1
    assert allowed == 1 or allowed * pace.active_watches * 10 <= pace.calls_left


def test_fractions_of_a_second_are_no_bound() -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=UTC)
    assert planner.floor_second(at) == NOON


def test_a_page_of_which_most_cannot_be_read_is_garbage_but_one_odd_item_is_not() -> None:
    assert planner.is_garbage(listing(listed=50, rejected=("no publish time",) * 26))
    assert not planner.is_garbage(listing(listed=50, rejected=("no publish time",) * 25))
    assert not planner.is_garbage(listing(listed=1, rejected=("no video id",)))
