"""The tasks: ids in, one service call. They return nothing and raise nothing worth a retry."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypedDict

from kombu.exceptions import OperationalError

from app.domain.errors import CacheUnavailableError
from app.domain.watches import Claim
from app.ingest.clock_steps import TOLERANCE
from app.ingest.jobs import JobKind, look_for
from workers.celery_app import app
from workers.logs import QUEUE_FULL

if TYPE_CHECKING:
    from celery import Task

    from app.ingest.jobs import Item

FETCH_EXPIRES_SECONDS = 25 + 2 * int(TOLERANCE.total_seconds())
"""A fetch that waited 25 s is of little use: its lease is over soon. But its age is told by two
clocks, its sender's and its reader's, and either may be a minute from the database's."""

MOST_WAITING = 500
"""Messages in the queue "fetch" above which a tick sends none. One that expired leaves it only when
a worker takes it, so nobody takes any, or too few do. A full queue swings around it: the alert
NewsreelQueueGrows has half of it at most."""


class _Limits(TypedDict, total=False):
    expires: int
    soft_time_limit: int
    time_limit: int


_LIMITS: dict[JobKind, _Limits] = {
    # Videos to refresh are given out again after 10 minutes.
    JobKind.REFRESH: {"expires": 300},
    # With 1,000 keywords scouting takes a minute.
    JobKind.SCOUT: {"expires": 300, "soft_time_limit": 240, "time_limit": 270},
}
"""In seconds; other jobs wait no longer than a fetch, and take no longer than any task."""


@app.task(name="newsreel.tick")
def tick() -> None:
    """Take what is due and send a task for each of it; nothing while too much waits already."""
    if _is_full():
        app.services.ingest.tick(0)
        return
    claims = app.services.ingest.tick()
    for number, claim in enumerate(claims):
        try:
            fetch.apply_async((claim.watch_id, claim.fence), expires=FETCH_EXPIRES_SECONDS)
        except OperationalError:
            app.services.ingest.let_go(claims[number:])
            raise
    for kind, item in look_for(app.services.jobs | app.services.messages):
        limits = _LIMITS.get(kind, {"expires": FETCH_EXPIRES_SECONDS})
        JOBS[kind].apply_async((item,), **limits)


def _is_full() -> bool:
    queues, waiting = app.services.queues, 0
    with suppress(CacheUnavailableError):  # whoever sends will be told
        waiting = 0 if queues is None else queues.lengths()["fetch"]
    if waiting > MOST_WAITING:
        app.incidents.begin(QUEUE_FULL, f"{waiting} messages wait, and too few are taken")
        return True
    app.incidents.end(QUEUE_FULL)
    return False


@app.task(name="newsreel.fetch")
def fetch(watch_id: int, fence: int) -> None:
    """Fetch for one claim."""
    app.services.ingest.run(Claim(watch_id, fence))


def _task_of(kind: JobKind) -> Task[[Item], None]:
    @app.task(name=f"newsreel.{kind}")
    def run(item: Item) -> None:
        """Do one job of a kind."""
        (app.services.jobs | app.services.messages)[kind].run(item)

    return run


JOBS = {kind: _task_of(kind) for kind in JobKind}
"""A task for each kind of job, so that it can be seen by its name."""
