"""When what failed is tried again."""

from datetime import timedelta
from itertools import pairwise

import pytest

from app.domain.errors import (
    BadRequestError,
    GoneError,
    NewsreelError,
    NoUsableKeyError,
    ThrottledError,
    UnreachableError,
    UpstreamError,
)
from app.ingest.retries import retry_at
from tests.unit.simulator.worlds import NOON

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NO_KEY = NoUsableKeyError("keys_disabled", "no key is accepted", None)
LASTING = [BadRequestError("no such parameter"), GoneError("no such channel")]


def _waits(error: NewsreelError, length: timedelta = DAY, turn: int = 1) -> list[timedelta]:
    """The waits between attempts while the error goes on."""
    attempts = [NOON]
    while attempts[-1] < NOON + length:
        now = attempts[-1]
        attempts.append(retry_at(error, failing_since=NOON, now=now, turn=turn))
    return [later - earlier for earlier, later in pairwise(attempts)]


@pytest.mark.parametrize("error", [NO_KEY, UpstreamError("HTTP 503"), *LASTING])
def test_the_first_wait_is_a_minute(error: NewsreelError) -> None:
    assert _waits(error)[0] == MINUTE


def test_waits_double_up_to_a_quarter_of_an_hour_and_a_spread() -> None:
    waits = _waits(UpstreamError("HTTP 503"))
    assert all(1 <= later / earlier <= 2.5 for earlier, later in pairwise(waits))
    assert 15 * MINUTE <= waits[-1] <= 1.25 * 15 * MINUTE
    assert len(waits) < 110


@pytest.mark.parametrize("error", LASTING)
def test_what_asking_again_hardly_helps_is_asked_ever_more_rarely(error: NewsreelError) -> None:
    assert len(_waits(error)) < 15
    assert max(_waits(error, 30 * DAY)) <= 1.25 * DAY


def test_a_key_is_looked_for_every_minute_however_long_there_is_none() -> None:
    assert set(_waits(NO_KEY)) == {MINUTE}


def test_the_source_may_ask_for_longer_and_not_for_less() -> None:
    for asked, expected in ((600, 600), (5, 60), (None, 60)):
        error = UpstreamError("HTTP 503", retry_after=asked)
        due_at = retry_at(error, failing_since=NOON, now=NOON, turn=1)
        assert due_at == NOON + timedelta(seconds=expected)
    slow = ThrottledError("slow down", retry_after=900)
    assert retry_at(slow, failing_since=NOON, now=NOON, turn=1) == NOON + 15 * MINUTE


def test_watches_that_fail_together_are_tried_again_apart() -> None:
    now = NOON + timedelta(hours=1)
    error = UpstreamError("HTTP 503")
    due = sorted(retry_at(error, failing_since=NOON, now=now, turn=turn) for turn in range(1, 33))
    assert due[-1] - due[0] > 3 * MINUTE
    assert min(later - earlier for earlier, later in pairwise(due)) > timedelta(seconds=2)


def test_a_clock_that_was_set_back_does_not_hurry() -> None:
    error = UpstreamError("HTTP 503")
    assert retry_at(error, failing_since=NOON + DAY, now=NOON, turn=1) == NOON + MINUTE


def test_a_source_that_nobody_reaches_is_tried_every_five_to_eight_seconds() -> None:
    error = UnreachableError("refused")
    waits = [wait for turn in range(20) for wait in _waits(error, timedelta(hours=2), turn)]
    assert min(waits) == timedelta(seconds=5)
    assert max(waits) <= timedelta(seconds=8)


def test_what_nothing_paces_is_not_asked_for_all_day_where_nobody_answers() -> None:
    """Each attempt is charged before it is made."""
    now = NOON + timedelta(hours=1)
    waits = [
        retry_at(error, failing_since=NOON, now=now, turn=1, paced=False)
        for error in (UnreachableError("refused"), UpstreamError("HTTP 503"))
    ]
    assert waits[0] == waits[1] >= now + 15 * MINUTE
