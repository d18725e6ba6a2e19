"""Claims that could not be given back, as the database was away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import LeaseLostError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.watches import Claim
    from app.ingest.claims import Claims
    from app.ingest.flag import Flag

GIVEN_BACK_WITHIN = timedelta(seconds=18)
"""Counted from the begin of a poll; Celery ends a task after 25 s."""

_PAUSE_SECONDS = 1.0


class GivingBack:
    """Lets go of claims as soon as the database is there again.

    A database that is away for seconds would else cost half a minute: a lease has to run out
    before anybody else may poll.

    Args:
        claims: gives them back.
        clock: the present.
        wait: lets so many seconds pass.
        stopping: whether the process is to end soon.
    """

    def __init__(
        self, claims: Claims, clock: Clock, wait: Callable[[float], None], stopping: Flag
    ) -> None:
        self._claims = claims
        self._clock = clock
        self._wait = wait
        self._stopping = stopping

    def when_it_can(self, claim: Claim, begun_at: datetime) -> None:
        """Try each second to let go of a claim; the lease runs out by itself if that fails."""
        for _ in range(int(GIVEN_BACK_WITHIN.total_seconds() / _PAUSE_SECONDS)):
            if self._stopping.is_set() or self._clock() - begun_at >= GIVEN_BACK_WITHIN:
                return
            self._wait(_PAUSE_SECONDS)
            try:
                self._claims.let_go(claim)
            except StoreUnavailableError:
                continue
            except LeaseLostError:
                return
            return

    def at_once(self, claims: Iterable[Claim]) -> None:
        """Let go of claims for which nobody was sent."""
        for claim in claims:
            try:
                self._claims.let_go(claim)
            except (LeaseLostError, StoreUnavailableError):
                continue
