"""What the web layer asks of those who only tell how things are, beside what `services.py` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from app.alerts.reporting import AlertReport
    from app.domain.audit import AuditEntry, AuditQuery
    from app.domain.burn_down import SpentDay
    from app.domain.configured import Configured
    from app.domain.coverage import CoveragePage, WatchCoverage
    from app.domain.fetches import FetchQuery, LoggedFetch
    from app.domain.logs import LogPage
    from app.domain.statistics import Counts, DayDelay, Grain
    from app.domain.timelines import TimelinePage
    from app.domain.watches import Problem
    from app.ingest.health import HealthReport
    from app.ingest.overview import Overview
    from app.ingest.quota_report import QuotaReport


class FetchLog(Protocol):
    """What was asked of the sources."""

    def page(self, query: FetchQuery) -> LogPage[LoggedFetch]:
        """Return a page of the log, newest first; raises StoreUnavailableError."""


class CoverageReports(Protocol):
    """How far watches have been read; all methods may raise StoreUnavailableError."""

    def page(self, number: int, length: int) -> CoveragePage:
        """Return the coverage of a page of watches (from 1), oldest watch first."""

    def get(self, watch_id: int) -> WatchCoverage:
        """Return the coverage of one watch; raises NotFoundError."""

    def timelines(self, number: int, length: int) -> TimelinePage:
        """Return the timelines of a page of watches (from 1), oldest watch first."""

    def timeline(self, watch_id: int) -> TimelinePage:
        """Return a page with the timeline of one watch; raises NotFoundError."""


class AuditLog(Protocol):
    """Who changed what."""

    def page(self, query: AuditQuery) -> LogPage[AuditEntry]:
        """Return a page of the log, newest first; raises StoreUnavailableError."""


class Statistics(Protocol):
    """How many videos were published when."""

    def counts(
        self,
        grain: Grain,
        after: datetime | None,
        before: datetime | None,
        watch_id: int | None,
    ) -> Counts:
        """Return counts; raises InvalidValueError, NotFoundError and StoreUnavailableError."""

    def delays(self, watch_id: int | None) -> Sequence[DayDelay]:
        """Return how late search was each day; raises NotFoundError and StoreUnavailableError."""


class QuotaReporter(Protocol):
    """What is spent, which keys are in use, and what is to come."""

    def report(self) -> QuotaReport:
        """Return quota as it stands; raises StoreUnavailableError."""

    def spent_today(self) -> SpentDay:
        """Return what today's fetches cost, by the hour; raises StoreUnavailableError."""


class OverviewReader(Protocol):
    """What every page may show."""

    def read(self) -> Overview:
        """Return it, some seconds old at most; never raises for a database that is away."""


class Readiness(Protocol):
    """Whether reads can be answered, and everything that is wrong."""

    @property
    def serving(self) -> bool:
        """Whether cache or database can answer a read."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong now, oldest first."""


class ReadinessCheck(Protocol):
    """Looks at the backends; never raises."""

    def check(self) -> Readiness:
        """Return the present state."""


class HealthCheck(Protocol):
    """Looks at every part; never raises."""

    def report(self) -> HealthReport:
        """Return how the parts are now."""


class AlertReports(Protocol):
    """What the operator was told."""

    def report(self) -> AlertReport:
        """Return who is told and of what; raises StoreUnavailableError."""


class ReportServices(Protocol):
    """The part of `Services` that is described here."""

    @property
    def readiness(self) -> ReadinessCheck:
        """The state of the backends."""

    @property
    def fetch_log(self) -> FetchLog:
        """What was asked of the sources."""

    @property
    def coverage(self) -> CoverageReports:
        """How far watches have been read."""

    @property
    def audit_log(self) -> AuditLog:
        """Who changed what."""

    @property
    def statistics(self) -> Statistics:
        """How many videos were published when."""

    @property
    def quota(self) -> QuotaReporter:
        """What is spent, which keys are in use, and what is to come."""

    @property
    def overview(self) -> OverviewReader:
        """The whole at a glance."""

    @property
    def health(self) -> HealthCheck:
        """How every part is."""

    @property
    def alert_reports(self) -> AlertReports:
        """What the operator was told."""

    @property
    def configured(self) -> Sequence[Configured]:
        """The settings, without secrets."""
