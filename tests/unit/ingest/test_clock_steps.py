"""Clocks that are wrong lose nothing and hold nothing up once they are right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from app.domain.errors import StoreUnavailableError
from app.domain.ranges import Reading
from app.domain.watches import Claim
from app.ingest.clock_steps import ClockCheck
from tests.unit.ingest.rig import Rig, before_noon
from tests.unit.simulator.worlds import NOON, SettableClock, video

if TYPE_CHECKING:
    from app.store.store import Store

NewRig = Callable[..., Rig]
HOURS = 5 * 3600


def _poll_in_the_future(rig: Rig, seconds: float) -> None:
    """Poll under a clock that is ahead, while YouTube's is right, and put it right."""
    true = rig.clock.at
    world_clock = SettableClock(true)
    rig.simulator.api.world._clock = world_clock
    rig.clock.move(seconds)
    rig.tick()
    rig.clock.at = true
    rig.simulator.api.world._clock = rig.clock


@pytest.mark.parametrize("seconds", [600, 5400, HOURS, 30 * 3600])
def test_what_was_published_while_the_clock_was_ahead_is_found_once_it_is_right(
    new_rig: NewRig, seconds: float
) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.tick()
    rig.clock.move(10)
    _poll_in_the_future(rig, seconds)
    rig.publish(video(10, 12), video(11, 30))
    rig.run_for(60)
    assert len(rig.known()) == 5


def test_a_claim_made_in_the_future_holds_nobody_up(rig: Rig) -> None:
    watch = rig.watch()
    rig.clock.move(HOURS)
    [claim] = rig.services.ingest.tick()
    rig.clock.move(-HOURS)
    rig.tick()
    assert rig.searches() == 1
    stored = rig.services.store.read(lambda t: t.watches.get(watch.watch_id))
    assert stored.last_success_at == NOON
    rig.services.ingest.run(claim)
    assert rig.searches() == 1, "who claimed in the future polls no more"


def test_a_clock_that_jumps_in_mid_poll_delays_nothing(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()

    def jump(_: object) -> None:
        rig.clock.move(HOURS)
        rig.youtube.wire.before_each = lambda _: None

    rig.youtube.wire.before_each = jump
    rig.tick()
    assert rig.clock() > NOON + timedelta(seconds=HOURS - 1)
    rig.clock.at = NOON + timedelta(seconds=30)
    rig.publish(video(10, 5))
    rig.run_for(30)
    assert len(rig.known()) == 4
    pending = rig.services.store.read(lambda t: t.ranges.list_pending(1))
    again = [p.due_at for p in pending if p.reading is Reading.SECOND and p.due_at]
    assert again
    assert max(again) < NOON + timedelta(hours=2)


def test_marks_that_are_right_are_left_alone(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(3))
    rig.watch()
    rig.run_for(120)
    before = rig.services.store.read(lambda t: (t.watches.get(1), t.ranges.list_pending(1)))
    rig.services.ingest._clock_steps.put_right()
    assert before == rig.services.store.read(lambda t: (t.watches.get(1), t.ranges.list_pending(1)))


class _Clocked:
    """A store whose clock a test sets."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.asked = 0
        self.away = False

    def read(self, _work: object) -> datetime:
        self.asked += 1
        if self.away:
            raise StoreUnavailableError("away")
        return self.at


def test_a_step_of_the_clock_is_seen_at_once_and_asked_about_once() -> None:
    clock, store = SettableClock(), _Clocked(NOON)
    check = ClockCheck(cast("Store", store), clock, timer=lambda: 0.0)
    assert [check.agrees() for _ in range(5)] == [True] * 5
    assert store.asked == 1
    for seconds in (61, -122):
        clock.move(seconds)
        assert not check.agrees()
    clock.move(61)
    assert check.agrees()


def test_under_a_clock_that_differs_nothing_is_claimed_or_polled_and_ready_says_so(
    rig: Rig,
) -> None:
    rig.watch()
    ingest, readiness = rig.services.ingest, rig.services.readiness
    store = _Clocked(rig.clock() - timedelta(hours=1))
    ingest._clock_check = readiness._clock_check = ClockCheck(cast("Store", store), rig.clock)
    assert ingest.tick() == []
    ingest.run(Claim(1, 0))
    assert rig.calls == []
    assert rig.problems() == {"clock_differs"}
    store.at = rig.clock() + timedelta(seconds=30)
    ingest._clock_check = readiness._clock_check = ClockCheck(cast("Store", store), rig.clock)
    assert len(ingest.tick()) == 1
    assert rig.problems() == set()


def test_a_claim_that_came_to_a_process_whose_clock_differs_is_there_for_others(rig: Rig) -> None:
    rig.watch()
    ingest = rig.services.ingest
    agrees = ingest._clock_check
    (claim,) = ingest.tick()
    differs = _Clocked(rig.clock() - timedelta(hours=1))
    ingest._clock_check = ClockCheck(cast("Store", differs), rig.clock)
    ingest.run(claim)
    ingest._clock_check = agrees
    assert [it.watch_id for it in ingest.tick()] == [claim.watch_id]
