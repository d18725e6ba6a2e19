"""The store: transactions that carry one repository per noun."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from app.domain.audit import COMMAND_LINE, NEWSREEL
from app.domain.moderation import HiddenVideo
from app.domain.refreshing import DEFAULT_REFRESH
from app.store.alerts import AlertRepository
from app.store.audit import AuditRepository
from app.store.changes import ChangeRepository
from app.store.channels import ChannelRepository
from app.store.clients import ClientRepository, RevocationRepository
from app.store.clock_steps import ClockSteps
from app.store.feed import FeedRepository
from app.store.feed_tokens import FeedTokenRepository
from app.store.feed_version import lift_version, lock_version, read_site
from app.store.fetches import FetchRepository
from app.store.figures import FigureRepository
from app.store.follows import FollowRepository
from app.store.glances import GlanceRepository
from app.store.hidden import HiddenRepository
from app.store.intake import Intake
from app.store.quota import KeyRepository, QuotaRepository
from app.store.ranges import RangeRepository
from app.store.relinking import Relinking
from app.store.removal import Removal
from app.store.revisions import revision_of
from app.store.sessions import SessionRepository
from app.store.statistics import StatisticsRepository
from app.store.subscriptions import SubscriptionRepository
from app.store.videos import VideoRepository
from app.store.watches import WatchRepository
from app.store.webhooks import WebhookRepository
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from app.domain.audit import Action, Actor, AuditEntry
    from app.domain.feeds import Feed
    from app.domain.intake import Finding, Recorded
    from app.store.database import Database

T = TypeVar("T")


class Transaction:
    """One transaction and what can be done in it."""

    def __init__(
        self,
        connection: Connection,
        refresh_after: timedelta = DEFAULT_REFRESH,
        actor: Actor = NEWSREEL,
    ) -> None:
        self._connection = connection
        self._refresh_after = refresh_after
        self._actor = actor
        self.noted: list[AuditEntry] = []

    def note(self, action: Action, subject: str, at: datetime, **details: object) -> None:
        """Note in the audit log what is done here; without this transaction it was not done.

        Args:
            action: what is done.
            subject: to what, as KIND:ID; ASCII, 80 characters at most.
            at: the present.
            details: more of it, as JSON has it. No secrets.
        """
        self.noted.append(self.audit.add(self._actor, action, subject, at, details))

    def stand_in_line(self) -> None:
        """Wait for the content transactions before this one; what follows sees all of them."""
        lock_version(self._connection)

    def record(self, findings: Iterable[Finding], now: datetime) -> Recorded:
        """Store findings; the only way content comes in."""
        return Intake(self._connection, now, self._refresh_after).record(findings)

    def delete(self, video_ids: Collection[str], now: datetime) -> Recorded:
        """Delete videos; the only way content goes out for good."""
        return Removal(self._connection, now).delete(video_ids)

    def set_hidden(self, video_id: str, *, hidden: bool, now: datetime, note: str = "") -> Recorded:
        """Take a video out of every feed for good, or put it back where its watches want it.

        Of one that is hidden already only the note changes.

        Raises:
            NotFoundError: it is not known here.
        """
        if not hidden:
            return self.hidden.show(video_id, now)
        return self.hidden.hide(HiddenVideo(video_id, note, self._actor.name, now))

    def refilter(self, limit: int, now: datetime) -> Recorded | None:
        """Apply changed filters to up to `limit` videos; None if no watch's filters changed."""
        return Relinking(self._connection, now).refilter(limit)

    def withdraw(self, limit: int, now: datetime) -> Recorded | None:
        """Take up to `limit` videos from a removed watch; None if there is none."""
        return Relinking(self._connection, now).withdraw(limit)

    def drop_uncertain(
        self, watch_id: int, since: datetime, before: datetime, now: datetime
    ) -> int:
        """Drop a watch's unconfirmed links of videos published in that time; return how many."""
        return Relinking(self._connection, now).drop_uncertain(watch_id, since, before)

    def lift_version(self, feed: Feed, least: int) -> int:
        """Bring all feeds to `least` or above, if this one is behind; return the version."""
        return lift_version(self._connection, least, feed.watch_id)

    @property
    def site(self) -> str:
        """The name of this database among those that share a Redis."""
        return read_site(self._connection)

    @property
    def revision(self) -> str | None:
        """Which migration the database has come to."""
        return revision_of(self._connection)

    @cached_property
    def feed(self) -> FeedRepository:
        """Pages of feeds."""
        return FeedRepository(self._connection)

    @cached_property
    def changes(self) -> ChangeRepository:
        """What changed since when."""
        return ChangeRepository(self._connection)

    @cached_property
    def videos(self) -> VideoRepository:
        """Videos as ingest sees them."""
        return VideoRepository(self._connection)

    @cached_property
    def hidden(self) -> HiddenRepository:
        """Which videos moderators hide."""
        return HiddenRepository(self._connection)

    @cached_property
    def audit(self) -> AuditRepository:
        """Who changed what."""
        return AuditRepository(self._connection)

    @cached_property
    def watches(self) -> WatchRepository:
        """Watches and claims."""
        return WatchRepository(self._connection)

    @cached_property
    def ranges(self) -> RangeRepository:
        """What watches have still to read."""
        return RangeRepository(self._connection)

    @cached_property
    def channels(self) -> ChannelRepository:
        """How watched channels are followed."""
        return ChannelRepository(self._connection)

    @cached_property
    def subscriptions(self) -> SubscriptionRepository:
        """What the hub pushes."""
        return SubscriptionRepository(self._connection)

    @cached_property
    def follows(self) -> FollowRepository:
        """Which channels are followed for keywords."""
        return FollowRepository(self._connection)

    @cached_property
    def glances(self) -> GlanceRepository:
        """What was seen of channels nobody watches."""
        return GlanceRepository(self._connection)

    @cached_property
    def fetches(self) -> FetchRepository:
        """The log of fetches."""
        return FetchRepository(self._connection)

    @cached_property
    def figures(self) -> FigureRepository:
        """What is told to those who watch over the service."""
        return FigureRepository(self._connection)

    @cached_property
    def statistics(self) -> StatisticsRepository:
        """Counts for charts and lists."""
        return StatisticsRepository(self._connection)

    @cached_property
    def clock_steps(self) -> ClockSteps:
        """The database's clock, and what clocks that were ahead have written."""
        return ClockSteps(self._connection)

    @cached_property
    def quota(self) -> QuotaRepository:
        """The ledger."""
        return QuotaRepository(self._connection)

    @cached_property
    def keys(self) -> KeyRepository:
        """Key states."""
        return KeyRepository(self._connection)

    @cached_property
    def clients(self) -> ClientRepository:
        """The API's clients."""
        return ClientRepository(self._connection)

    @cached_property
    def revocations(self) -> RevocationRepository:
        """Which of their tokens hold no more."""
        return RevocationRepository(self._connection)

    @cached_property
    def feed_tokens(self) -> FeedTokenRepository:
        """The tokens of feed readers."""
        return FeedTokenRepository(self._connection)

    @cached_property
    def sessions(self) -> SessionRepository:
        """The sessions of browsers."""
        return SessionRepository(self._connection)

    @cached_property
    def webhooks(self) -> WebhookRepository:
        """Webhooks and what came into the feeds they are for."""
        return WebhookRepository(self._connection)

    @cached_property
    def alerts(self) -> AlertRepository:
        """What the operator was told."""
        return AlertRepository(self._connection)


