"""The JSON body of the quota, as the OpenAPI document has it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.domain.quota import Bucket, KeyState
from app.domain.watches import WatchKind
from app.web.api.schemas import Schema


class BucketUsage(Schema):
    """What a project has used today of what YouTube counts by itself."""

    bucket: Bucket = Field(description="Calls of search, or units for everything else.")
    limit: int = Field(description="A day, from midnight to midnight Pacific time.")
    used: int
    left: int
    resets_at: datetime
    exhausted_at: datetime | None = Field(description="When YouTube said that it was used up.")


class Key(Schema):
    """An API key, by its fingerprint."""

    fingerprint: str
    state: KeyState = Field(
        description="`cooling` after a throttle; `disabled` when YouTube refuses it, and tried "
        "again once a day; `held` when the operator disabled it."
    )
    since: datetime | None
    until: datetime | None = Field(description="When it is used or tried again by itself.")
    reason: str | None


class ProjectQuota(Schema):
    """A project of YouTube's: its keys share what it has."""

    project: str
    buckets: list[BucketUsage]
    keys: list[Key]


class NextPoll(Schema):
    """When a watch is polled next, as planned now."""

    watch_id: int
    kind: WatchKind
    term: str
    at: datetime
    interval_seconds: float | None = Field(
        description="From then to the poll after it; null when no calls are left today."
    )
    packed_interval_seconds: float | None = Field(
        description="Between searches it shares with other watches; null where it shares none."
    )


class Forecast(Schema):
    """What is to come."""

    next_polls: list[NextPoll] = Field(description="Of each watch that is not paused, in order.")
    calls_left: int = Field(description="Search calls that usable keys may still make today.")
    calls_reserved: float = Field(
        description="Of these kept back now: a tenth of the day's, released over the last 3 hours."
    )
    last_call_at: datetime | None = Field(
        description="When the others are spent at the present pace; null where some outlast the "
        "day, or none are left."
    )
    plenty: bool = Field(description="Calls are enough to poll every watch at every tick.")


class Quota(Schema):
    """What is spent, which keys are in use, and what is to come."""

    projects: list[ProjectQuota]
    forecast: Forecast
