"""Claims on watches: which are due, who holds one, how far it has read. Part of the watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, or_, select, update

from app.domain.errors import LeaseLostError
from app.domain.watches import Claim, Problem
from app.store.feed_version import lock_version
from app.store.models import WatchRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_IS_DUE = and_(
    WatchRow.next_due_at <= bindparam("now"),
    WatchRow.paused.is_(False),
    or_(WatchRow.leased_until.is_(None), WatchRow.leased_until <= bindparam("now")),
)
_DUE = (
    select(WatchRow.watch_id, WatchRow.fence)
    .where(_IS_DUE)
    .order_by(WatchRow.next_due_at, WatchRow.watch_id)
)


class WatchClaims:
    """Gives watches out and takes them back within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim_due(
        self,
        now: datetime,
        leased_until: datetime,
        limit: int,
    ) -> list[Claim]:
        """Claim watches of any kind that are due and not held by anyone, the longest due first.

        A removed watch is paused, too.

        Two tickers may see the same watch; the conditional UPDATE lets one of them have it, and
        the higher fence shuts out whoever held it before. Whatever else writes more than one watch
        locks the feed version first; so does this, or two of them could wait for each other's.
        """
        seen = self._connection.execute(_DUE.limit(limit), {"now": now}).all()
        if seen:
            lock_version(self._connection)
        claims = []
        for watch_id, fence in seen:
            mine = and_(WatchRow.watch_id == watch_id, WatchRow.fence == fence, _IS_DUE)
            values = {"fence": fence + 1, "leased_until": leased_until}
            claimed = update(WatchRow).where(mine).values(values)
            if self._connection.execute(claimed, {"now": now}).rowcount == 1:
                claims.append(Claim(watch_id, fence + 1))
        return claims

    def renew(self, claim: Claim, leased_until: datetime) -> None:
        """Lengthen a lease; every transaction under a claim begins with this.

        Raises:
            LeaseLostError: another worker has the watch, or it was removed.
        """
        self._under(claim, leased_until=leased_until)

    def let_go(self, claim: Claim) -> None:
        """End a lease and nothing else: the watch is as due as it was, by whatever clock.

        Raises:
            LeaseLostError: another worker has the watch, or it was removed.
        """
        self._under(claim, leased_until=None)

    def read_to(self, claim: Claim, read_until: datetime) -> None:
        """Note how far the watch has been taken in hand.

        Raises:
            LeaseLostError: another worker has the watch.
        """
        self._under(claim, read_until=read_until)

    def release(
        self, claim: Claim, *, next_due_at: datetime, now: datetime, problem: Problem | None
    ) -> None:
        """End a claim, well or with the problem that ended the poll.

        Raises:
            LeaseLostError: another worker has the watch, or it was removed.
        """
        if problem is None:
            self._under(
                claim,
                next_due_at=next_due_at,
                leased_until=None,
                last_success_at=now,
                error_code=None,
                error_since=None,
                error_detail=None,
            )
            return
        self._under(
            claim,
            next_due_at=next_due_at,
            leased_until=None,
            error_code=problem.code,
            error_since=problem.since,
            error_detail=problem.detail,
        )

    def grant_wish(self, claim: Claim, begun_at: datetime, now: datetime) -> None:
        """Note that a poll begun at an instant was the one somebody asked for, if he did.

        Who asked later, while it was under way, gets one more at once.
        """
        mine = and_(WatchRow.watch_id == claim.watch_id, WatchRow.fence == claim.fence)
        wanted = self._connection.execute(select(WatchRow.wanted_at).where(mine)).scalar()
        if wanted is None:
            return
        values = {"wanted_at": None} if wanted <= begun_at else {"next_due_at": now}
        self._connection.execute(update(WatchRow).where(mine).values(values))

    def void_leases(self) -> None:
        """End every lease: only for the one process that is alone by its file lock."""
        self._connection.execute(update(WatchRow).values(leased_until=None))

    def _under(self, claim: Claim, **values: object) -> None:
        mine = and_(WatchRow.watch_id == claim.watch_id, WatchRow.fence == claim.fence)
        if self._connection.execute(update(WatchRow).where(mine).values(values)).rowcount != 1:
            raise LeaseLostError(f"the claim on watch {claim.watch_id} was taken over")
