"""What the pages of watches ask of the services below them, beside what the API asks, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import BinaryIO

    from app.domain.audit import Actor
    from app.domain.filters import Filters
    from app.ingest.exchange.entries import Item
    from app.ingest.exchange.importer import Outcome
    from app.ingest.filter_preview import FilterPreview


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
    def filter_previews(self) -> FilterPreviews:
        """What other filters of a watch would do."""

    @property
    def importing(self) -> Importing:
        """Watches that come from a file."""
