from datetime import timedelta

import pytest

from app.domain.channels import DAWN, ChannelState, Walk
from app.domain.ranges import SECOND, Pending, RangeReason, Reading, Stretch
from app.domain.videos import Detail, Video
from app.ingest import channel_coverage
from app.ingest.channel_coverage import after_feed, after_uploads, reached_by, shown_by_feed
from app.ingest.channel_plan import (
    CHECK_EVERY,
    FEED_EVERY,
    FEED_EVERY_WITH_PUSH,
    Means,
    feed_due_at,
    is_unfinished,
    uploads_due_at,
)
from app.sources.base import ChannelFeed, UploadsPage
from tests.unit.ingest.rig import told
from tests.unit.simulator.worlds import NOON

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
STATE = ChannelState("UU" + "a" * 22)
PLENTY = Means(channels=50, units_left=10_000, units_limit=10_000)


def videos(count: int) -> tuple[Video, ...]:
    """One an hour, the newest an hour before noon."""
    return tuple(told(f"video{n:06d}", -n * 3_600, Detail.FEED) for n in range(1, count + 1))


def feed(count: int, **fields: object) -> ChannelFeed:
    usual: dict[str, object] = {"listed": count, "ordered": True}
    return ChannelFeed(videos(count), **{**usual, **fields})  # type: ignore[arg-type]  # any field


def first(starts: timedelta, ends: timedelta, reason: RangeReason = RangeReason.NEW) -> Pending:
    return Pending(Stretch(NOON + starts, NOON + ends), Reading.FIRST, reason, NOON + ends)


def test_a_full_feed_shows_what_came_after_its_oldest_entry_until_its_copy_was_made() -> None:
    shown = shown_by_feed(feed(15), joins=True, asked_at=NOON)
    assert shown == Stretch(NOON - 15 * HOUR + SECOND, NOON - 15 * MINUTE)


def test_a_feed_with_room_left_shows_the_whole_channel() -> None:
    for count in (0, 14):
        shown = shown_by_feed(feed(count), joins=False, asked_at=NOON)
        assert shown == Stretch(DAWN, NOON - 15 * MINUTE)


@pytest.mark.parametrize(
    ("fields", "joins"),
    [({}, False), ({"ordered": False}, True), ({"rejected": ("entry 3: no video id",)}, True)],
)
def test_a_feed_that_may_hide_something_shows_nothing_for_sure(
    *, fields: dict[str, object], joins: bool
) -> None:
    assert shown_by_feed(feed(15, **fields), joins=joins, asked_at=NOON) is None


def test_what_a_feed_showed_is_read_and_still_to_be_proved() -> None:
    pending = [first(-2 * HOUR, timedelta())]
    shown = Stretch(NOON - HOUR, NOON - 15 * MINUTE)
    left = after_feed(pending, shown, NOON + HOUR)
    assert [(p.reading, p.stretch) for p in left] == [
        (Reading.FIRST, Stretch(NOON - 15 * MINUTE + SECOND, NOON)),
        (Reading.SECOND, shown),
        (Reading.FIRST, Stretch(NOON - 2 * HOUR, NOON - HOUR - SECOND)),
    ]
    assert after_feed(left, shown, NOON + HOUR) == left


def test_what_the_uploads_showed_is_done_with() -> None:
    pending = after_feed([first(-2 * HOUR, timedelta())], Stretch(NOON - HOUR, NOON), NOON)
    assert after_uploads(pending, Stretch(NOON - 2 * HOUR, NOON)) == []
    (rest,) = after_uploads(pending, Stretch(NOON - 90 * MINUTE, NOON))
    assert rest.stretch == Stretch(NOON - 2 * HOUR, NOON - 90 * MINUTE - SECOND)


def page(*hours: float, token: str | None = "next") -> UploadsPage:
    return UploadsPage((), tuple(NOON - HOUR * n for n in hours), token)


def test_a_page_reaches_as_far_as_its_last_item() -> None:
    assert reached_by(page(1, 2, 3, 4), NOON) == NOON - 2 * HOUR
    assert reached_by(page(5, 5, 5), NOON) == NOON - 5 * HOUR


def test_a_video_out_of_its_place_does_not_make_a_page_reach_further() -> None:
    assert reached_by(page(1, 2, 3, 900), NOON) == NOON - 2 * HOUR
    assert reached_by(page(1, 2, 3, 0), NOON - HOUR) == NOON - HOUR


