"""What the operator has to know: chosen from what is wrong. It tells nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.quota import KeyState
from app.domain.watches import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.quota import KeyStatus
    from app.domain.watches import Watch
    from app.domain.webhooks import Webhook
    from app.quota.ring import KeyRing
    from app.store.store import Store, Transaction

AT_ONCE = frozenset({"quota_exhausted", "keys_disabled"})
"""Nothing can be searched for until a day ends, or until somebody does something."""

NEVER = frozenset({"no_watches", "no_keys", "gone", "key_disabled", "webhook_paused"})
"""What the operator has chosen, or one channel's fate; the last two are told one by one instead."""

LASTING = timedelta(hours=1)
"""What else /ready shows is told when it has lasted so long: a source that fails, above all."""


class Noticing:
    """Looks for trouble; share one per process.

    Args:
        problems: gives what /ready shows.
        ring: knows the keys.
        store: holds watches and webhooks.
        clock: the present.
        stale_after: how old the last successful poll may be; None: as old as it likes.
    """

    def __init__(
        self,
        problems: Callable[[], Sequence[Problem]],
        ring: KeyRing,
        store: Store,
        clock: Clock,
        stale_after: timedelta | None,
    ) -> None:
        self._problems = problems
        self._ring = ring
        self._store = store
        self._clock = clock
        self._stale_after = stale_after

    def look(self, known: Container[str]) -> dict[str, Problem]:
        """Return the present trouble by its code.

        Args:
            known: codes of alerts there are. What goes on of these is trouble however young it
                looks: another watch may have it now, or this process may be younger than it is.

        Raises:
            StoreUnavailableError: the database is away, so nobody can say.
        """
        watches, paused = self._store.read(_watches_and_paused)
        now = self._clock()
        found = [
            *_lasting(self._problems(), now, known),
            *_disabled(self._ring.statuses()),
            *_given_up(paused),
            *_stale(watches, now, self._stale_after),
        ]
        return {problem.code: problem for problem in found}


def _watches_and_paused(transaction: Transaction) -> tuple[list[Watch], list[Webhook]]:
    return transaction.watches.list_all(), transaction.webhooks.list_given_up()


def _lasting(
    problems: Sequence[Problem], now: datetime, known: Container[str]
) -> Iterator[Problem]:
    for problem in problems:
        told_now = problem.code in AT_ONCE or problem.code in known
        if (told_now or problem.since <= now - LASTING) and problem.code not in NEVER:
            yield problem


def _disabled(keys: Sequence[KeyStatus]) -> Iterator[Problem]:
    for key in keys:
        if key.state is KeyState.DISABLED:
            detail = f"the key {key.fingerprint} of {key.project} is not accepted: {key.reason}"
            yield Problem(f"key_disabled:{key.fingerprint}", key.since, detail)


def _given_up(webhooks: Sequence[Webhook]) -> Iterator[Problem]:
    for webhook in webhooks:
        if webhook.paused is not None and webhook.paused_at is not None:
            number, why = webhook.webhook_id, webhook.paused.value
            detail = f"nothing is sent to the webhook {number} any more ({why})"
            yield Problem(f"webhook_paused:{number}", webhook.paused_at, detail)


def _stale(
    watches: Sequence[Watch], now: datetime, stale_after: timedelta | None
) -> Iterator[Problem]:
    """Tell of a time in which no poll of any watch succeeded; a new watch gets that time, too."""
    polled = [it.last_success_at or it.created_at for it in watches if not it.paused]
    if stale_after is not None and polled and (newest := max(polled)) <= now - stale_after:
        minutes = int(stale_after.total_seconds()) // 60
        yield Problem("data_stale", newest, f"no poll has succeeded for over {minutes} minutes")
