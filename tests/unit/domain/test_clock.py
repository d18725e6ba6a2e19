from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clock import (
    format_instant,
    next_pacific_midnight,
    pacific_day,
    pacific_midnight,
    parse_instant,
    system_clock,
)
from app.domain.errors import InvalidValueError

INSTANTS = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24)],
)
def test_a_quota_day_is_a_calendar_day_in_pacific_time(day: date, hours: int) -> None:
    begins = pacific_midnight(day)
    ends = next_pacific_midnight(begins)
    assert ends - begins == timedelta(hours=hours)
    assert pacific_day(begins) == pacific_day(ends - timedelta(microseconds=1)) == day
    assert pacific_day(ends) == day + timedelta(days=1)


def test_a_quota_day_begins_at_seven_or_eight_in_utc() -> None:
    assert pacific_midnight(date(2026, 7, 1)) == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert pacific_midnight(date(2026, 1, 1)) == datetime(2026, 1, 1, 8, tzinfo=UTC)


@given(INSTANTS)
def test_an_instant_written_and_read_loses_its_fraction_alone(at: datetime) -> None:
    text = format_instant(at)
    assert parse_instant(text) == at.replace(microsecond=0)
    assert len(text) == len("2026-01-02T03:04:05Z")


def test_an_instant_is_written_in_utc_from_any_zone() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert format_instant(at) == "2026-01-01T21:34:05Z"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123_456, tzinfo=UTC)),
    ],
)
def test_an_instant_with_an_offset_is_read(text: str, at: datetime) -> None:
    assert parse_instant(text) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-02T03:04:05",
        "2026-13-02T03:04:05Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "x" * 10_000,
    ],
)
def test_what_is_no_instant_is_refused_in_few_words(text: str) -> None:
    with pytest.raises(InvalidValueError) as told:
        parse_instant(text)
    assert len(str(told.value)) < 100


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert system_clock().utcoffset() == timedelta(0)