def test_the_last_page_reaches_to_the_beginning_and_an_empty_one_nowhere() -> None:
    assert reached_by(page(1, token=None), NOON) == DAWN
    assert reached_by(page(), NOON) == NOON


def test_a_backfill_is_wanted_once_and_is_no_reason_to_read_from_the_top() -> None:
    wanted = channel_coverage.with_backfill([], NOON)
    assert channel_coverage.with_backfill(wanted, NOON) == wanted
    assert channel_coverage.is_for_backfill(wanted)
    assert not channel_coverage.is_for_check(wanted)
    assert channel_coverage.unread_since(wanted) is None


def test_the_feed_is_asked_for_as_often_as_its_copy_is_made_and_less_with_push() -> None:
    assert feed_due_at(STATE, None) is None
    read = ChannelState("UU", feed_read_at=NOON)
    assert feed_due_at(read, None) == NOON + FEED_EVERY
    assert feed_due_at(read, NOON + 9 * HOUR) == NOON + FEED_EVERY_WITH_PUSH
    assert feed_due_at(read, NOON + HOUR) == NOON + HOUR
    failed = ChannelState("UU", feed_failing_since=NOON, feed_retry_at=NOON + MINUTE)
    assert feed_due_at(failed, NOON + 9 * HOUR) == NOON + MINUTE


def due(
    state: ChannelState, *pending: Pending, means: Means = PLENTY, gone: bool = False
) -> object:
    return uploads_due_at(state, pending, means=means, gone=gone, now=NOON) - NOON


def read(**fields: object) -> ChannelState:
    usual: dict[str, object] = {"uploads_tried_at": NOON - HOUR, "uploads_read_at": NOON - HOUR}
    return ChannelState("UU", **{**usual, **fields})  # type: ignore[arg-type]  # any field


def test_the_uploads_are_read_at_once_and_then_once_a_day() -> None:
    assert due(STATE) == timedelta()
    assert due(read()) == CHECK_EVERY - HOUR


def test_the_uploads_are_read_at_once_where_the_feed_did_not_reach_back() -> None:
    pending = first(-HOUR, timedelta())
    assert due(read(feed_read_at=NOON), pending) == PLENTY.uploads_every - HOUR
    assert PLENTY.uploads_every < HOUR
    joined = first(-15 * MINUTE + SECOND, timedelta())
    assert due(read(feed_read_at=NOON), joined) == CHECK_EVERY - HOUR


def test_checks_leave_units_for_new_videos_and_one_that_is_gone_is_asked_about_daily() -> None:
    scarce = Means(channels=1, units_left=900, units_limit=10_000)
    overdue = read(uploads_read_at=NOON - 2 * CHECK_EVERY, uploads_tried_at=NOON - 2 * CHECK_EVERY)
    assert due(overdue) < timedelta()  # type: ignore[operator]  # a timedelta
    assert due(overdue, means=scarce) == FEED_EVERY
    failing = read(feed_failing_since=NOON - HOUR)
    assert due(failing, gone=True) == CHECK_EVERY - HOUR


@pytest.mark.parametrize("channels", [1, 50, 200, 1_000])
def test_when_all_feeds_fail_all_channels_together_keep_to_their_share(channels: int) -> None:
    means = Means(channels, 10_000, 10_000)
    reads_a_day = channels * (timedelta(days=1) / means.uploads_every)
    assert reads_a_day <= 3_000 + 1
    assert means.uploads_every >= FEED_EVERY
    assert Means(channels, 0, 0).uploads_every == timedelta(days=1)


def test_backfill_keeps_below_half_of_the_days_units() -> None:
    # 4 am in Pacific time: a sixth of the day.
    assert Means(1, 10_000, 10_000).backfill_pages(NOON) == 4
    line = 10_000 * 0.5 / 6
    assert Means(1, int(10_000 - line + 5), 10_000).backfill_pages(NOON) == 2
    assert Means(1, int(10_000 - line - 2), 10_000).backfill_pages(NOON) == 0
    assert Means(1, 0, 0).backfill_pages(NOON) == 0


def test_a_reading_that_was_broken_off_goes_on_but_a_backfill_is_none() -> None:
    walk = read(walk=Walk("token", NOON - 2 * HOUR))
    assert is_unfinished(walk, [first(-3 * HOUR, -2 * HOUR)])
    assert not is_unfinished(walk, [first(-HOUR, timedelta())])
    assert not is_unfinished(walk, [first(-3 * HOUR, -2 * HOUR, RangeReason.BACKFILL)])
    assert not is_unfinished(read(), [first(-3 * HOUR, -2 * HOUR)])
