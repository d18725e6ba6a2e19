"""How a process of Celery's pool ends."""

from __future__ import annotations

from billiard import pool

HEARD_WITHIN_SECONDS = 5.0


def end_unheard() -> None:
    """Let this process of the pool end soon, though its worker has not taken all its answers.

    A task that is being handed over when the worker is asked to end is done, and forgotten by the
    worker: it never takes the answer. billiard waits 30 s for that, and knows no setting for it
    (billiard 4.3.2, `Worker._ensure_messages_consumed`).
    """
    interval = pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_INTERVAL
    pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = round(HEARD_WITHIN_SECONDS / interval)
