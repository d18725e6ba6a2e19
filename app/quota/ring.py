"""The key ring: round robin over the usable keys, past those that fail.

The index lives in the cache so that all workers rotate together; without it each process rotates
by itself, because fairness between keys is no reason to stop fetching. What may be spent and which
key is out of use stands in the database.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import (
    CacheUnavailableError,
    KeyRejectedError,
    NotFoundError,
    NoUsableKeyError,
    QuotaExhaustedError,
    ThrottledError,
)
from app.domain.quota import KeyReport, KeyState, Spending
from app.quota.key_states import KeyStates, is_usable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.cache.base import KeyIndex
    from app.domain.clock import Clock
    from app.domain.quota import ApiKey, Bucket, KeyStatus
    from app.quota.key_states import Statuses
    from app.quota.ledger import Ledger
    from app.store.store import Store
    from app.telemetry import Incidents

T = TypeVar("T")

_PASSED_OVER = (KeyRejectedError, QuotaExhaustedError, ThrottledError, NoUsableKeyError)


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
        self._states = KeyStates(store, clock, incidents)
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
        spending = spending or Spending()
        for key in self._in_turn(statuses):
            with suppress(*_PASSED_OVER):
                return self._ask(key, bucket, request, spending, statuses)
        message = "every key failed this time"
        raise self.trouble(bucket) or NoUsableKeyError("keys_cooling", message, None)

    def call_with(self, fingerprint: str, bucket: Bucket, request: Callable[[ApiKey], T]) -> T:
        """Make a request with this key, whatever its state, charged before it is made.

        What comes of it is noted as for any call.

        Raises:
            NotFoundError: no such key is configured.
            NoUsableKeyError: its project has nothing left of the bucket.
            SourceError: YouTube failed, or refused the key.
        """
        return self._ask(self._find(fingerprint), bucket, request, Spending(), self._statuses())

    def hold(self, fingerprint: str) -> None:
        """Use a key no more until `release`, whatever comes of calls under way.

        Raises:
            NotFoundError: no such key is configured.
        """
        self._states.hold(self._find(fingerprint))

    def release(self, fingerprint: str) -> None:
        """Forget why a key is out of use: the next call may take it.

        Raises:
            NotFoundError: no such key is configured.
        """
        self._states.release(self._find(fingerprint))

    def list_keys(self) -> list[KeyReport]:
        """Return every configured key as it stands, in order."""
        stored, now = self._statuses(), self._clock()

        def report(key: ApiKey) -> KeyReport:
            status = stored.get(key.fingerprint)
            rested = status and status.state is KeyState.COOLING and is_usable(status, now)
            return KeyReport(key.fingerprint, key.project, None if rested else status)

        return [report(key) for key in self._keys]

    def trouble(self, bucket: Bucket) -> NoUsableKeyError | None:
        """Return why no call can be made from a bucket now; None if one can."""
        if not self._keys:
            return NoUsableKeyError("no_keys", "no YouTube API key is configured", None)
        statuses, now = self._statuses(), self._clock()
        usable = [key for key in self._keys if is_usable(statuses.get(key.fingerprint), now)]
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
        usable = {k.project for k in self._keys if is_usable(statuses.get(k.fingerprint), now)}
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
        return self._states.list_all()

    def _in_turn(self, statuses: Statuses) -> list[ApiKey]:
        now = self._clock()
        usable = [key for key in self._keys if is_usable(statuses.get(key.fingerprint), now)]
        start = self._next_index() % len(usable) if usable else 0
        return usable[start:] + usable[:start]

    def _find(self, fingerprint: str) -> ApiKey:
        for key in self._keys:
            if key.fingerprint == fingerprint:
                return key
        # Without its text: it may be a key, given by mistake.
        raise NotFoundError("no configured key has this fingerprint")

    def _ask(
        self,
        key: ApiKey,
        bucket: Bucket,
        request: Callable[[ApiKey], T],
        spending: Spending,
        statuses: Statuses,
    ) -> T:
        if not self._ledger.charge(key.project, bucket):
            message = f"today's {bucket} quota of project {key.project} is used up"
            raise NoUsableKeyError("quota_exhausted", message, self._ledger.resets_at())
        spending.add(bucket)
        try:
            answer = request(key)
        except (KeyRejectedError, QuotaExhaustedError, ThrottledError) as error:
            self._pass_over(key, bucket, error, statuses.get(key.fingerprint))
            raise
        self._states.welcome_back(key, statuses.get(key.fingerprint))
        self._incidents.end(f"quota:{key.project}:{bucket}")
        return answer

    def _pass_over(
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
        self._states.set_aside(key, error, before)

    def _next_index(self) -> int:
        try:
            return self._index.next()
        except CacheUnavailableError:
            return next(self._own_index)


def _why_none(statuses: list[KeyStatus]) -> NoUsableKeyError:
    cooling = [s.until for s in statuses if s.state is KeyState.COOLING and s.until]
    if cooling:
        return NoUsableKeyError("keys_cooling", "every key rests after a throttle", min(cooling))
    until = min((s.until for s in statuses if s.until), default=None)
    reasons = "; ".join(f"key {s.fingerprint}: {s.reason}" for s in statuses)
    return NoUsableKeyError("keys_disabled", f"no key is accepted: {reasons}", until)
