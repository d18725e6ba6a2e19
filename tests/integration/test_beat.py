"""Beat's scheduler over a real queue: clocks that are set, workers that are away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from celery import Celery
from kombu import Queue

from workers.schedule import beat_schedule
from workers.scheduler import SteadyScheduler, message_waits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TICK = 10


class Timer:
    """Seconds that pass as a test says."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def celery(redis_url: str) -> Iterator[Celery]:
    app = Celery("test", broker=redis_url, set_as_current=False)
    app.conf.update(
        task_queues=(Queue("tick"), Queue("fetch")),
        task_routes={"newsreel.tick": {"queue": "tick"}},
        beat_schedule=beat_schedule(TICK),
        result_backend=None,
    )
    yield app
    app.close()


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def scheduler(celery: Celery, timer: Timer, tmp_path: Path) -> Iterator[SteadyScheduler]:
    made = SteadyScheduler(celery, schedule_filename=f"{tmp_path}/alive", timer=timer)
    yield made
    made.close()


def _take(celery: Celery) -> int:
    """Take all messages, as a worker does, and return how many there were."""
    taken = 0
    with celery.connection() as connection:
        while connection.default_channel.basic_get("tick", no_ack=True) is not None:  # type: ignore[attr-defined]  # of every channel
            taken += 1
    return taken


def test_a_tick_is_sent_at_once_and_then_once_per_interval(
    scheduler: SteadyScheduler, celery: Celery, timer: Timer
) -> None:
    sent = []
    for _ in range(3):
        assert 0 < scheduler.tick() <= TICK
        scheduler.tick()
        sent.append(_take(celery))
        timer.now += TICK
    assert sent == [1, 1, 1]


def test_a_wall_clock_that_is_set_back_delays_no_tick(
    scheduler: SteadyScheduler, celery: Celery, timer: Timer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler.tick()
    _take(celery)
    now = celery.now()
    monkeypatch.setattr(celery, "now", lambda: now - timedelta(hours=5))
    timer.now += TICK
    assert scheduler.tick() <= TICK
    assert _take(celery) == 1


def test_ticks_that_were_missed_are_not_made_up_for(
    scheduler: SteadyScheduler, celery: Celery, timer: Timer
) -> None:
    scheduler.tick()
    _take(celery)
    timer.now += 50.5 * TICK
    sent = []
    for _ in range(5):
        assert 0 < scheduler.tick() <= TICK
        sent.append(_take(celery))
    assert sent == [1, 0, 0, 0, 0]


def test_no_ticks_pile_up_while_no_worker_takes_them(
    scheduler: SteadyScheduler, celery: Celery, timer: Timer
) -> None:
    for _ in range(6):
        scheduler.tick()
        timer.now += TICK
    assert _take(celery) == 1


def test_that_the_queue_answers_is_told_while_a_tick_waits(
    scheduler: SteadyScheduler, timer: Timer
) -> None:
    told: list[object] = []

    def tell(sender: object, **_: object) -> None:
        told.append(sender)

    message_waits.connect(tell)
    scheduler.tick()
    assert told == []
    timer.now += TICK
    scheduler.tick()
    message_waits.disconnect(tell)
    assert told == [scheduler]


def test_that_it_lives_can_be_seen(scheduler: SteadyScheduler, tmp_path: Path) -> None:
    assert not (tmp_path / "alive").exists()
    scheduler.tick()
    assert (tmp_path / "alive").exists()
