"""When a video is asked about again, how much at a time, and what an answer proves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.clock import next_pacific_midnight, pacific_day, pacific_midnight
from app.domain.refreshing import (
    DEFAULT_REFRESH,
    DELETED_AFTER,
    LATE_AFTER,
    next_refresh_at,
)
from app.domain.videos import LiveState
from app.ingest import refreshing
from app.settings import Settings
from tests.unit.ingest.rig import told
from tests.unit.simulator.worlds import NOON

MOVING = pytest.mark.parametrize("live", [LiveState.UPCOMING, LiveState.LIVE])
AT_REST = pytest.mark.parametrize("live", [LiveState.NONE, LiveState.COMPLETED, None])
MINUTES, HOURS, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def wait(age: timedelta, live: LiveState | None, at_rest: timedelta = DEFAULT_REFRESH) -> timedelta:
    return next_refresh_at(replace(told("video-00001"), live=live), NOON + age, at_rest) - (
        NOON + age
    )


@MOVING
def test_what_is_about_to_happen_is_watched_closely(live: LiveState) -> None:
    assert [wait(age, live) for age in (-5 * HOURS, 0 * HOURS, 23 * HOURS)] == [15 * MINUTES] * 3
    assert wait(2 * DAYS, live) == HOURS
    assert wait(30 * DAYS, live) == 6 * HOURS


@AT_REST
def test_a_young_video_is_looked_at_more_often_than_an_old_one(live: LiveState | None) -> None:
    assert wait(0 * DAYS, live) == wait(23 * HOURS, live) == 6 * HOURS
    assert wait(DAYS, live) == wait(6 * DAYS, live) == DAYS
    assert wait(7 * DAYS, live) == wait(3000 * DAYS, live) == 20 * DAYS


def test_nothing_waits_longer_than_what_rests() -> None:
    assert wait(2 * DAYS, LiveState.NONE, at_rest=timedelta(hours=2)) == timedelta(hours=2)


def test_videos_of_five_minutes_fall_due_together() -> None:
    clock = [NOON + timedelta(seconds=seconds) for seconds in range(1, 301)]
    due = {next_refresh_at(told("video-00001"), now, DEFAULT_REFRESH) for now in clock}
    assert due == {NOON + 6 * HOURS + 5 * MINUTES}


def test_every_allowed_setting_leaves_days_to_catch_up() -> None:
    most_days = next(
        rule.le for rule in Settings.model_fields["refresh_days"].metadata if hasattr(rule, "le")
    )
    assert timedelta(days=most_days) < LATE_AFTER < DELETED_AFTER < timedelta(days=30)


def allowed(spent: int, part_of_day: float, limit: int = 10_000, now: datetime = NOON) -> int:
    begins_at, ends_at = pacific_midnight(pacific_day(now)), next_pacific_midnight(now)
    at = begins_at + (ends_at - begins_at) * part_of_day
    return refreshing.calls_allowed(left=limit - spent, limit=limit, now=at)


def test_refreshing_is_spread_over_the_day() -> None:
    assert allowed(0, 0) == 0
    assert allowed(3_990, 0.5) == 2
    assert allowed(3_999, 0.5) == 1
    assert allowed(4_000, 0.5) == 0


def test_the_rest_of_the_day_is_left_to_new_videos() -> None:
    assert allowed(8_000, 0.9999) == 0
    assert allowed(9_999, 0.5) == 0


def test_a_day_of_25_hours_is_spread_over_25_hours() -> None:
    long_day = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert allowed(3_999, 0.5, now=long_day) == 1
    assert allowed(4_000, 0.5, now=long_day) == 0


def test_without_keys_nothing_is_allowed() -> None:
    assert allowed(0, 0.5, limit=0) == 0


@pytest.mark.parametrize(
    ("asked", "absent", "unreadable", "credible"),
    [
        (50, 0, 0, True),
        (50, 25, 0, True),
        (50, 26, 0, False),
        (50, 1, 1, False),
        (50, 0, 1, True),
        (1, 1, 0, True),
        (2, 2, 0, False),
    ],
)
def test_an_answer_that_misses_more_than_half_is_not_believed(
    asked: int, absent: int, unreadable: int, *, credible: bool
) -> None:
    assert refreshing.is_credible(asked=asked, absent=absent, unreadable=unreadable) is credible


def test_a_call_is_filled_with_others_and_names_nothing_twice() -> None:
    assert refreshing.filled(("a", "b"), ["b", "c", "d", "e"], 4) == ("a", "b", "c", "d")
    assert refreshing.filled(("a", "b"), ["a"], 4) == ("a", "b")
