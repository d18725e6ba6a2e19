"""The scheduler of the embedded mode: a thread that ticks and a small pool that polls.

It does what Celery Beat and the Celery workers do elsewhere, over the same two methods.
"""

from __future__ import annotations

import secrets
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

from app.domain.errors import NewsreelError
from app.ingest.jobs import look_for
from app.telemetry import Incidents, bound_ids, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.bootstrap import Services
    from app.domain.watches import Claim
    from app.ingest.jobs import Item, Job, JobKind

POOL_THREADS = 4
MESSENGERS = 4
"""Threads that send webhooks and alerts."""

MAX_PENDING = 40
"""Claims given out and not finished: what four threads can do before a lease of 30 s ends."""


def new_tick_id() -> str:
    """Return a name for a tick that no other has."""
    return secrets.token_hex(8)


class Ticker:
    """Runs ticks at an interval in a thread, and their claims in a pool.

    Args:
        services: those of this process.
        interval_seconds: from the end of a tick to the next.
        void_leases: nobody else can hold one, so those of a process that was killed end at once.
        new_id: names a tick in the log.
    """

    def __init__(
        self,
        services: Services,
        interval_seconds: int,
        *,
        void_leases: bool = True,
        new_id: Callable[[], str] = new_tick_id,
    ) -> None:
        self._services = services
        self._new_id = new_id
        self._interval = interval_seconds
        self._void_leases = void_leases
        self._stopped = Event()
        self._thread = Thread(target=self._loop, name="ticker", daemon=True)
        self._pool = ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="fetch")
        self._pending: set[Future[None]] = set()
        self._messengers = ThreadPoolExecutor(MESSENGERS, thread_name_prefix="tell")
        self._telling: set[Future[None]] = set()
        self._log = get_logger(__name__)
        self._incidents = Incidents(self._log)
        self._hindrance: str | None = None

    def start(self) -> None:
        """Begin to tick, at once and then at the interval."""
        self._thread.start()

    def stop(self) -> None:
        """End the polls under way with their present page, start no more."""
        self._stopped.set()
        self._services.ingest.stop()
        self._thread.join(timeout=5)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._messengers.shutdown(wait=True, cancel_futures=True)

    def _loop(self) -> None:
        while not self._prepared():
            if self._stopped.wait(1):
                return
        while not self._stopped.is_set():
            with bound_ids(tick_id=self._new_id()):
                self._tick()
            self._stopped.wait(self._interval)

    def _prepared(self) -> bool:
        """Bring the schema up; tell whether it is. The thread must outlive any fault here too."""
        try:
            self._prepare()
        except NewsreelError as error:
            self._hindered_by(error.code, str(error))
        except Exception as error:  # noqa: BLE001 - as in _tick; told once, tried for ever
            self._hindered_by("preparation_failed", f"{type(error).__name__}: {error}")
        else:
            self._hindered_by(None)
            return True
        return False

    def _prepare(self) -> None:
        store = self._services.store
        store.migrate()
        if self._void_leases:
            store.write(lambda transaction: transaction.watches.void_leases())

    def _hindered_by(self, code: str | None, detail: str = "") -> None:
        if self._hindrance not in (None, code):
            self._incidents.end(self._hindrance)
        if code is not None:
            self._incidents.begin(code, detail)
        self._hindrance = code

    def _tick(self) -> None:
        self._pending = {future for future in self._pending if not future.done()}
        try:
            claims = self._services.ingest.tick(limit=MAX_PENDING - len(self._pending))
            self._pending |= {_submit(self._pool, partial(self._run, claim)) for claim in claims}
            if len(self._pending) < MAX_PENDING // 2:  # polls go first
                self._pending |= self._given_out(self._pool, self._services.jobs)
            self._tell()
        except Exception:  # noqa: BLE001 - the thread must outlive any fault; it is logged whole
            self._log.exception("tick_failed")

    def _run(self, claim: Claim) -> None:
        try:
            self._services.ingest.run(claim)
        except Exception:  # noqa: BLE001 - as above
            self._log.exception("poll_crashed", watch_id=claim.watch_id)

    def _tell(self) -> None:
        """Tell others, apart from the polls: receivers may be as slow as they like."""
        self._telling = {future for future in self._telling if not future.done()}
        if not self._telling:
            self._telling = self._given_out(self._messengers, self._services.messages)

    def _given_out(
        self, pool: ThreadPoolExecutor, jobs: Mapping[JobKind, Job]
    ) -> set[Future[None]]:
        return {
            _submit(pool, partial(self._do, kind, jobs[kind], item))
            for kind, item in look_for(jobs)
        }

    def _do(self, kind: JobKind, job: Job, item: Item) -> None:
        try:
            job.run(item)
        except Exception:  # noqa: BLE001 - as above
            self._log.exception("job_crashed", kind=kind, item=item)


def _submit(pool: ThreadPoolExecutor, work: Callable[[], None]) -> Future[None]:
    """Have a thread do it whose log lines carry the ids of this one's."""
    return pool.submit(copy_context().run, work)
