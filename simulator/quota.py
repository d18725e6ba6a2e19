"""Keys, their projects and states, and what each project has used of its two buckets today.

A project has search calls and general units, reset at midnight Pacific (YouTube API docs).
Every request with a usable key is charged, also an invalid one; nothing is served once a
bucket is empty. This keeps no files: a restart forgets the day.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time
from threading import Lock
from typing import TYPE_CHECKING, Literal, get_args
from zoneinfo import ZoneInfo

from simulator import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

PACIFIC = ZoneInfo("America/Los_Angeles")

KeyState = Literal["ok", "invalid", "expired", "api_disabled", "blocked", "ip_blocked", "throttled"]
KEY_STATES: tuple[KeyState, ...] = get_args(KeyState)
Bucket = Literal["search", "units"]


@dataclass(frozen=True, slots=True)
class Key:
    """An API key; keys of one project share its quota."""

    text: str
    project: str
    state: KeyState = "ok"

    @property
    def project_number(self) -> str:
        """Twelve digits, as error bodies name a project."""
        if self.project.isdecimal():
            return self.project
        digest = hashlib.blake2b(self.project.encode(), digest_size=8).digest()
        return str(100_000_000_000 + int.from_bytes(digest) % 900_000_000_000)


def parse_key(text: str) -> Key:
    """Read KEY[:PROJECT[:STATE]]; ValueError for an unknown state."""
    key, _, rest = text.partition(":")
    project, _, state = rest.partition(":")
    return Key(key, project or key, parse_state(state or "ok"))


def parse_state(text: object) -> KeyState:
    """One of KEY_STATES, else ValueError."""
    for state in KEY_STATES:
        if state == text:
            return state
    raise ValueError(f"unknown key state {text!r}; known: {', '.join(KEY_STATES)}")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a key was charged in one bucket on one Pacific day, and the calls turned away."""

    key: str
    project: str
    bucket: Bucket
    day: date
    charged: int
    refused: int


class Quota:
    """Decides whether a call is served, and counts it. Calls from several threads are safe."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        search_calls_per_day: int,
        units_per_day: int,
        keys: Iterable[Key] = (),
    ) -> None:
        self.limits: dict[Bucket, int] = {"search": search_calls_per_day, "units": units_per_day}
        self._clock = clock
        self._keys = {key.text: key for key in keys}
        self._open = not self._keys
        self._lock = Lock()
        self._used: Counter[tuple[str, Bucket, date]] = Counter()
        self._charged: Counter[tuple[Key, Bucket, date]] = Counter()
        self._refused: Counter[tuple[Key, Bucket, date]] = Counter()

    def set_state(self, text: str, state: KeyState) -> None:
        """Change a key from now on; an unknown one is added."""
        with self._lock:
            known = self._keys.get(text)
            self._keys[text] = Key(text, known.project if known else text, state)

    def charge(self, key_text: str, method: str, caller_ip: str) -> None:
        """Count one call of `method`; ApiError when the key or the quota refuses it."""
        with self._lock:
            key = self._key(key_text)
            _check_state(key, method, caller_ip)
            self._charge(key, "search" if method == "search" else "units")

    def usage(self) -> list[Usage]:
        """Everything counted since the start."""
        with self._lock:
            counted = sorted(
                self._charged.keys() | self._refused.keys(),
                key=lambda row: (row[2], row[0].text, row[1]),
            )
            return [
                Usage(key.text, key.project, bucket, day, self._charged[row], self._refused[row])
                for row in counted
                for key, bucket, day in (row,)
            ]

    def _key(self, text: str) -> Key:
        if not text:
            raise errors.key_missing()
        key = self._keys.get(text) or (Key(text, text) if self._open else None)
        if key is None:
            raise errors.key_invalid()
        return key

    def _charge(self, key: Key, bucket: Bucket) -> None:
        today = self._clock().astimezone(PACIFIC).date()
        key = Key(key.text, key.project)
        if self._used[key.project, bucket, today] >= self.limits[bucket]:
            self._refused[key, bucket, today] += 1
            raise self._exhausted(key, bucket, today)
        self._used[key.project, bucket, today] += 1
        self._charged[key, bucket, today] += 1

    def _exhausted(self, key: Key, bucket: Bucket, today: date) -> errors.ApiError:
        if bucket == "units":
            return errors.quota_exceeded()
        midnight = datetime.combine(today, time(), PACIFIC)
        return errors.search_quota_exhausted(key.project_number, self.limits[bucket], midnight)


def _check_state(key: Key, method: str, caller_ip: str) -> None:
    match key.state:
        case "ok":
            return
        case "invalid":
            raise errors.key_invalid()
        case "expired":
            raise errors.key_expired()
        case "api_disabled":
            raise errors.api_disabled(key.project_number)
        case "blocked":
            raise errors.key_blocked(method)
        case "ip_blocked":
            raise errors.ip_blocked(caller_ip)
        case "throttled":
            raise errors.throttled(key.project_number)
