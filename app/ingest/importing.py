"""Importing a file that comes in by requests: first a look at it, then its entries a few at a time.

Nothing is kept between the two: what is to be added comes with the second request, and is judged
anew. Adding again what was added changes nothing, so a stopped import is simply begun again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from app.ingest.exchange.entries import clean_label
from app.ingest.exchange.files import read_file
from app.ingest.exchange.importer import Importer, WatchList

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import BinaryIO

    from app.domain.audit import Actor
    from app.ingest.exchange.entries import Item
    from app.ingest.exchange.importer import FindChannel, Outcome

MOST_BYTES = 4 * 2**20
"""Of a list, and of those in an archive together; an archive itself may be as large as a request.
The most wasteful that can be made of so much take some 130 MiB of memory and a second."""

ADDING_SECONDS = 20.0
"""How long one request adds; YouTube, which is asked for each @handle, may take its time."""


class Watching(WatchList, Protocol):
    """What is needed of the service that manages watches."""

    def by(self, actor: Actor) -> Watching:
        """Return the same as somebody else uses it."""

    def note_import(self, source: str, counts: Mapping[str, int]) -> None:
        """Note that a file was imported."""


class Importing:
    """Reads what a browser sends, and adds what a person chose of it.

    Args:
        watching: adds watches.
        find_channel: looks up a @handle, for a unit.
        elapsed: seconds, from anywhere.
    """

    def __init__(
        self,
        watching: Watching,
        find_channel: FindChannel,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watching = watching
        self._find_channel = find_channel
        self._elapsed = elapsed

    def by(self, actor: Actor) -> Importing:
        """Return the same as somebody else uses it, who is named in the audit log."""
        return Importing(self._watching.by(actor), self._find_channel, self._elapsed)

    def look(self, file: BinaryIO, name: str) -> list[tuple[Item, Outcome]]:
        """Return what a file lists, and what would become of each; adds none and asks nobody.

        Args:
            file: at its beginning, seekable.
            name: its name, whose ending may settle what it is.

        Raises:
            InvalidValueError: too large, or not what can be read.
            StoreUnavailableError: the database is away.
        """
        items = read_file(file, name, MOST_BYTES)
        return list(zip(items, self._importer.run(items, dry_run=True), strict=True))

    def add(self, items: Sequence[Item]) -> list[Outcome]:
        """Add entries in their order; return what became of as many as there was time for.

        Raises:
            StoreUnavailableError: the database is away; what was added before stays.
        """
        until = self._elapsed() + ADDING_SECONDS
        outcomes = []
        for outcome in self._importer.run(items):
            outcomes.append(outcome)
            if self._elapsed() >= until:
                break
        return outcomes

    def note(self, source: str, counts: Mapping[str, int]) -> None:
        """Note that a file was imported, and how many of its entries ended how."""
        self._watching.note_import(clean_label(source), counts)

    @property
    def _importer(self) -> Importer:
        return Importer(self._watching, self._find_channel)
