"""The connection to the queue."""

from __future__ import annotations

from typing import Any, Self

from celery.app.amqp import AMQP
from kombu import Connection

LONGEST_WAIT_SECONDS = 5.0


class BrokerConnection(Connection):
    """Asks a queue that is away again after at most five seconds.

    kombu's own waits grow to half a minute: as long as fetching may take to go on once the queue
    is back.
    """

    def ensure_connection(self, *args: Any, **named: Any) -> Self:
        """Connect; see kombu, whose default for `interval_max` this replaces."""
        return super().ensure_connection(*args, **{"interval_max": LONGEST_WAIT_SECONDS, **named})


class BrokerAMQP(AMQP):
    """Celery's way to the queue, with these connections for worker, Beat and senders."""

    Connection = BrokerConnection
