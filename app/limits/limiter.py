"""Who may ask for how much: by client, by address, and for credentials by all addresses together.

Where Redis is away, requests are judged by buckets of the process (reads fail open), but none that
tries a password or a secret goes through (those fail closed). No Flask.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from app.domain.errors import CacheUnavailableError, LimiterUnavailableError
from app.limits.allowance import Allowance
from app.limits.memory import MemoryBuckets

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.limits.allowance import Verdict
    from app.limits.base import Buckets
    from app.telemetry import Incidents

READY_PAGE = 0.004
"""What a ready page costs. To refuse it costs a process as much as to answer, so this is far above
any reader: 5,000 a second for long, and 300,000 at once, with the usual units of an address. It
keeps one address from filling a line with pages for hours."""

CREDENTIALS_PER_MINUTE = 60
"""For an address. Whoever has a secret needs one request in 15 minutes."""

ALL_CREDENTIALS_PER_MINUTE = 600
"""Of what can be guessed, for all addresses together: a hundred passwords of 12 characters."""

REST_SECONDS = 2.0
"""How long Redis is left alone after it has not answered; one request then tries it."""


class Limiter:
    """Judges requests. Safe to share between threads.

    Args:
        shared: buckets of all processes; None if there is only this one.
        per_address: units a minute; 0 for no limit.
        per_client: units a minute of a client with a token; 0 for no limit.
        local: buckets of this process.
        incidents: told when the shared buckets cannot be asked, and when they can again: Redis may
            be full or read-only, and answer whoever looks whether it is there.
        clock: seconds, from anywhere.
    """

    def __init__(
        self,
        shared: Buckets | None = None,
        *,
        per_address: int,
        per_client: int,
        local: Buckets | None = None,
        incidents: Incidents | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = shared
        self._local = local or MemoryBuckets()
        self._pages = MemoryBuckets()
        self._of_address = Allowance("address", per_address) if per_address else None
        self._of_client = Allowance("client", per_client) if per_client else None
        self._ready_cost = self._of_address.weigh(READY_PAGE) if self._of_address else 0
        self._incidents = incidents
        self._clock = clock
        self._rests_until: float | None = None

    def judge_address(self, address: str, cost: float) -> Verdict | None:
        """Judge a request of an address; None if there is no limit."""
        return self._judge(self._of_address, address, cost)

    def judge_client(self, client_id: str, cost: float) -> Verdict | None:
        """Judge a request of a client whose token is good; None if there is no limit."""
        return self._judge(self._of_client, client_id, cost)

    def judge_credentials(self, address: str, cost: float, *, guessable: bool) -> Verdict:
        """Judge a request that tries a secret, which is limited in any case.

        What people made up can be guessed from many addresses, so all of them have a common bucket,
        too; an address that asks too much takes nothing from it. For secrets of 256 bits it would
        only be a way for a dozen addresses to keep everybody out.

        Raises:
            LimiterUnavailableError: Redis is away.
        """
        own = Allowance("credentials", CREDENTIALS_PER_MINUTE)
        everybodys = Allowance("all-credentials", ALL_CREDENTIALS_PER_MINUTE)
        try:
            verdict = self._take(own, address, cost)
            asks_all = guessable and verdict.allowed
            common = self._take(everybodys, "", cost) if asks_all else verdict
        except CacheUnavailableError:
            raise LimiterUnavailableError("Redis is away") from None
        return verdict if common.allowed else common

    def allows_ready_page(self, address: str) -> bool:
        """Tell whether an address may have a ready page; waits for nothing."""
        limited = self._of_address
        return limited is None or self._pages.take(address, self._ready_cost, limited.limit)[0]

    def _judge(self, allowance: Allowance | None, who: str, cost: float) -> Verdict | None:
        if allowance is None:
            return None
        try:
            return self._take(allowance, who, cost)
        except CacheUnavailableError:
            return _taken(self._local, allowance, who, cost)

    def _take(self, allowance: Allowance, who: str, cost: float) -> Verdict:
        if self._shared is None:
            return _taken(self._local, allowance, who, cost)
        if self._rests_until is not None:
            if self._clock() < self._rests_until:
                raise CacheUnavailableError("Redis did not answer a moment ago")
            self._rest()  # the others go on without it while this one tries
        try:
            verdict = _taken(self._shared, allowance, who, cost)
        except CacheUnavailableError as error:
            self._rest()
            if self._incidents is not None:
                self._incidents.begin(LimiterUnavailableError.code, str(error))
            raise
        if self._rests_until is not None:
            self._rests_until = None
            if self._incidents is not None:
                self._incidents.end(LimiterUnavailableError.code)
        return verdict

    def _rest(self) -> None:
        self._rests_until = self._clock() + REST_SECONDS


def _taken(buckets: Buckets, allowance: Allowance, who: str, cost: float) -> Verdict:
    name = f"{allowance.name}:{who}"
    allowed, backlog = buckets.take(name, allowance.weigh(cost), allowance.limit)
    return allowance.verdict(cost, backlog, allowed=allowed)
