"""The key ring: round robin over the usable keys, past those that fail.

The index lives in the cache so that all workers rotate together; without it each process rotates
by itself, because fairness between keys is no reason to stop fetching. What may be spent and which
key is out of use stands in the database.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import (
    CacheUnavailableError,
    KeyRejectedError,
    NoUsableKeyError,
    QuotaExhaustedError,
    ThrottledError,
)
from app.domain.quota import ApiKey, KeyState, KeyStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from app.cache.base import KeyIndex
    from app.domain.clock import Clock
    from app.domain.quota import Bucket, Spending
    from app.quota.ledger import Ledger
    from app.store.store import Store
    from app.telemetry import Incidents

    Statuses = dict[str, KeyStatus]

T = TypeVar("T")

COOLING_SECONDS = 60.0
"""How long a throttled key rests at least (per-minute limits end after a minute)."""

TRIED_AGAIN_AFTER = timedelta(days=1)
"""A key that was refused is tried once a day: its owner may have mended it."""


class KeyRing:
    """Calls YouTube with whichever key may be used now.

    Args:
        keys: as configured, in order.
        index: rotates the keys.
        ledger: says what may be spent.
        store: holds the states of keys.
        clock: the present.
        incidents: told when a key goes out of use and when it is back.
    """

    def __init__(
        self,
        keys: Sequence[ApiKey],
        *,
        index: KeyIndex,
        ledger: Ledger,
        store: Store,
        clock: Clock,
        incidents: Incidents,
    ) -> None:
        self._keys = keys
        self._index = index
        self._own_index = count(1)
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._incidents = incidents

    def call(
        self, bucket: Bucket, request: Callable[[ApiKey], T], spending: Spending | None = None
    ) -> T:
        """Make a request with the next usable key, charged before it is made.

        A key that fails is passed over with its reason and the next one is used. Trouble that no
        other key can help (`BadRequestError`, `UpstreamError`, ...) is raised as it comes.
        Every charge is added to `spending` as well, also when the call fails.

        Raises:
            NoUsableKeyError: every key is out of use or out of quota.
            SourceError: YouTube failed in a way that is not the key's.
        """
        statuses = self._statuses()
        for key in self._in_turn(statuses):
            if not self._ledger.charge(key.project, bucket):
                continue
            if spending is not None:
                spending.add(bucket)
            try:
                answer = request(key)
            except (KeyRejectedError, QuotaExhaustedError, ThrottledError) as error:
                self._set_aside(key, bucket, error, statuses.get(key.fingerprint))
            else:
                self._welcome_back(key, bucket, statuses)
                return answer
        message = "every key failed this time"
        raise self.trouble(bucket) or NoUsableKeyError("keys_cooling", message, None)

    def trouble(self, bucket: Bucket) -> NoUsableKeyError | None:
        """Return why no call can be made from a bucket now; None if one can."""
        if not self._keys:
            return NoUsableKeyError("no_keys", "no YouTube API key is configured", None)
        statuses, now = self._statuses(), self._clock()
        usable = [key for key in self._keys if _is_usable(statuses.get(key.fingerprint), now)]
        if not usable:
            return _why_none(self.statuses())
        left = self._ledger.left(bucket, {key.project for key in usable})
        if any(left.values()):
            return None
        resets_at = self._ledger.resets_at()
        message = f"today's {bucket} quota of every usable project is used up"
        return NoUsableKeyError("quota_exhausted", message, resets_at)

    def left(self, bucket: Bucket) -> int:
        """Return what the usable keys' projects together have left of a bucket today."""
        return self.usable(bucket)[0]

    def usable(self, bucket: Bucket) -> tuple[int, int]:
        """Return what the usable keys' projects have left of a bucket today, and have a day."""
        statuses, now = self._statuses(), self._clock()
        usable = {k.project for k in self._keys if _is_usable(statuses.get(k.fingerprint), now)}
        left = sum(self._ledger.left(bucket, usable).values())
        return left, self._ledger.limit(bucket) * len(usable)

    def limit(self, bucket: Bucket) -> int:
        """Return what the projects of all configured keys together have of a bucket a day."""
        return self._ledger.limit(bucket) * len({key.project for key in self._keys})

    def statuses(self) -> list[KeyStatus]:
        """Return the keys that are not simply usable."""
        stored = self._statuses()
        return [stored[k.fingerprint] for k in self._keys if k.fingerprint in stored]

    def _statuses(self) -> Statuses:
        return self._store.read(lambda transaction: transaction.keys.list_all())

    def _in_turn(self, statuses: Statuses) -> list[ApiKey]:
        now = self._clock()
        usable = [key for key in self._keys if _is_usable(statuses.get(key.fingerprint), now)]
        start = self._next_index() % len(usable) if usable else 0
        return usable[start:] + usable[:start]

    def _next_index(self) -> int:
        try:
            return self._index.next()
        except CacheUnavailableError:
            return next(self._own_index)

    def _set_aside(
        self,
        key: ApiKey,
        bucket: Bucket,
        error: KeyRejectedError | QuotaExhaustedError | ThrottledError,
        before: KeyStatus | None,
    ) -> None:
        if isinstance(error, QuotaExhaustedError):
            self._incidents.begin(f"quota:{key.project}:{bucket}", str(error))
            if self._ledger.exhaust(key.project, bucket, error):
                return
        if isinstance(error, KeyRejectedError):
            state, reason = KeyState.DISABLED, f"{error.reason}: {error}"
            rest = TRIED_AGAIN_AFTER
        else:
            state, reason = KeyState.COOLING, str(error)
            rest = timedelta(seconds=max(COOLING_SECONDS, error.retry_after or 0))
        now = self._clock()
        since = before.since if before is not None and before.state is state else now
        status = KeyStatus(key.fingerprint, key.project, state, reason, since, now + rest)
        self._store.write(lambda transaction: transaction.keys.put(status))
        self._incidents.begin(f"key:{key.fingerprint}", f"{state}: {reason}")

    def _welcome_back(self, key: ApiKey, bucket: Bucket, statuses: Statuses) -> None:
        if key.fingerprint in statuses:
            self._store.write(lambda transaction: transaction.keys.clear(key.fingerprint))
        # Also when another process cleared the state: this one may have told of its beginning.
        self._incidents.end(f"key:{key.fingerprint}")
        self._incidents.end(f"quota:{key.project}:{bucket}")


def _is_usable(status: KeyStatus | None, now: datetime) -> bool:
    return status is None or (status.until is not None and status.until <= now)


def _why_none(statuses: list[KeyStatus]) -> NoUsableKeyError:
    cooling = [s.until for s in statuses if s.state is KeyState.COOLING and s.until]
    if cooling:
        return NoUsableKeyError("keys_cooling", "every key rests after a throttle", min(cooling))
    until = min((s.until for s in statuses if s.until), default=None)
    reasons = "; ".join(f"key {s.fingerprint}: {s.reason}" for s in statuses)
    return NoUsableKeyError("keys_disabled", f"no key is accepted: {reasons}", until)
