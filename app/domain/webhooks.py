"""Webhooks: where new videos are sent, how far that has come, and what is to happen next. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.videos import StoredVideo

MAX_WEBHOOKS = 100
MAX_VIDEOS = 50
"""In one delivery, at most."""

SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=1)
"""The least and the longest wait between two attempts, unless the receiver asks for longer."""

GIVEN_UP_AFTER = timedelta(days=3)
"""What failed for so long is paused."""

LEAST_FAILURES = 24
"""And so often: who failed once before we were away for days was not tried for days."""

OVERLAP_HOURS, LONGEST_OVERLAP_HOURS = 24, 168
"""How long a secret goes on signing after it was replaced, unless somebody says otherwise."""

_GONE = 410
"""The status by which a receiver says that it wants no more (RFC 9110)."""


class Pause(StrEnum):
    """Why nothing is sent."""

    BY_HAND = "by_hand"
    FAILING = "failing"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where new videos are sent.

    Args:
        webhook_id: never used again.
        watch_id: whose videos; None for those of all.
        url: where to.
        secret: what deliveries are signed with.
        next_seq: all that came into the feed up to it has arrived.
        created_at: when it was made.
        next_try_at: when it is due if there is anything to send; a run holds it by this.
        failing_since: when deliveries began to fail; None while they do not.
        failures: how many failed since then.
        paused: why nothing is sent; None if it is.
        paused_at: since when.
        previous_secret: the one before, by which deliveries are signed as well for a while.
        previous_until: the end of that while.
    """

    webhook_id: int
    watch_id: int | None
    url: str = field(repr=False)
    secret: str = field(repr=False)
    next_seq: int
    created_at: datetime
    next_try_at: datetime
    failing_since: datetime | None = None
    failures: int = 0
    paused: Pause | None = None
    paused_at: datetime | None = None
    previous_secret: str | None = field(default=None, repr=False)
    previous_until: datetime | None = None

    @property
    def batch(self) -> int:
        """How many videos the next delivery has: half as many after each failure.

        Many receivers take no body over 100 kB, or need long for 50; none is to be stuck for that.
        """
        return max(1, MAX_VIDEOS >> self.failures)

    def live_secrets(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that sign now, the newest first."""
        if self.previous_secret is None or self.previous_until is None:
            return (self.secret,)
        return (self.secret, self.previous_secret)[: 2 if now < self.previous_until else 1]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What came into a feed after a seq, in that order: the first of it, up to `next_seq`.

    `videos` is without those that readers no longer see; `more` says whether there was more.
    """

    next_seq: int
    videos: tuple[StoredVideo, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """An attempt that is over.

    Args:
        delivery_id: as it was sent.
        webhook_id: whose.
        started_at: when it was begun.
        finished_at: when the answer was there, or was given up.
        after_seq: where its videos begin.
        next_seq: where the next ones do.
        videos: how many were sent.
        status: of the answer; None if there was none.
        error: what was wrong, for people; None if it arrived.
    """

    delivery_id: str
    webhook_id: int
    started_at: datetime
    finished_at: datetime
    after_seq: int
    next_seq: int
    videos: int
    status: int | None
    error: str | None


def delivered(webhook: Webhook, next_seq: int, due_at: datetime) -> Webhook:
    """Return the webhook after all up to `next_seq` has arrived."""
    return replace(webhook, next_seq=next_seq, failing_since=None, failures=0, next_try_at=due_at)


def failed(
    webhook: Webhook, now: datetime, status: int | None, retry_after: float | None
) -> Webhook:
    """Return the webhook after an attempt that failed.

    It waits as long as it has been failing, so that the waits double, and ends some day.
    """
    since = webhook.failing_since or now
    wait = max(SOONEST, min(LATEST, now - since), timedelta(seconds=retry_after or 0))
    failures = webhook.failures + 1
    later = replace(webhook, failing_since=since, failures=failures, next_try_at=now + wait)
    if status == _GONE:
        return paused(later, Pause.GONE, now)
    if now - since >= GIVEN_UP_AFTER and failures >= LEAST_FAILURES:
        return paused(later, Pause.FAILING, now)
    return later


def paused(webhook: Webhook, why: Pause, now: datetime) -> Webhook:
    """Return the webhook, paused from now on."""
    return replace(webhook, paused=why, paused_at=now)


def resumed(webhook: Webhook) -> Webhook:
    """Return the webhook as if it had never failed."""
    return replace(webhook, paused=None, paused_at=None, failing_since=None, failures=0)


def moved(webhook: Webhook, url: str) -> Webhook:
    """Return the webhook with another address, which has not failed yet."""
    return replace(webhook, url=url, failing_since=None, failures=0)


def rotated(webhook: Webhook, secret: str, until: datetime) -> Webhook:
    """Return the webhook with a new secret; the last one signs as well until an instant."""
    return replace(webhook, secret=secret, previous_secret=webhook.secret, previous_until=until)
