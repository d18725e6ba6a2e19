"""Figures of the service as its database has them at an instant, for those who watch over it.

What the database names (reasons, outcomes, states) is text here: a newer release beside this one
may have written words that this one does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FETCHES_OF = timedelta(hours=1)
"""How far back fetches are summed up."""

MOST_WATCHES = 100
"""Told one by one, those longest without a success; all others only as sums."""

MOST_OUTCOMES = 60
"""Pairs of source and outcome that are told apart; the rarest beyond are one."""

REFRESH_AGES = (20, 25, 28)
"""In days: how long ago a video was refreshed at least. At 30 it is deleted."""

OTHER = "other"


@dataclass(frozen=True, slots=True)
class WatchAge:
    """How fresh an active watch is.

    Args:
        watch_id: which.
        kind: keyword or channel.
        success_at: of its last poll that succeeded; when it was added if none has.
        complete_until: before which all was read twice.
        newest_at: when its newest video was published; None if it has none.
    """

    watch_id: int
    kind: str
    success_at: datetime
    complete_until: datetime
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class WatchFigures:
    """The watches.

    Args:
        counts: how many, by kind and state (active, failing, paused).
        stalest: up to MOST_WATCHES that are not paused, the stalest first.
        success_at: the earliest of all their last successes; None without an active watch.
        latest_at: the latest of these.
        complete_until: the earliest of all.
        due: how many are due and given to nobody.
        due_at: when the first of them fell due.
    """

    counts: Mapping[tuple[str, str], int]
    stalest: tuple[WatchAge, ...]
    success_at: datetime | None
    latest_at: datetime | None
    complete_until: datetime | None
    due: int
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class RangeFigures:
    """Publish time still to be read: `ranges` stretches with `seconds` in all.

    `due` is now, later or never (seconds that no call can show whole).
    """

    reason: str
    due: str
    ranges: int
    seconds: int


@dataclass(frozen=True, slots=True)
class FetchFigures:
    """The fetches of the last hour (FETCHES_OF) from a source with one outcome, summed up.

    `outcome` is `ok` or the code of what ended them early.
    """

    source: str
    outcome: str
    fetches: int
    search_calls: int
    units: int
    found: int
    added: int
    updated: int
    rejected: int


@dataclass(frozen=True, slots=True)
class UsedQuota:
    """What a project has used of a bucket today, in calls (search) or units."""

    project: str
    bucket: str
    used: int
    limit: int
    exhausted: bool


@dataclass(frozen=True, slots=True)
class StoredKeyState:
    """The state of a key that is not simply usable, until then if it passes."""

    state: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class WebhookFigures:
    """Webhooks: how many by state (working, failing, or why they are paused).

    `waiting` have something to send; `failing_since` is the longest without a success.
    """

    counts: Mapping[str, int]
    waiting: int
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class VideoFigures:
    """Videos: how many are visible, the newest, and how old what we know of them is.

    Args:
        total: visible ones.
        newest_at: when the newest was published.
        changes: the seq given out last: how many changes there ever were.
        refreshed_at: when the video refreshed longest ago was.
        refresh_due: how many are due for a refresh.
        unrefreshed: how many were not refreshed for so many days (REFRESH_AGES).
    """

    total: int
    newest_at: datetime | None
    changes: int
    refreshed_at: datetime | None
    refresh_due: int
    unrefreshed: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the database tells, at one instant.

    Args:
        at: the instant.
        watches: what is watched.
        videos: what is stored.
        ranges: what is still to be read.
        fetches: of the last hour.
        used: today's (Pacific) entries of the ledger.
        keys: by fingerprint, those that are not simply usable.
        webhooks: who is told.
        alerts: how many troubles the operator is told of.
    """

    at: datetime
    watches: WatchFigures
    videos: VideoFigures
    ranges: tuple[RangeFigures, ...]
    fetches: tuple[FetchFigures, ...]
    used: tuple[UsedQuota, ...]
    keys: Mapping[str, StoredKeyState]
    webhooks: WebhookFigures
    alerts: int
