"""The ledger: what each project has used of each bucket today, charged before a call is made.

A day is a calendar day in Pacific time, as YouTube counts it. The figures stand in the database, so
no number of processes overspends and the loss of Redis changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.clock import next_pacific_midnight, pacific_day, pacific_midnight
from app.domain.quota import Usage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date, datetime

    from app.domain.clock import Clock
    from app.domain.errors import QuotaExhaustedError
    from app.domain.quota import Bucket
    from app.store.store import Store

_MIDNIGHT_MARGIN = timedelta(minutes=5)


class Ledger:
    """Spends and counts quota.

    Args:
        store: holds the figures.
        clock: the present.
        limits: what a project has a day, by bucket.
    """

    def __init__(self, store: Store, clock: Clock, limits: Mapping[Bucket, int]) -> None:
        self._store = store
        self._clock = clock
        self._limits = limits

    def charge(self, project: str, bucket: Bucket, cost: int = 1) -> bool:
        """Spend from a bucket; False if not that much is left."""
        day, limit = pacific_day(self._clock()), self._limits[bucket]
        return self._store.write(lambda t: t.quota.charge(project, bucket, day, limit, cost))

    def exhaust(self, project: str, bucket: Bucket, error: QuotaExhaustedError) -> bool:
        """Take YouTube's word that a bucket is used up; tell whether that holds for today.

        Without a believable start of its window, such an answer near midnight may mean the day
        before or after; then nothing is noted.
        """
        now = self._clock()
        day = _named_day(error, now)
        if day is None and _near_midnight(now):
            return False
        day = day or pacific_day(now)
        limit = min(self._limits[bucket], error.limit or self._limits[bucket])
        self._store.write(lambda t: t.quota.exhaust(project, bucket, day, limit, now))
        return day == pacific_day(now)

    def left(self, bucket: Bucket, projects: Collection[str]) -> dict[str, int]:
        """Return what each project has left of a bucket today."""
        return {u.project: u.left for u in self.list_usage(projects) if u.bucket is bucket}

    def list_usage(self, projects: Collection[str]) -> list[Usage]:
        """Return what each project has used of each bucket today, also where that is nothing."""
        day = pacific_day(self._clock())
        stored = self._store.read(lambda transaction: transaction.quota.list_usage(day))
        known = {(usage.project, usage.bucket): usage for usage in stored}
        whole = ((p, bucket, limit) for p in projects for bucket, limit in self._limits.items())
        return [
            replace(usage, limit=_limit_now(usage, limit))
            if (usage := known.get((project, bucket)))
            else Usage(project, bucket, used=0, limit=limit, exhausted_at=None)
            for project, bucket, limit in whole
        ]

    def limit(self, bucket: Bucket) -> int:
        """Return what a project has of a bucket a day."""
        return self._limits[bucket]

    def resets_at(self) -> datetime:
        """Return when the day ends and every bucket is full again."""
        return next_pacific_midnight(self._clock())


def _limit_now(usage: Usage, configured: int) -> int:
    """Return the limit that counts: the configured one, or what YouTube called used up below it."""
    return configured if usage.exhausted_at is None else min(usage.limit, configured)


def _named_day(error: QuotaExhaustedError, now: datetime) -> date | None:
    """Return the day YouTube names, if it can be meant: today, or yesterday just after midnight."""
    if error.window_start_at is None:
        return None
    day = pacific_day(error.window_start_at)
    return day if timedelta(0) <= pacific_day(now) - day <= timedelta(days=1) else None


def _near_midnight(now: datetime) -> bool:
    midnights = pacific_midnight(pacific_day(now)), next_pacific_midnight(now)
    return any(abs(now - midnight) < _MIDNIGHT_MARGIN for midnight in midnights)
