"""The health of each part in words: is it well, what is known of it, what is wrong. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.errors import (
    CacheReplicaUnavailableError,
    CacheUnavailableError,
    CacheWriteFailedError,
    StoreUnavailableError,
)
from app.domain.webhooks import Pause
from app.ingest.trouble import WRITES_FAIL
from app.web.dashboard.troubles import Trouble, trouble, trouble_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from app.ingest.health import HealthReport, Stored

NOT_KNOWN = "not known here"


class Area(StrEnum):
    """The parts of the service, as their headings have it."""

    DATABASE = "Database"
    CACHE = "Cache"
    FETCHING = "Scheduler and workers"
    YOUTUBE = "YouTube"
    WEBHOOKS = "Webhooks"
    ALERTS = "Alerts"


AREAS = {
    **dict.fromkeys((StoreUnavailableError.code, WRITES_FAIL), Area.DATABASE),
    **dict.fromkeys((CacheUnavailableError.code, CacheWriteFailedError.code), Area.CACHE),
    CacheReplicaUnavailableError.code: Area.CACHE,
    "webhook_paused": Area.WEBHOOKS,
    **dict.fromkeys(
        (
            "no_watches",
            "ingest_stalled",
            "internal_error",
            "lease_lost",
            "data_stale",
            "clock_differs",
        ),
        Area.FETCHING,
    ),
}
"""Whose trouble a code is; every other one came of asking YouTube."""

_KINDS = {"sqlite": "SQLite", "mysql": "MySQL or MariaDB", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something known of a part: a text, or an instant that is shown by its age."""

    name: str
    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part: its name, what is known of it, what is wrong; `is_known` if anything is."""

    name: str
    facts: tuple[Fact, ...]
    troubles: tuple[Trouble, ...]
    is_known: bool = True

    @property
    def state(self) -> tuple[str, str]:
        """The kind of its badge and the word on it."""
        if self.troubles:
            return "bad", "trouble"
        return ("good", "ok") if self.is_known else ("", NOT_KNOWN)


def health_lines(report: HealthReport) -> list[PartLine]:
    """Return every part of the service; each problem stands with one of them."""
    facts = {
        Area.DATABASE: _database(report),
        Area.CACHE: _cache(report),
        Area.FETCHING: _fetching(report.stored),
        Area.YOUTUBE: _youtube(report.stored),
        Area.WEBHOOKS: _webhooks(report.stored),
        Area.ALERTS: _alerts(report),
    }
    from_store = report.stored is not None
    known = {area: from_store or area is Area.CACHE for area in Area}
    if report.stored is not None and report.stored.last_fetch_at is None:
        known[Area.FETCHING] = known[Area.YOUTUBE] = False  # nothing has shown yet that they work
    return [
        PartLine(area.value, tuple(facts[area]), _troubles(area, report), known[area])
        for area in Area
    ]


def _troubles(area: Area, report: HealthReport) -> tuple[Trouble, ...]:
    found = [trouble_of(it) for it in report.problems if AREAS.get(it.code, Area.YOUTUBE) is area]
    if area is Area.DATABASE and report.has_replica and report.replica_took is None:
        found.append(trouble("replica_unavailable", "the replica does not answer"))
    if area is Area.DATABASE and report.stored is not None:
        found += _of_schema(report.stored.revision, report.newest_revision)
    if area is Area.ALERTS and report.stored is not None:
        failing = [it.failing_since for it in report.stored.alerts if it.failing_since is not None]
        if failing:
            detail = f"{len(failing)} waiting to be told"
            found.append(trouble("alert_not_sent", detail, min(failing)))
    return tuple(found)


def _of_schema(revision: str | None, newest: str) -> Iterable[Trouble]:
    if revision is not None and revision > newest:
        yield trouble("schema_newer", f"migrations ran to {revision}, this release has {newest}")
    elif revision != newest:
        detail = f"migrations ran to {revision or 'none'}, this release has them to {newest}"
        yield trouble("schema_unusable", detail)


def _database(report: HealthReport) -> list[Fact]:
    facts = [
        Fact("Kind", _KINDS.get(report.database, report.database)),
        Fact("Answered in", _milliseconds(report.database_took)),
    ]
    if report.has_replica:
        facts.append(Fact("Replica answered in", _milliseconds(report.replica_took)))
    revision = None if report.stored is None else report.stored.revision
    return [*facts, Fact("Schema", revision or NOT_KNOWN)]


def _cache(report: HealthReport) -> list[Fact]:
    if not report.cache_is_shared:
        return [Fact("Kind", "in this process")]
    return [Fact("Kind", "Redis"), Fact("Answered in", _milliseconds(report.cache_took))]


def _fetching(stored: Stored | None) -> list[Fact]:
    """Return what workers leave behind: a web process does not see them themselves."""
    if stored is None:
        return [Fact("Last fetch", NOT_KNOWN)]
    return [
        Fact("Last fetch", "none yet", stored.last_fetch_at),
        Fact("Next watch due", "none", stored.next_due_at),
    ]


def _youtube(stored: Stored | None) -> list[Fact]:
    if stored is None:
        return [Fact("Last poll that succeeded", NOT_KNOWN)]
    states = (f"{count} {state}" for state, count in stored.keys.items())
    return [
        Fact("Last poll that succeeded", "none yet", stored.last_success_at),
        Fact("API keys", ", ".join(states) or "none configured"),
    ]


def _webhooks(stored: Stored | None) -> list[Fact]:
    if stored is None:
        return [Fact("Webhooks", NOT_KNOWN)]
    webhooks = stored.webhooks
    failing = sum(it.failing_since is not None and it.paused is None for it in webhooks)
    held = sum(it.paused is Pause.BY_HAND for it in webhooks)
    told = [f"{len(webhooks)}"]
    told += [f"{count} {word}" for count, word in ((failing, "failing"), (held, "paused")) if count]
    return [Fact("Webhooks", ", ".join(told))]


def _alerts(report: HealthReport) -> list[Fact]:
    ways = ", ".join(report.channels) or "nobody is told: ALERT_URLS is not set"
    open_now = NOT_KNOWN if report.stored is None else str(len(report.stored.alerts))
    return [Fact("Told by", ways), Fact("Open alerts", open_now)]


def _milliseconds(took: timedelta | None) -> str:
    return "no answer" if took is None else f"{took.total_seconds() * 1000:.1f} ms"
