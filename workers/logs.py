"""Celery's own log lines: those of every tick are left out, and a lost queue is told once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.telemetry import Incidents

QUEUE_UNAVAILABLE = "queue_unavailable"
QUEUE_FULL = "queue_full"
_EVERY_TICK = ("celery.beat", "celery.worker.strategy", "celery.app.trace")


def quieten(incidents: Incidents) -> None:
    """Keep the lines that Celery writes for every message out of the log; its warnings stay."""
    for name in _EVERY_TICK:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("celery.beat").filters[:] = [_UnsentTicks(incidents)]


class _UnsentTicks(logging.Filter):
    """Turns Beat's traceback for each message it could not send into one incident."""

    def __init__(self, incidents: Incidents) -> None:
        super().__init__()
        self._incidents = incidents

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if error is None:
            return True
        self._incidents.begin(QUEUE_UNAVAILABLE, str(error).partition("\n")[0])
        return False
