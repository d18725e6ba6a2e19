"""Beat's scheduler: due times by the monotonic clock, and no pile of messages in the queue.

Celery's own counts by the wall clock: set back by an hour, it sends nothing for an hour. And a
message that expires does so by its reader's wall clock: where that differs, all are dropped. So no
tick expires, and none is sent while the last message of its queue has not been taken.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from celery.beat import Scheduler
from celery.schedules import schedule
from celery.utils.dispatch import Signal
from kombu.exceptions import ChannelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery
    from celery.beat import ScheduleEntry


_LONGEST_SLEEP = 60.0

message_waits = Signal(name="message_waits")
"""Sent where the last message still waits, and none is sent: so the queue has it, and answers."""


class SteadyScheduler(Scheduler):
    """Sends each entry at once and then at its interval; intervals that were missed are left out.

    Args:
        app: has the schedule.
        schedule_filename: touched at each turn, so that others see that Beat lives.
        timer: seconds that pass, whatever the wall clock does.
        given: what Celery gives to any scheduler.
    """

    def __init__(
        self,
        app: Celery,
        *,
        schedule_filename: str | None = None,
        timer: Callable[[], float] = time.monotonic,
        **given: object,
    ) -> None:
        self._due_at: dict[str, float] = {}
        self._alive = None if schedule_filename is None else Path(schedule_filename)
        self._timer = timer
        super().__init__(app, **given)  # type: ignore[arg-type]  # as given

    def tick(self, *_: object, **__: object) -> float:
        """Send what is due.

        Returns:
            Seconds until the next entry is due; the caller sleeps for so long.
        """
        self._show_life()
        for name, entry in self.schedule.items():
            interval = _interval(entry)
            now = self._timer()
            due_at = self._due_at.get(name, now)
            if due_at <= now:
                following = due_at + interval
                self._due_at[name] = following if following > now else now + interval
                self.apply_entry(entry, producer=self.producer)
        left = min(self._due_at.values(), default=_LONGEST_SLEEP) - self._timer()
        return max(0.0, min(left, _LONGEST_SLEEP))

    def apply_async(
        self, entry: ScheduleEntry, producer: object = None, *_: object, **given: object
    ) -> object:
        """Send a message, unless the last one still waits for a worker."""
        queue = self.app.amqp.router.route(entry.options or {}, entry.task or "")["queue"]
        if self._waiting(queue.name):
            message_waits.send(sender=self)
            return None
        return super().apply_async(entry, producer, **given)  # type: ignore[arg-type]  # as given

    def _waiting(self, queue: str) -> int:
        try:
            channel = self.connection.default_channel
            return int(channel.queue_declare(queue, passive=True)[1])  # type: ignore[attr-defined]  # of every channel
        except ChannelError:  # there is no such queue yet
            return 0

    def _show_life(self) -> None:
        if self._alive is not None:
            with suppress(OSError):
                self._alive.touch()


def _interval(entry: ScheduleEntry) -> float:
    if not isinstance(entry.schedule, schedule):
        raise TypeError(f"{entry.name}: only intervals are known here")
    return float(entry.schedule.run_every.total_seconds())  # type: ignore[attr-defined]  # the stub lacks it