class Store:
    """Runs work in transactions on the database, or its replica where lag does not matter.

    Args:
        primary: takes every write and the reads that must see them.
        readers: takes the feed's reads; the primary itself if there is none.
        refresh_after: how long a video that has come to rest is left alone.
        has_replica: whether `readers` is another database than the primary, and may lag behind.
        actor: who does what is done by it.
    """

    def __init__(
        self,
        primary: Database,
        readers: Database | None = None,
        refresh_after: timedelta = DEFAULT_REFRESH,
        actor: Actor = NEWSREEL,
        *,
        has_replica: bool = True,
    ) -> None:
        self._primary = primary
        self._readers = readers or primary
        self._refresh_after = refresh_after
        self._has_replica = has_replica and self._readers is not primary
        self._actor = actor
        self._log = get_logger("app.audit")

    def by(self, actor: Actor) -> Store:
        """Return this store as somebody else uses it; both share their connections."""
        return Store(
            self._primary,
            self._readers,
            self._refresh_after,
            actor,
            has_replica=self._has_replica,
        )

    @property
    def dialect(self) -> str:
        """Which kind of database the primary is: sqlite, mysql (MariaDB, too) or postgresql."""
        return self._primary.dialect

    @property
    def has_replica(self) -> bool:
        """Tell whether there is a replica beside the primary."""
        return self._has_replica

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` and commit; it may run more than once, so it must not act outside.

        What it noted for the audit is in the log afterwards, but for what a command does: that
        says so itself, and its log is its user's screen.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """

        def run(connection: Connection) -> tuple[T, list[AuditEntry]]:
            transaction = Transaction(connection, self._refresh_after, self._actor)
            return work(transaction), transaction.noted

        result, noted = self._primary.write(run)
        if self._actor != COMMAND_LINE:
            for entry in noted:
                self._tell(entry)
        return result

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` over a snapshot of the primary.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        return self._primary.read(lambda connection: work(Transaction(connection)))

    def read_replica(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` over a snapshot that may lag behind.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        return self._readers.read(lambda connection: work(Transaction(connection)))

    def migrate(self) -> None:
        """Bring the schema up to date.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        # Alembic takes a tenth of the start of a process, and few ever migrate.
        import_module("app.store.schema").migrate(self._primary)

    def _tell(self, entry: AuditEntry) -> None:
        self._log.info(
            "audit",
            audit_id=entry.audit_id,
            actor=entry.actor.name,
            address=entry.actor.address,
            action=entry.action,
            subject=entry.subject,
            details=entry.details,
        )

    def dispose(self) -> None:
        """Let go of all connections."""
        for database in {self._primary, self._readers}:
            database.dispose()
