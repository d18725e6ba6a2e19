"""Alerts: trouble the operator is told of once when it begins and once when it ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.clock import format_instant

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.watches import Problem

CERTAIN_AFTER = timedelta(minutes=2)
"""Trouble that is over sooner was none: a service that was away for hours is stale for a moment."""

SETTLED_AFTER = timedelta(minutes=5)
"""Trouble that comes back sooner was never over."""

_SOONEST, _LATEST = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Alert:
    """Trouble, and what was told of it.

    Args:
        code: which trouble; there is one alert of each at a time.
        detail: what it is, for people.
        since: when it began.
        next_try_at: when there is something to tell; a run holds the alert by this.
        ended_at: when it was over; None while it lasts.
        told_at: when its beginning was told.
        failing_since: when telling began to fail; None while it does not.
    """

    code: str
    detail: str
    since: datetime
    next_try_at: datetime
    ended_at: datetime | None = None
    told_at: datetime | None = None
    failing_since: datetime | None = None

    @property
    def has_news(self) -> bool:
        """Whether there is anything to tell."""
        return self.told_at is None or self.ended_at is not None


@dataclass(frozen=True, slots=True)
class Message:
    """What the operator is told; `good` says whether it is good news."""

    title: str
    body: str
    good: bool


def compare(
    known: dict[str, Alert], problems: dict[str, Problem], now: datetime
) -> tuple[list[Alert], list[str]]:
    """Hold what is known against what is wrong now, both by code.

    Returns:
        The alerts that are new or changed, and the codes of those to be forgotten: trouble that was
        over before anybody was told of it.
    """
    changed = [
        Alert(code, problem.detail, problem.since, next_try_at=now + CERTAIN_AFTER)
        for code, problem in problems.items()
        if code not in known
    ]
    forgotten = []
    for code, alert in known.items():
        if code in problems and alert.ended_at is not None:
            changed.append(replace(alert, ended_at=None))
        elif code not in problems and alert.told_at is None:
            if alert.next_try_at <= now:  # else somebody may be telling of it this moment
                forgotten.append(code)
        elif code not in problems and alert.ended_at is None:
            due_at = now + SETTLED_AFTER
            changed.append(replace(alert, ended_at=now, next_try_at=due_at))
    return changed, forgotten


def message(alert: Alert) -> Message:
    """Return what is to be told of an alert now."""
    name = alert.code.partition(":")[0].replace("_", " ")
    since = format_instant(alert.since)
    if alert.ended_at is None:
        return Message(f"Newsreel: {name}", f"{alert.detail}\nsince {since}", good=False)
    lasted = f"from {since} to {format_instant(alert.ended_at)}"
    return Message(f"Newsreel: {name} is over", f"{alert.detail}\n{lasted}", good=True)


def told(alert: Alert, now: datetime) -> Alert | None:
    """Return an alert after it was told; None if there is nothing more to tell of it."""
    if alert.ended_at is not None:
        return None
    return replace(alert, told_at=now, next_try_at=now, failing_since=None)


def untold(alert: Alert, now: datetime) -> Alert:
    """Return an alert that could not be told; it waits as long as that has been so."""
    since = alert.failing_since or now
    wait = max(_SOONEST, min(_LATEST, now - since))
    return replace(alert, failing_since=since, next_try_at=now + wait)
