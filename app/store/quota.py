"""The ledger of quota and the states of keys: they outlive processes and the loss of Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, exists, insert, select, update

from app.domain.quota import Bucket, KeyState, KeyStatus, Usage
from app.store.executing import insert_if_absent
from app.store.models import KeyStateRow, QuotaUsageRow, ReserveUsageRow

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Connection


class QuotaRepository:
    """Reads and writes the ledger within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def charge(self, project: str, bucket: Bucket, day: date, limit: int, cost: int) -> bool:
        """Spend `cost` of a bucket if that much is left; tell whether it was.

        One conditional UPDATE, so no number of processes overspends. The limit is the one given,
        whatever it was when the day began; what YouTube called used up stays so until midnight.
        """
        self._open_day(project, bucket, day, limit)
        left = and_(
            _is(project, bucket, day),
            QuotaUsageRow.exhausted_at.is_(None),
            QuotaUsageRow.used + cost <= limit,
        )
        spent = update(QuotaUsageRow).where(left).values(used=QuotaUsageRow.used + cost)
        return self._connection.execute(spent).rowcount == 1

    def exhaust(self, project: str, bucket: Bucket, day: date, limit: int, now: datetime) -> None:
        """Note that YouTube calls the bucket used up: nothing more is asked of it that day."""
        self._open_day(project, bucket, day, limit)
        values = {"exhausted_at": now, "day_limit": limit}
        self._connection.execute(
            update(QuotaUsageRow).where(_is(project, bucket, day)).values(values)
        )

    def take_reserve(self, day: date, most: int) -> bool:
        """Note a call that somebody asks for, if that day's are fewer than `most`; tell whether.

        The feed version must be locked: nobody else opens the day meanwhile.
        """
        if not self.reserve_used(day):
            self._connection.execute(delete(ReserveUsageRow).where(ReserveUsageRow.day <= day))
            self._connection.execute(insert(ReserveUsageRow).values(day=day, used=0))
        left = and_(ReserveUsageRow.day == day, ReserveUsageRow.used < most)
        taken = update(ReserveUsageRow).where(left).values(used=ReserveUsageRow.used + 1)
        return self._connection.execute(taken).rowcount == 1

    def reserve_used(self, day: date) -> int:
        """Return how many calls were asked for that day."""
        query = select(ReserveUsageRow.used).where(ReserveUsageRow.day == day)
        return self._connection.execute(query).scalar() or 0

    def list_usage(self, day: date) -> list[Usage]:
        """Return what has been used that day."""
        rows = self._connection.execute(
            select(QuotaUsageRow.__table__).where(QuotaUsageRow.day == day)
        )
        return [
            Usage(row.project, Bucket(row.bucket), row.used, row.day_limit, row.exhausted_at)
            for row in rows
        ]

    def _open_day(self, project: str, bucket: Bucket, day: date, limit: int) -> None:
        query = select(QuotaUsageRow.used).where(_is(project, bucket, day))
        if self._connection.execute(query).one_or_none() is not None:
            return
        row = {
            "project": project,
            "bucket": bucket.value,
            "day": day,
            "used": 0,
            "day_limit": limit,
        }
        insert_if_absent(self._connection, insert(QuotaUsageRow).values(row))


class KeyRepository:
    """Reads and writes key states within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_all(self) -> dict[str, KeyStatus]:
        """Return every key that is not simply usable, by fingerprint."""
        rows = self._connection.execute(select(KeyStateRow.__table__))
        return {
            row.fingerprint: KeyStatus(
                fingerprint=row.fingerprint,
                project=row.project,
                state=KeyState(row.state),
                reason=row.reason,
                since=row.since,
                until=row.until,
            )
            for row in rows
        }

    def is_held(self, fingerprint: str) -> bool:
        """Tell whether the operator holds a key."""
        row = and_(KeyStateRow.fingerprint == fingerprint, KeyStateRow.state == KeyState.HELD.value)
        return self._connection.execute(select(exists().where(row))).scalar_one()

    def put(self, status: KeyStatus) -> None:
        """Store a key's state in place of the one before; of several writers the last one wins.

        But a key that the operator holds stays held, whatever comes of calls under way.
        """
        values = {
            "project": status.project,
            "state": status.state.value,
            "reason": status.reason,
            "since": status.since,
            "until": status.until,
        }
        row = _key(status.fingerprint, held=status.state is KeyState.HELD)
        change = update(KeyStateRow).where(row).values(values)
        if self._connection.execute(change).rowcount == 1:
            return
        new = insert(KeyStateRow).values(fingerprint=status.fingerprint, **values)
        if not insert_if_absent(self._connection, new):
            self._connection.execute(change)

    def clear(self, fingerprint: str, *, held: bool = False) -> bool:
        """Forget a key's state: it is usable. One that is held only if `held` is given.

        Returns:
            Whether there was one to forget.
        """
        cleared = delete(KeyStateRow).where(_key(fingerprint, held=held))
        return self._connection.execute(cleared).rowcount == 1


def _key(fingerprint: str, *, held: bool) -> ColumnElement[bool]:
    row = KeyStateRow.fingerprint == fingerprint
    return row if held else and_(row, KeyStateRow.state != KeyState.HELD.value)


def _is(project: str, bucket: Bucket, day: date) -> ColumnElement[bool]:
    row = QuotaUsageRow
    return and_(row.project == project, row.bucket == bucket.value, row.day == day)
