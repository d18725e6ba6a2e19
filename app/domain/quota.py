"""Keys, projects and buckets: the words of YouTube's quota."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Bucket(StrEnum):
    """What YouTube counts by itself: search calls, and units for everything else."""

    SEARCH = "search"
    UNITS = "units"


class KeyState(StrEnum):
    """Whether a key may be used."""

    USABLE = "usable"
    COOLING = "cooling"
    DISABLED = "disabled"
    HELD = "held"  # by the operator, until the operator enables it again


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key; keys of one project share that project's quota."""

    secret: str
    project: str

    @property
    def fingerprint(self) -> str:
        """A name for the key that does not give it away."""
        return hashlib.sha256(self.secret.encode()).hexdigest()[:12]

    def __repr__(self) -> str:
        return f"ApiKey({self.fingerprint}, project={self.project})"


@dataclass(frozen=True, slots=True)
class KeyStatus:
    """What is known of a key: its state, since when, why, and until when if it will pass."""

    fingerprint: str
    project: str
    state: KeyState
    reason: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class KeyReport:
    """A configured key as it stands now; `status` is None while it is simply usable."""

    fingerprint: str
    project: str
    status: KeyStatus | None

    @property
    def state(self) -> KeyState:
        """Whether it may be used."""
        return KeyState.USABLE if self.status is None else self.status.state


@dataclass(frozen=True, slots=True)
class Usage:
    """What a project has used of a bucket today, in calls (search) or units."""

    project: str
    bucket: Bucket
    used: int
    limit: int
    exhausted_at: datetime | None

    @property
    def left(self) -> int:
        """What may still be spent today."""
        return 0 if self.exhausted_at else max(0, self.limit - self.used)


@dataclass
class Spending:
    """What one piece of work was charged; passed along to whatever calls on its behalf."""

    search_calls: int = 0
    units: int = 0

    def add(self, bucket: Bucket, cost: int = 1) -> None:
        """Count a charge."""
        if bucket is Bucket.SEARCH:
            self.search_calls += cost
        else:
            self.units += cost

    def of(self, bucket: Bucket) -> int:
        """Return what was charged to a bucket."""
        return self.search_calls if bucket is Bucket.SEARCH else self.units


def parse_keys(text: str) -> tuple[ApiKey, ...]:
    """Read comma-separated `key` or `project:key`.

    A bare key counts as a project of its own, named by the key's fingerprint.
    """
    keys: dict[str, ApiKey] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        project, _, secret = entry.rpartition(":")
        key = ApiKey(secret.strip(), project.strip())
        keys.setdefault(key.secret, key if key.project else ApiKey(key.secret, key.fingerprint))
    return tuple(keys.values())
