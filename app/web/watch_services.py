"""What the web layer asks of those who manage watches, beside what `services.py` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from app.domain.audit import Actor
    from app.domain.filters import Filters
    from app.domain.follows import Follow
    from app.domain.watches import RemovedWatch, Watch, WatchKind, WatchOptions
    from app.ingest.exchange.entries import Item
    from app.ingest.exchange.importer import Outcome
    from app.ingest.filter_preview import FilterPreview
    from app.ingest.planning import Preview
    from app.ingest.watch_reports import WatchReportPage
    from app.ingest.watching import WatchPage


class Planning(Protocol):
    """What-if questions; answering them changes nothing."""

    def preview(self, text: str, videos_per_day: float | None = None) -> Preview:
        """Say what watching a keyword would cost.

        Raises:
            InvalidValueError: not a keyword, or not a rate.
            StoreUnavailableError: the database is away.
        """


class WatchReports(Protocol):
    """How watches are doing."""

    def page(self, number: int, length: int, name: str = "") -> WatchReportPage:
        """Return a page of those with a text in their names; raises StoreUnavailableError."""


class Watching(Protocol):
    """What is watched; all may raise StoreUnavailableError, and NotFoundError for an id."""

    def by(self, actor: Actor) -> Watching:
        """Return the same for somebody who is named in the audit log; for all that changes it."""

    def page(self, number: int, length: int) -> WatchPage:
        """Return a page of the watches (from 1), oldest first."""

    def list_all(self) -> Sequence[Watch]:
        """Return every watch, oldest first."""

    def get(self, watch_id: int) -> tuple[Watch, int]:
        """Return a watch and how many videos its feed has."""

    def followed(self, watch_id: int) -> Sequence[Follow]:
        """Return the channels that are followed for a watch, those that bring most first."""

    def create(self, kind: WatchKind, text: str, options: WatchOptions) -> Watch:
        """Watch something; raises InvalidValueError and ConflictError."""

    def change(self, watch_id: int, options: WatchOptions) -> Watch:
        """Change what is given of a watch; raises InvalidMemberError."""

    def fetch_now(self, watch_id: int) -> Watch:
        """Make a watch due at the next tick; raises ConflictError."""

    def remove(self, watch_id: int) -> None:
        """Stop watching."""

    def restore(self, watch_id: int) -> Watch:
        """Bring back what was removed a moment ago; raises ConflictError."""

    def removed(self) -> Sequence[RemovedWatch]:
        """Return what can be brought back, the last one first."""


class FilterPreviews(Protocol):
    """What filters would do to what a watch has found; asking changes nothing."""

    def preview(self, watch_id: int, filters: Filters) -> FilterPreview:
        """Judge a watch's newest videos; raises NotFoundError and StoreUnavailableError."""


class Importing(Protocol):
    """Watches that come from a file."""

    def by(self, actor: Actor) -> Importing:
        """Return the same for somebody who is named in the audit log."""

    def look(self, file: BinaryIO, name: str) -> Sequence[tuple[Item, Outcome]]:
        """Return what a file lists, and what would become of each.

        Raises:
            InvalidValueError: not what can be read.
            StoreUnavailableError: the database is away.
        """

    def add(self, items: Sequence[Item]) -> Sequence[Outcome]:
        """Add entries, as many as there is time for; raises StoreUnavailableError."""

    def note(self, source: str, counts: Mapping[str, int]) -> None:
        """Note that a file was imported; raises StoreUnavailableError."""


class WatchServices(Protocol):
    """The part of `Services` that is described here."""

    @property
    def planning(self) -> Planning:
        """What a new watch would cost."""

    @property
    def watch_reports(self) -> WatchReports:
        """How watches are doing."""

    @property
    def watching(self) -> Watching:
        """What is watched."""

    @property
    def filter_previews(self) -> FilterPreviews:
        """What other filters of a watch would do."""

    @property
    def importing(self) -> Importing:
        """Watches that come from a file."""
