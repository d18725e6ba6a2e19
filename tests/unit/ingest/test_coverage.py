"""Coverage is held against the plainest model there is: for each second, when it was read."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.domain.ranges import SECOND, Pending, RangeReason, Reading, Stretch, union
from app.ingest.coverage import (
    after_cap,
    after_page,
    after_reading,
    because,
    coalesced,
    complete_until,
    is_garbage,
    is_late,
    take_in_hand,
)
from app.ingest.listings import Appetite, listings_to_read
from tests.unit.ingest.rig import listing, told

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
LOOKBACK = timedelta(seconds=60)
DAY = timedelta(days=1)
POOR = Appetite(lookback=LOOKBACK, rate=1.0, plenty=False, spare=False, begins_at=START)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stretch(first: float, last: float) -> Stretch:
    return Stretch(at(first), at(last))


def pending(
    first: float, last: float, reading: int = 1, due: float = -1e6, reason: str = "new"
) -> Pending:
    return Pending(stretch(first, last), Reading(reading), RangeReason(reason), at(due))


def read(items: Sequence[Pending], first: float, last: float, now: float) -> list[Pending]:
    return after_reading(
        items, stretch(first, last), started_at=at(now), now=at(now), lookback=LOOKBACK
    )


def wanted_now(items: Sequence[Pending], appetite: Appetite, now: datetime) -> list[Stretch]:
    return [listing.wanted for listing in listings_to_read(items, appetite, now=now)]


def seconds_of(items: Sequence[Pending], *readings: int) -> set[datetime]:
    return {
        item.stretch.starts_at + n * SECOND
        for item in items
        if item.reading in readings
        for n in range(item.stretch.seconds)
    }


def test_a_new_stretch_is_read_once_then_again_a_lookback_later_and_then_complete() -> None:
    items = take_in_hand([], read_until=at(0), now=at(100))
    assert wanted_now(items, POOR, at(100)) == [stretch(0, 100)]
    assert complete_until(items, at(100)) == at(0)

    items = read(items, 0, 100, now=100)
    assert wanted_now(items, POOR, at(130)) == []
    assert complete_until(items, at(100)) == at(0)

    assert wanted_now(items, POOR, at(170)) == [stretch(0, 100)]
    items = read(items, 0, 100, now=170)
    assert complete_until(items, at(100)) == at(100)


def test_spare_calls_read_a_third_time_after_a_day_and_a_fourth_after_a_week() -> None:
    items = read(read([pending(0, 9)], 0, 9, now=10), 0, 9, now=100)
    spare = replace(POOR, spare=True)
    assert wanted_now(items, spare, at(100) + DAY - timedelta(minutes=1)) == []
    third_at = at(100) + DAY + timedelta(hours=3)
    assert wanted_now(items, POOR, third_at) == []
    assert wanted_now(items, spare, third_at) == [stretch(0, 9)]
    items = after_reading(
        items, stretch(0, 9), started_at=third_at, now=third_at, lookback=LOOKBACK
    )
    fourth_at = third_at + 7 * DAY
    assert wanted_now(items, spare, fourth_at) == [stretch(0, 9)]
    items = after_reading(
        items, stretch(0, 9), started_at=fourth_at, now=fourth_at, lookback=LOOKBACK
    )
    assert items == []


def test_a_part_that_was_read_leaves_the_rest_open() -> None:
    items = read([pending(0, 100)], 60, 100, now=101)
    assert seconds_of(items, 1) == {at(n) for n in range(60)}
    assert seconds_of(items, 2) == {at(n) for n in range(60, 101)}


def test_reading_too_early_does_not_count_as_the_second_reading() -> None:
    items = read([pending(0, 100)], 0, 100, now=101)
    assert read(items, 0, 100, now=110) == items


def test_a_second_at_the_cap_is_shown_but_neither_read_again_nor_in_the_way() -> None:
    items = after_cap(read([pending(0, 10)], 10, 10, now=11), at(10))
    capped = [item for item in items if item.reason is RangeReason.CAP]
    assert [(item.stretch, item.due_at) for item in capped] == [(stretch(10, 10), None)]
    items = read(items, 0, 9, now=11)
    assert wanted_now(items, POOR, at(11)) == []
    done = read(items, 0, 10, now=200)
    assert complete_until(done, at(10)) == at(10)


def test_a_clock_that_was_ahead_leaves_nothing_read_beyond_now() -> None:
    ahead = read(take_in_hand([], read_until=at(0), now=at(1000)), 0, 1000, now=1000)
    items = take_in_hand(ahead, read_until=at(1000), now=at(500))
    assert all(item.stretch.ends_at <= at(500) for item in items)
    later = take_in_hand(items, read_until=at(500), now=at(1000))
    assert {at(n) for n in range(501, 1001)} <= seconds_of(later, 1)


def test_what_was_due_and_not_read_says_why() -> None:
    items = because([pending(0, 10), pending(20, 30, 2)], RangeReason.BUDGET, now=at(100))
    assert {(item.reading, item.reason) for item in items} == {
        (Reading.FIRST, RangeReason.BUDGET),
        (Reading.SECOND, RangeReason.NEW),
    }


def test_a_video_is_late_only_where_its_second_was_read_before() -> None:
    unread = [pending(50, 60)]
    assert is_late(unread, at(10), read_until=at(100))
    assert not is_late(unread, at(55), read_until=at(100))
    assert not is_late(unread, at(100), read_until=at(100))


def test_many_polls_leave_few_rows() -> None:
    items: list[Pending] = []
    for n in range(0, 36_000, 10):
        items = take_in_hand(items, read_until=at(n - 10), now=at(n))
        for wanted in wanted_now(items, POOR, at(n)):
            items = after_reading(items, wanted, started_at=at(n), now=at(n), lookback=LOOKBACK)
    assert len(items) < 40


stretches = st.tuples(st.integers(0, 200), st.integers(0, 200)).map(
    lambda ends: stretch(min(ends), max(ends))
)


@given(st.lists(stretches, max_size=8))
def test_a_union_holds_the_same_seconds_in_stretches_apart_from_each_other(
    parts: list[Stretch],
) -> None:
    joined = union(parts)
    assert _all_seconds(joined) == _all_seconds(parts)
    assert all(newer.starts_at > older.ends_at + SECOND for newer, older in pairwise(joined))


@given(stretches, stretches)
def test_overlap_and_rest_are_the_whole(one: Stretch, other: Stretch) -> None:
    overlap = one.overlap(other)
    parts = [*one.without(other), *([overlap] if overlap else [])]
    assert sum(part.seconds for part in parts) == one.seconds
    assert _all_seconds(parts) == _all_seconds([one])


@given(stretches, st.lists(st.integers(0, 200), min_size=1, max_size=5))
def test_an_orderly_page_narrows_a_stretch_to_its_last_second(
    one: Stretch, offsets: list[int]
) -> None:
    videos = [told(f"video{n:06d}", n) for n in sorted(offsets, reverse=True)]
    left = after_page(one, listing(*videos))
    assert left.starts_at == one.starts_at
    assert left.ends_at <= one.ends_at
    assert left.holds(max(one.starts_at, min(one.ends_at, videos[-1].published_at)))


@given(stretches, st.integers(0, 200))
def test_a_disorderly_page_leaves_everything_to_read(one: Stretch, offset: int) -> None:
    assert after_page(one, listing(told("video000001", offset), ordered=False)) == one
    assert after_page(one, listing()) == one


def test_a_page_of_which_most_cannot_be_read_is_garbage_but_one_odd_item_is_not() -> None:
    assert is_garbage(listing(listed=50, rejected=("no publish time",) * 26))
    assert not is_garbage(listing(listed=50, rejected=("no publish time",) * 25))
    assert not is_garbage(listing(listed=1, rejected=("no video id",)))


def _all_seconds(parts: Sequence[Stretch]) -> set[datetime]:
    return {part.starts_at + n * SECOND for part in parts for n in range(part.seconds)}


@dataclass
class Second:
    """What truly happened to a second: the poll starts at which it was read."""

    read_at: list[datetime] = field(default_factory=list)


class CoverageMachine(RuleBasedStateMachine):
    """Polls that stop anywhere, crash, run out of budget or meet a clock that jumps."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.read_until = START - timedelta(seconds=30)
        self.first = self.read_until
        self.items: list[Pending] = []
        self.truth: dict[datetime, Second] = {}

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(
        stop_after=st.integers(0, 6),
        steps=st.lists(st.integers(1, 40), min_size=6, max_size=6),
        plenty=st.booleans(),
    )
    def poll(self, stop_after: int, steps: list[int], *, plenty: bool) -> None:
        """A poll that reads a few pages, newest first, and may stop before the end."""
        started_at = self.now
        self.items = take_in_hand(self.items, read_until=self.read_until, now=started_at)
        self.read_until = started_at
        appetite = replace(POOR, plenty=plenty, spare=plenty, begins_at=self.first)
        for asked in listings_to_read(self.items, appetite, now=started_at):
            wanted = asked.stretch
            last = wanted.ends_at
            for step in steps:
                if stop_after == 0:
                    return
                stop_after -= 1
                boundary = max(wanted.starts_at, last - timedelta(seconds=step))
                at_end = boundary == wanted.starts_at
                done = Stretch(boundary if at_end else boundary + SECOND, wanted.ends_at)
                self._commit(done, started_at)
                last = boundary
                if at_end:
                    break

    def _commit(self, done: Stretch, started_at: datetime) -> None:
        self.items = after_reading(
            self.items, done, started_at=started_at, now=self.now, lookback=LOOKBACK
        )
        for second in _all_seconds([done]):
            reads = self.truth.setdefault(second, Second()).read_at
            if started_at not in reads:
                reads.append(started_at)

    @invariant()
    def what_is_complete_was_read_twice_a_lookback_apart(self) -> None:
        end = complete_until(self.items, self.read_until)
        for n in range(int((end - self.first).total_seconds())):
            reads = self.truth[self.first + n * SECOND].read_at
            assert len(reads) >= 2
            assert max(reads) - min(reads) >= LOOKBACK

    @invariant()
    def nothing_is_forgotten(self) -> None:
        """Every second up to read_until was read or is still to be read for the first time."""
        unread = seconds_of(self.items, 1)
        for n in range(int((self.read_until - self.first).total_seconds())):
            second = self.first + n * SECOND
            assert second in unread or self.truth[second].read_at

    @invariant()
    def nothing_is_read_beyond_the_poll(self) -> None:
        assert all(item.stretch.ends_at <= self.read_until for item in self.items)

    @precondition(lambda self: self.items)
    @rule()
    def joining_changes_nothing(self) -> None:
        assert coalesced(self.items) == self.items


CoverageMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=25)
TestCoverage = CoverageMachine.TestCase
