"""Which listings a poll asks for: the newest first, nothing starves, and no page is wasted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.ranges import Pending, RangeReason, Reading, Stretch, union
from app.ingest.listings import PATIENCE, REACH, Appetite, Listing, listings_to_read, pages

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
LOOKBACK = timedelta(seconds=60)
FAST = Appetite(lookback=LOOKBACK, rate=2.0, plenty=False, spare=False, begins_at=START)
SLOW = replace(FAST, rate=0.1)
"""A page shows 20 seconds of the fast watch and 400 of the slow one."""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stretch(first: float, last: float) -> Stretch:
    return Stretch(at(first), at(last))


def pending(first: float, last: float, reading: int = 1, due: float = 0) -> Pending:
    return Pending(stretch(first, last), Reading(reading), RangeReason.NEW, at(due))


def wanted(items: Sequence[Pending], appetite: Appetite, now: float = 2000) -> list[Stretch]:
    return [listing.wanted for listing in listings_to_read(items, appetite, now=at(now))]


def test_the_newest_comes_first_then_the_oldest_that_nobody_has_read() -> None:
    items = [pending(1000, 1010), pending(500, 510), pending(0, 10)]
    assert wanted(items, FAST) == [stretch(1000, 1010), stretch(0, 10), stretch(500, 510)]


def test_second_readings_give_way_to_the_unread_for_a_day_and_no_longer() -> None:
    newest, unread = pending(200_000, 200_010), pending(100_000, 100_010)
    young, old = pending(50_000, 50_030, 2, due=199_000), pending(0, 30, 2, due=199_000)
    order = wanted([newest, unread, young, old], FAST, now=200_010)
    assert order == [newest.stretch, old.stretch, unread.stretch, young.stretch]


def test_the_newest_listing_shows_for_nothing_what_its_page_holds_below() -> None:
    begun_long_ago = replace(SLOW, begins_at=START - 2 * REACH)
    (newest,) = listings_to_read([pending(990, 1000)], begun_long_ago, now=at(1000))
    assert newest == Listing(Stretch(at(1000) - REACH, at(1000)), stretch(990, 1000))


def test_nothing_is_read_from_before_the_watch_began() -> None:
    for appetite in (SLOW, replace(SLOW, plenty=True)):
        for listing in listings_to_read([pending(50, 60)], appetite, now=at(60)):
            assert listing.stretch.starts_at >= START


def test_second_readings_that_the_page_will_show_take_no_listing_of_their_own() -> None:
    items = [pending(1000, 1010), pending(900, 940, 2, due=1990)]
    assert wanted(items, SLOW) == [stretch(1000, 1010)]


def test_second_readings_beyond_the_page_wait_until_they_fill_one() -> None:
    newest = pending(1000, 1010)
    few, enough = pending(900, 910, 2, due=1990), pending(900, 925, 2, due=1990)
    assert wanted([newest, few], FAST) == [newest.stretch]
    assert wanted([newest, enough], FAST) == [newest.stretch, enough.stretch]


def test_second_readings_that_never_fill_a_page_wait_for_a_day_at_most() -> None:
    late = 1990 + PATIENCE.total_seconds()
    newest, few = pending(late - 10, late), pending(900, 910, 2, due=1990)
    assert wanted([newest, few], FAST, now=late - 1) == [newest.stretch]
    assert wanted([newest, few], FAST, now=late) == [newest.stretch, few.stretch]


def test_with_spare_calls_whatever_is_due_is_read_and_later_readings_last() -> None:
    spare = replace(FAST, spare=True)
    items = [pending(1000, 1010), pending(900, 910, 2), pending(700, 710, 3)]
    assert wanted(items, spare) == [item.stretch for item in items]
    assert wanted(items, FAST) == [stretch(1000, 1010)]


def test_second_readings_side_by_side_share_a_page() -> None:
    items = [pending(100, 110, 2), pending(114, 119, 2), pending(300, 310, 2)]
    spare = replace(FAST, spare=True)
    assert wanted([pending(1000, 1010), *items], spare)[1:] == [
        stretch(100, 119),
        stretch(300, 310),
    ]


def test_with_plenty_of_calls_the_whole_lookback_is_read_each_time_after_all_else() -> None:
    rich = replace(FAST, plenty=True, spare=True)
    items = [pending(990, 1000), pending(100, 200)]
    assert wanted(items, rich, now=1000) == [
        stretch(990, 1000),
        stretch(100, 200),
        stretch(940, 1000),
    ]
    slow = replace(SLOW, plenty=True, spare=True)
    (only,) = listings_to_read([pending(990, 1000)], slow, now=at(1000))
    assert only.stretch.starts_at <= at(940)


def test_a_listing_goes_on_only_while_something_wanted_is_left() -> None:
    listing = Listing(stretch(0, 100), stretch(60, 100))
    assert listing.after(stretch(0, 80)) == Listing(stretch(0, 80), stretch(60, 80))
    assert listing.after(stretch(0, 60)) == Listing(stretch(0, 60), stretch(60, 60))
    assert listing.after(stretch(0, 59)) is None
    assert listing.after(None) is None


stretches = st.tuples(st.integers(0, 2000), st.integers(0, 200)).map(
    lambda ends: stretch(ends[0], ends[0] + ends[1])
)
pendings = st.builds(
    Pending,
    stretches,
    st.sampled_from(Reading),
    st.just(RangeReason.NEW),
    st.integers(0, 3000).map(at),
)
appetites = st.builds(
    Appetite,
    lookback=st.just(LOOKBACK),
    rate=st.floats(0, 10),
    plenty=st.booleans(),
    spare=st.booleans(),
    begins_at=st.just(START),
)


@given(st.lists(pendings, max_size=8), appetites)
def test_whatever_nobody_has_read_is_wanted_whole(items: list[Pending], appetite: Appetite) -> None:
    due = [p for p in items if p.due_at is not None and p.due_at <= at(2500)]
    asked = union(wanted(items, appetite, now=2500))
    for item in due:
        if item.reading is Reading.FIRST:
            assert any(item.stretch.overlap(one) == item.stretch for one in asked)


@given(st.lists(pendings, max_size=8), appetites)
def test_with_spare_calls_every_second_reading_is_shown_or_wanted(
    items: list[Pending], appetite: Appetite
) -> None:
    spare = replace(appetite, spare=True)
    shown = union(one.stretch for one in listings_to_read(items, spare, now=at(2500)))
    for item in items:
        if item.due_at is not None and item.due_at <= at(2500):
            assert any(item.stretch.overlap(one) == item.stretch for one in shown)


@given(st.lists(stretches, min_size=1), st.floats(0, 10))
def test_a_stretch_takes_a_page_for_every_fifty_videos(parts: list[Stretch], rate: float) -> None:
    assert pages(parts, rate) >= max(len(parts), sum(part.seconds for part in parts) * rate / 50)
