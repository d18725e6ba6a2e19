from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.web.dashboard import words

NOW = datetime(2026, 11, 22, 2, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "just now"),
        (59, "just now"),
        (-59, "in a moment"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 d ago"),
        (30 * 86_400, "1 mo ago"),
        (365 * 86_400, "1 y ago"),
        (-7200, "in 2 h"),
    ],
)
def test_an_age_is_told_by_its_largest_unit(seconds: int, told: str) -> None:
    assert words.age(NOW - timedelta(seconds=seconds), NOW) == told


def test_an_instant_is_told_in_utc_wherever_it_was_noted() -> None:
    at = NOW.astimezone(timezone(timedelta(hours=-8)))
    assert words.moment(at) == "22 Nov 2026, 02:10 UTC"
    assert words.exact(at) == "2026-11-22 02:10:05 UTC"


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0:00"), (59, "0:59"), (245, "4:05"), (3725, "1:02:05")]
)
def test_a_duration_is_told_as_players_do(seconds: int, told: str) -> None:
    assert words.duration(seconds) == told


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (7500, "2 h 5 min"),
        (7205, "2 h"),
        (timedelta(days=3), "3 d"),
        (timedelta(days=3, hours=5, minutes=59), "3 d 5 h"),
    ],
)
def test_a_span_is_told_by_its_two_largest_units(length: float | timedelta, told: str) -> None:
    assert words.span(length) == told
