"""Counts for charts and lists on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.coverage import Delay
from app.domain.errors import InvalidValueError, NotFoundError
from app.domain.intake import Finding
from app.domain.statistics import Grain
from app.domain.videos import Source
from app.feed.statistics import Statistics
from tests.contract.store.tellings import NOW, add_watch, record, video

if TYPE_CHECKING:
    from app.domain.videos import Video
    from app.store.store import Store

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(hours_ago: int) -> datetime:
    return NOW - hours_ago * HOUR


def stored(store: Store) -> tuple[int, int, int]:
    """Two watches with videos of now, an hour ago, yesterday and long ago, and an idle one."""
    one, other, idle = (add_watch(store, term).watch_id for term in ("one", "other", "idle"))
    videos = [replace(video(n), published_at=at(h)) for n, h in enumerate([0, 1, 1, 24, 2_000])]
    record(store, videos, one)
    record(store, videos[:2], other)
    record(store, [video(9)])
    return one, other, idle


def found_late(store: Store, videos: list[Video], watch_id: int, now: datetime) -> None:
    findings = [Finding(item, Source.SEARCH, watch_id, late=True) for item in videos]
    store.write(lambda transaction: transaction.record(findings, now))


def statistics(store: Store) -> Statistics:
    return Statistics(store, lambda: NOW + timedelta(minutes=30))


def test_hours_are_counted_from_the_first_to_the_last_with_zeros(store: Store) -> None:
    one, other, _ = stored(store)
    counts = statistics(store).counts(Grain.HOUR, at(3), None, None)
    assert list(counts.query.starts()) == [at(3), at(2), at(1), at(0)]
    assert counts.videos == (0, 0, 2, 2)
    assert counts.by_watch == ((one, 3), (other, 2))
    of_one = statistics(store).counts(Grain.HOUR, at(3), at(1) + timedelta(minutes=59), one)
    assert (of_one.videos, of_one.by_watch) == ((0, 0, 2), ())


def test_days_are_counted_by_their_date_in_utc(store: Store) -> None:
    one, other, _ = stored(store)
    counts = statistics(store).counts(Grain.DAY, NOW - DAY, None, None)
    midnight = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC)
    assert list(counts.query.starts()) == [midnight - DAY, midnight]
    assert counts.videos == (1, 4)
    assert counts.by_watch == ((one, 4), (other, 2))


def test_without_ends_it_is_two_days_of_hours_or_thirty_days(store: Store) -> None:
    stored(store)
    hours = statistics(store).counts(Grain.HOUR, None, None, None)
    assert (len(hours.videos), sum(hours.videos)) == (48, 5)
    days = statistics(store).counts(Grain.DAY, None, None, None)
    assert (len(days.videos), sum(days.videos)) == (30, 5)


def test_a_removed_watch_is_counted_no_more(store: Store) -> None:
    one, other, _ = stored(store)
    store.write(lambda t: t.watches.remove(one))
    counts = statistics(store).counts(Grain.DAY, None, None, None)
    assert counts.by_watch == ((other, 2),)
    with pytest.raises(NotFoundError):
        statistics(store).counts(Grain.DAY, None, None, one)


def test_totals_are_of_the_watches_asked_for(store: Store) -> None:
    one, other, idle = stored(store)
    totals = store.read(lambda t: t.statistics.totals([one, idle]))
    assert totals == {one: 5, idle: 0}
    assert store.read(lambda t: t.statistics.totals([])) == {}
    assert store.read(lambda t: t.statistics.totals([other])) == {other: 2}


@pytest.mark.parametrize(
    ("grain", "after", "before"),
    [
        (Grain.HOUR, NOW, NOW - HOUR),
        (Grain.HOUR, NOW - 744 * HOUR, NOW),
        (Grain.DAY, NOW - 3_653 * DAY, NOW),
        (Grain.DAY, None, datetime(1, 1, 2, tzinfo=UTC)),
    ],
)
def test_a_time_that_cannot_be_told_is_refused(
    sqlite_store: Store, grain: Grain, after: datetime | None, before: datetime
) -> None:
    with pytest.raises(InvalidValueError):
        statistics(sqlite_store).counts(grain, after, before, None)


def test_the_longest_time_and_the_last_hour_there_is_are_told(sqlite_store: Store) -> None:
    longest = statistics(sqlite_store).counts(Grain.HOUR, NOW - 743 * HOUR, NOW, None)
    assert len(longest.videos) == 744
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert statistics(sqlite_store).counts(Grain.HOUR, last, None, None).videos == (0,)


def test_delays_are_told_by_the_day_of_publishing_of_one_watch_or_all(store: Store) -> None:
    one, other = (add_watch(store, term).watch_id for term in ("one", "other"))
    for watch, late, hours in ((one, 60, 0), (one, 90, 1), (other, 600, 2), (other, 30, 24)):
        item = replace(video(100 * watch + hours), published_at=at(hours))
        found_late(store, [item], watch, at(hours) + timedelta(seconds=late))
    record(store, [replace(video(9), published_at=at(3))], one)  # was there at the first reading
    told = statistics(store).delays(None)
    assert len(told) == 14
    assert [it.day_at for it in told[-2:]] == [
        Grain.DAY.floor(NOW) - DAY,
        Grain.DAY.floor(NOW),
    ]
    assert [it.delay for it in told[-3:]] == [
        Delay(0, None, None),
        Delay(1, 30, 30),
        Delay(3, 90, 600),
    ]
    assert [it.delay for it in statistics(store).delays(one)[-2:]] == [
        Delay(0, None, None),
        Delay(2, 60, 90),
    ]
    with pytest.raises(NotFoundError):
        statistics(store).delays(10**6)


@pytest.mark.parametrize("of_all", [True, False])
def test_a_days_delay_is_told_by_so_many_of_its_newest_videos(
    store: Store, *, of_all: bool
) -> None:
    watch_id = add_watch(store, "one").watch_id
    found_late(store, [replace(video(n), published_at=at(n)) for n in range(6)], watch_id, NOW)
    of = None if of_all else watch_id
    newest = store.read(lambda t: t.statistics.list_delays(at(9), at(0), of, 3))
    assert sorted(newest) == [3_600, 7_200, 10_800], "the end of a stretch is not in it"
