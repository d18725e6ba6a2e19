"""Adding what a file lists to what is watched: every entry ends as new, known or rejected.

Importing the same file again changes nothing. A file is read whole before anything is added, so one
that is refused adds nothing; where the database fails half-way, running it again adds the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from app.domain.addresses import is_handle
from app.domain.errors import InvalidValueError, NewsreelError, StoreUnavailableError
from app.domain.watches import MAX_WATCHES, WatchKind
from app.ingest.exchange.entries import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.domain.watches import Watch, WatchOptions
    from app.ingest.exchange.entries import Item

MAX_LOOKUPS = MAX_WATCHES
"""Units one import may spend on @handles."""

FindChannel = Callable[[str], str]
"""From a @handle to the id of its channel.

Raises NotFoundError if YouTube knows none, SourceError or NoUsableKeyError if it cannot be asked.
"""


class WatchList(Protocol):
    """What importing needs of the service that manages watches."""

    def list_all(self) -> list[Watch]:
        """Return every watch."""

    def check(self, options: WatchOptions) -> None:
        """Raise InvalidValueError for options that `add` refuses."""

    def add(self, kind: WatchKind, text: str, options: WatchOptions) -> tuple[Watch, bool]:
        """Watch a keyword or a channel; return the watch and whether it is new."""


class Verdict(StrEnum):
    """What became of an entry."""

    NEW = "new"
    KNOWN = "known"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one entry, and why if it was rejected.

    `kind` is None where it is not known; `term` is then what stands in the file.
    """

    where: str
    verdict: Verdict
    kind: WatchKind | None
    term: str
    label: str = ""
    reason: str = ""


class Importer:
    """Adds entries to what is watched.

    Args:
        watches: where they are added.
        find_channel: looks up a @handle.
    """

    def __init__(self, watches: WatchList, find_channel: FindChannel) -> None:
        self._watches = watches
        self._find_channel = find_channel

    def run(self, items: Iterable[Item], *, dry_run: bool = False) -> Iterator[Outcome]:
        """Add entries one by one and tell what became of each.

        Args:
            items: what a file lists.
            dry_run: add nothing and ask nobody; a @handle counts as new, whosever it is.

        Raises:
            StoreUnavailableError: the database cannot be reached; what was told before stays.
        """
        importing = _Import(self._watches, self._find_channel, dry_run=dry_run)
        return (importing.take(item) for item in items)


class _Import:
    """One import: what is known by now, and what was spent."""

    def __init__(self, watches: WatchList, find_channel: FindChannel, *, dry_run: bool) -> None:
        self._watches = watches
        self._find_channel = find_channel
        self._dry_run = dry_run
        self._known = {(watch.kind, watch.term) for watch in watches.list_all()}
        self._lookups = 0

    def take(self, item: Item) -> Outcome:
        """Add one entry, if it is new and there is room."""
        if not isinstance(item, Entry):
            return Outcome(item.where, Verdict.REJECTED, None, item.text, reason=item.reason)
        try:
            term = self._look_up(item.term) if self._is_looked_up(item) else item.term
            verdict = self._add(item, term)
        except StoreUnavailableError:
            raise
        except NewsreelError as error:  # no such channel, no room any more, no key, ...
            return Outcome(
                item.where, Verdict.REJECTED, item.kind, item.term, item.label, str(error)
            )
        return Outcome(item.where, verdict, item.kind, term, item.label)

    def _is_looked_up(self, entry: Entry) -> bool:
        return entry.kind is WatchKind.CHANNEL and is_handle(entry.term) and not self._dry_run

    def _look_up(self, handle: str) -> str:
        if self._lookups == MAX_LOOKUPS:
            raise InvalidValueError(f"one import looks up {MAX_LOOKUPS:,} @handles at most")
        self._lookups += 1
        return self._find_channel(handle)

    def _add(self, entry: Entry, term: str) -> Verdict:
        if (entry.kind, term) in self._known:
            return Verdict.KNOWN
        if len(self._known) >= MAX_WATCHES:
            raise InvalidValueError(f"there can be {MAX_WATCHES} watches at most")
        self._watches.check(entry.options)  # a dry run tells what would be refused, too
        is_new = self._dry_run or self._watches.add(entry.kind, term, entry.options)[1]
        self._known.add((entry.kind, term))
        return Verdict.NEW if is_new else Verdict.KNOWN
