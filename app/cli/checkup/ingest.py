"""Whether ticks come, and how old what they bring is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.cli.checkup.findings import error, warning, well
from app.ingest.readiness import OVERDUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from app.bootstrap import Services
    from app.cli.checkup.findings import Finding
    from app.domain.watches import Watch

_NAMED = 5


def check_ingest(services: Services, stale_after: timedelta) -> Iterator[Finding]:
    """Look at what is watched.

    Args:
        services: on a database that answers.
        stale_after: from which age on data of a watch is told of.
    """
    watches = services.store.read(lambda transaction: transaction.watches.list_all())
    active = [watch for watch in watches if not watch.paused]
    if not active:
        yield warning("watches", "nothing is watched", "add a keyword: `watch add KEYWORD`")
        return
    now = services.clock()
    yield well("watches", f"{len(active)} watched, {len(watches) - len(active)} paused")
    yield _tick(active, now)
    yield _age(active, now, stale_after)
    for problem in services.readiness.check().problems:
        if problem.code in ("refresh_late", "webhook_paused"):
            yield warning(problem.code, problem.detail, "/health has more")


def _tick(active: Sequence[Watch], now: datetime) -> Finding:
    """A tick gives out what is due, so what waits longest tells when the last one was."""
    waits = max(now - min(watch.next_due_at for watch in active), timedelta())
    detail = f"what is due longest waits for {_words(waits)}"
    if waits <= OVERDUE:
        return well("tick", detail)
    return error("tick", detail, "nothing ticks: start `serve`, or beat and a worker")


def _age(active: Sequence[Watch], now: datetime, stale_after: timedelta) -> Finding:
    ages = sorted(((now - _fresh_at(watch), watch) for watch in active), key=lambda it: -it[0])
    stale = [(age, watch) for age, watch in ages if age > stale_after]
    if not stale:
        return well("data", f"the oldest is {_words(ages[0][0])} old")
    named = "; ".join(
        f"watch {watch.watch_id} {_words(age)}"
        + (f" ({watch.last_error.code})" if watch.last_error else "")
        for age, watch in stale[:_NAMED]
    )
    detail = f"{len(stale)} of {len(active)} watches have old data: {named}"
    return warning("data", detail, "`watch list` has their errors; GET /quota their intervals")


def _fresh_at(watch: Watch) -> datetime:
    return watch.last_success_at or watch.created_at


def _words(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
