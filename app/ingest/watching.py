"""Managing what is watched: the one place that adds, changes and removes watches.

It marks what is to be done; ticks do it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.audit import Action
from app.domain.channels import parse_channel
from app.domain.errors import (
    DuplicateWatchError,
    InvalidMemberError,
    InvalidValueError,
    NotFoundError,
    ReserveSpentError,
    TooManyWatchesError,
    WatchPausedError,
)
from app.domain.options import options_members
from app.domain.watches import MAX_WATCHES, UNDO_WINDOW, WatchKind, parse_keyword

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from app.domain.audit import Actor
    from app.domain.clock import Clock
    from app.domain.follows import Follow
    from app.domain.watches import RemovedWatch, Watch, WatchOptions
    from app.feed.publisher import FeedPublisher
    from app.ingest.channel_names import ChannelNames
    from app.ingest.reserve import Reserve
    from app.store.store import Store, Transaction

FOLLOWS_SHOWN = 50
MAX_ID_DIGITS = 18
"""What every database holds as an integer."""


@dataclass(frozen=True, slots=True)
class WatchPage:
    """A page of the watches, oldest first, each with how many videos it has; `total` is of all."""

    items: tuple[tuple[Watch, int], ...]
    total: int


class Watching:
    """Adds and changes watches; the next tick takes it from there.

    Args:
        store: holds the watches.
        publisher: lets go of the feed of a removed watch.
        reserve: pays for what is fetched on demand.
        names: knows whose a handle is.
        clock: the present.
        backfill: how far back a new watch starts.
        tick: the least time between two polls of any watch.
    """

    def __init__(
        self,
        store: Store,
        publisher: FeedPublisher,
        reserve: Reserve,
        names: ChannelNames,
        clock: Clock,
        *,
        backfill: timedelta,
        tick: timedelta,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._reserve = reserve
        self._names = names
        self._clock = clock
        self._backfill = backfill
        self._tick = tick

    def by(self, actor: Actor) -> Watching:
        """Return the same as somebody else uses it, who is named in the audit log."""
        return Watching(
            self._store.by(actor),
            self._publisher,
            self._reserve,
            self._names,
            self._clock,
            backfill=self._backfill,
            tick=self._tick,
        )

    def add_keyword(self, text: str) -> tuple[Watch, bool]:
        """Watch a keyword as usual; as `add`."""
        return self.add(WatchKind.KEYWORD, text)

    def add_channel(self, text: str) -> tuple[Watch, bool]:
        """Watch a channel as usual; as `add`."""
        return self.add(WatchKind.CHANNEL, text)

    def add(
        self, kind: WatchKind, text: str, options: WatchOptions | None = None
    ) -> tuple[Watch, bool]:
        """Watch a keyword, or a channel as people call it; return the watch and whether it is new.

        One that there is stays as it is.

        Raises:
            InvalidValueError: the text names none, or an option cannot be.
            TooManyWatchesError: there are 1,000 watches already.
            NotFoundError, NoUsableKeyError, SourceError: as `ChannelNames` says.
        """
        options = options or {}
        self.check(options)
        read = parse_keyword if kind is WatchKind.KEYWORD else self._names.resolve
        return self._add(kind, read(text), options)

    def create(self, kind: WatchKind, text: str, options: WatchOptions) -> Watch:
        """Watch what is not watched yet; otherwise as `add`.

        Raises:
            DuplicateWatchError: it is watched already.
        """
        watch, is_new = self.add(kind, text, options)
        if not is_new:
            raise DuplicateWatchError(watch.watch_id)
        return watch

    def check(self, options: WatchOptions) -> None:
        """Refuse what only this installation cannot do.

        Raises:
            InvalidMemberError: an option is such.
        """
        seconds, tick = options.get("min_interval_seconds"), int(self._tick.total_seconds())
        if seconds is not None and seconds < tick:
            detail = f"must be no less than a tick, {tick} seconds"
            raise InvalidMemberError(detail, "min_interval_seconds")

    def get(self, watch_id: int) -> tuple[Watch, int]:
        """Return a watch and how many videos its feed has.

        Raises:
            NotFoundError: there is none.
        """

        def work(transaction: Transaction) -> tuple[Watch, int]:
            watch = transaction.watches.get(watch_id)
            return watch, transaction.statistics.totals([watch_id])[watch_id]

        return self._store.read(work)

    def followed(self, watch_id: int) -> list[Follow]:
        """Return the channels that are followed for a watch, those that bring most, 50 at most."""
        return self._store.read(lambda t: t.follows.list_of_watch(watch_id, FOLLOWS_SHOWN))

    def page(self, number: int, length: int) -> WatchPage:
        """Return a page of the watches (from 1), oldest first."""
        first = (number - 1) * length

        def work(transaction: Transaction) -> WatchPage:
            watches = transaction.watches.list_page(first, length)
            videos = transaction.statistics.totals([watch.watch_id for watch in watches])
            items = tuple((watch, videos[watch.watch_id]) for watch in watches)
            return WatchPage(items, transaction.watches.count())

        return self._store.read(work)

    def list_all(self) -> list[Watch]:
        """Return every watch, oldest first."""
        return self._store.read(lambda transaction: transaction.watches.list_all())

    def find(self, name: str) -> Watch:
        """Return a watch by its id, its keyword or its channel's id.

        Raises:
            InvalidValueError: none of them can look like this, or it is the id of one watch and the
                keyword of another.
            NotFoundError: there is none.
        """
        term = parse_keyword(name)

        def work(transaction: Transaction) -> Watch:
            by_term = _find_by_term(transaction, term)
            by_id = _find_by_id(transaction, term)
            if by_term and by_id and by_term != by_id:
                raise InvalidValueError(
                    f"{term} is the id of the watch {by_id.term!r} and the keyword of the watch "
                    f"{by_term.watch_id}: name one by those"
                )
            found = by_term or by_id
            if found is None:
                raise NotFoundError(f"there is no watch {term!r}")
            return found

        return self._store.read(work)

    def change(self, watch_id: int, options: WatchOptions) -> Watch:
        """Change what is given of a watch; ticks apply new filters to what it found before.

        Raises:
            InvalidMemberError: an option cannot be.
            NotFoundError: there is no such watch.
        """
        self.check(options)

        def work(transaction: Transaction) -> Watch:
            transaction.stand_in_line()  # or what a poll or another change did would look like ours
            before = transaction.watches.get(watch_id)
            after = transaction.watches.change(watch_id, options)
            if after != before:
                details = options_members(options)
                transaction.note(Action.WATCH_CHANGED, _named(after), self._clock(), **details)
            return after

        return self._store.write(work)

    def set_paused(self, watch_id: int, *, paused: bool) -> Watch:
        """Pause or resume a watch.

        Raises:
            NotFoundError: there is none.
        """
        return self.change(watch_id, {"paused": paused})

    def fetch_now(self, watch_id: int) -> Watch:
        """Make a watch due at the next tick, paid from the reserve; asking twice is asking once.

        Raises:
            NotFoundError: there is none.
            WatchPausedError: it is paused.
            ReserveSpentError: the reserve is spent, or there is none.
        """
        now, size = self._clock(), self._reserve.size()

        def work(transaction: Transaction) -> Watch:
            transaction.stand_in_line()
            watch = transaction.watches.get(watch_id)
            if watch.paused:
                raise WatchPausedError(f"watch {watch_id} is paused: resume it first")
            if watch.wanted_at is not None:
                return watch
            if watch.kind is WatchKind.KEYWORD and not self._reserve.take(transaction, size):
                raise ReserveSpentError(_why_unpaid(size))
            transaction.note(Action.WATCH_FETCHED, _named(watch), now)
            return transaction.watches.want(watch_id, now)

        return self._store.write(work)

    def remove(self, watch_id: int) -> None:
        """Stop watching: its feed is gone at once.

        For UNDO_WINDOW it can be brought back; then ticks take out the videos that only it found.

        Raises:
            NotFoundError: there is no such watch.
        """
        now = self._clock()

        def work(transaction: Transaction) -> None:
            transaction.stand_in_line()
            watch = transaction.watches.get(watch_id)
            transaction.watches.remove(watch_id, now)
            about = {"kind": watch.kind, "term": watch.term}
            transaction.note(Action.WATCH_REMOVED, _named(watch), now, **about)

        self._store.write(work)
        self._publisher.drop(watch_id)

    def restore(self, watch_id: int) -> Watch:
        """Bring back a watch that was removed within UNDO_WINDOW, with its feed, as it was.

        Raises:
            NotFoundError: there is none, or it is too late.
            DuplicateWatchError: its term is watched again.
            TooManyWatchesError: there are 1,000 other watches by now.
        """
        now = self._clock()

        def work(transaction: Transaction) -> Watch:
            transaction.watches.restore(watch_id, now - UNDO_WINDOW)
            _check_number(transaction)
            watch = transaction.watches.get(watch_id)
            about = {"kind": watch.kind, "term": watch.term}
            transaction.note(Action.WATCH_RESTORED, _named(watch), now, **about)
            return watch

        watch = self._store.write(work)
        self._publisher.publish({watch_id})
        return watch

    def removed(self) -> list[RemovedWatch]:
        """Return the watches that can be brought back, the one removed last first."""
        since = self._clock() - UNDO_WINDOW
        return self._store.read(lambda transaction: transaction.watches.list_removed(since))

    def note_import(self, source: str, counts: Mapping[str, int]) -> None:
        """Note that a file was imported; each watch that it added has an entry of its own.

        Args:
            source: the file's name.
            counts: how many of its entries ended how.
        """
        now = self._clock()
        self._store.write(
            lambda it: it.note(Action.WATCHES_IMPORTED, "import", now, file=source, **counts)
        )

    def _add(self, kind: WatchKind, term: str, options: WatchOptions) -> tuple[Watch, bool]:
        now = self._clock()

        def work(transaction: Transaction) -> tuple[Watch, bool]:
            watch, is_new = transaction.watches.add(
                kind, term, now=now, read_until=now - self._backfill, options=options
            )
            if is_new:
                _check_number(transaction)
                about = {"kind": kind, "term": term, **options_members(options)}
                transaction.note(Action.WATCH_ADDED, _named(watch), now, **about)
            return watch, is_new

        return self._store.write(work)


def _check_number(transaction: Transaction) -> None:
    if transaction.watches.count() > MAX_WATCHES:
        raise TooManyWatchesError(f"there can be {MAX_WATCHES} watches at most")


def _named(watch: Watch) -> str:
    return f"watch:{watch.watch_id}"


def _why_unpaid(size: int) -> str:
    if not size:
        return "a tenth of the day's search calls may be asked for, which is none: is there a key?"
    return f"of today's search calls {size} may be asked for, and these are spent"


def _find_by_term(transaction: Transaction, name: str) -> Watch | None:
    by_keyword = transaction.watches.find_by_term(WatchKind.KEYWORD, name)
    if by_keyword is not None:
        return by_keyword
    try:
        return transaction.watches.find_by_term(WatchKind.CHANNEL, parse_channel(name))
    except InvalidValueError:
        return None


def _find_by_id(transaction: Transaction, name: str) -> Watch | None:
    if not (name.isascii() and name.isdecimal() and len(name) <= MAX_ID_DIGITS):
        return None
    try:
        return transaction.watches.get(int(name))
    except NotFoundError:
        return None
