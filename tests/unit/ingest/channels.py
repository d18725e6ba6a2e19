"""Acts and looks of the tests about channels."""

from datetime import datetime

from app.domain.fetches import FetchQuery, FetchRecord
from app.domain.watches import Watch
from simulator import video as simulated
from tests.unit.ingest.rig import Rig
from tests.unit.simulator.worlds import NOON, video

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def since_noon(rig: Rig) -> float:
    return (rig.clock() - NOON).total_seconds()


def uploaded(rig: Rig, first: int, count: int, *, every: float = 1) -> list[simulated.Video]:
    """Videos that come in from now on, each a little later than the one before."""
    now = since_noon(rig)
    return [video(first + n, now + n * every) for n in range(count)]


def follow(rig: Rig, seconds: float, every: float = MINUTE) -> None:
    """Ticks until that much time has passed; ends with a tick."""
    rig.run_for(seconds, every)


def units(rig: Rig, method: str = "") -> int:
    """Calls of the Data API, of one method or of all."""
    return sum(method in ("", call.method) for call in rig.calls)


def feed_calls(rig: Rig) -> int:
    return len(rig.feeds.wire.calls)


def watch_of(rig: Rig, watch_id: int = 1) -> Watch:
    return rig.services.store.read(lambda t: t.watches.get(watch_id))


def problem(rig: Rig) -> str | None:
    error = watch_of(rig).last_error
    return None if error is None else error.code


def lines(rig: Rig) -> list[FetchRecord]:
    """The log of fetches, oldest first."""
    page = rig.services.fetch_log.page(FetchQuery(limit=10_000))
    return [fetch.record for fetch in page.lines][::-1]


def complete_until(rig: Rig) -> datetime:
    return rig.services.coverage.get(1).complete_until


def gaps(rig: Rig) -> list[tuple[datetime, datetime, str]]:
    found = rig.services.coverage.get(1).open
    return [(it.stretch.starts_at, it.stretch.ends_at, it.reason.value) for it in found]
