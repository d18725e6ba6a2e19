"""Packed polls: one search for many watches, where each has too few calls of its own.

They bring most videos early and close no range: what a choice of terms leaves out, nobody knows.
A tick takes a pack by a mark on its watches; a packed poll that dies costs a call and is made up
for by the next, and by the polls of the watches themselves.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.errors import (
    NoUsableKeyError,
    SourceError,
    StoreUnavailableError,
    UpstreamError,
)
from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.intake import Finding
from app.domain.quota import Bucket
from app.domain.ranges import Stretch, floor_second
from app.domain.videos import Source
from app.ingest.coverage import is_garbage
from app.ingest.packed_findings import findings_of
from app.ingest.packed_pacing import REACH
from app.ingest.packing import packed_query
from app.ingest.tally import Tally, record_of
from app.sources.base import SearchQuery
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.videos import Video
    from app.domain.watches import ActiveWatch, Watch
    from app.ingest.completion import Completion
    from app.ingest.fetch_log import FetchLog
    from app.ingest.pacer import Pacer
    from app.ingest.packed_pacing import PackedPolls
    from app.ingest.tail import Tail
    from app.ingest.trouble import WriteTrouble
    from app.quota.ring import KeyRing
    from app.sources.base import SearchPage, VideoSource
    from app.store.store import Store, Transaction
    from app.telemetry import Incidents

    Pack = tuple[int, ...]

UNCERTAIN_KEPT = timedelta(days=7)
"""How long a link waits for a reading that confirms it."""

_LOOK_AGAIN = timedelta(minutes=5)
_DROPPED_EVERY = timedelta(hours=12)
_DROP_REACH = timedelta(days=30)
"""How far below the age at which they are dropped links are looked for: older ones were before."""

_TROUBLE = "packed_poll_failed"


class PackedRunner:
    """Takes packs that have their turn and polls for them; any number of processes may do so."""

    def __init__(
        self,
        *,
        store: Store,
        pacer: Pacer,
        source: VideoSource,
        ring: KeyRing,
        tail: Tail,
        completion: Completion,
        fetch_log: FetchLog,
        clock: Clock,
        incidents: Incidents,
        writes: WriteTrouble,
    ) -> None:
        self._store = store
        self._pacer = pacer
        self._source = source
        self._ring = ring
        self._tail = tail
        self._completion = completion
        self._fetch_log = fetch_log
        self._clock = clock
        self._incidents = incidents
        self._writes = writes
        self._look_at: datetime | None = None
        self._dropped_at: datetime | None = None
        self._log = get_logger(__name__)

    @property
    def look_at(self) -> datetime | None:
        """When a tick looks again whether a pack has its turn; None: at once."""
        return self._look_at

    def due(self) -> list[Pack]:
        """Take the pack whose turn it is, if it is time for one: a tick."""
        now = self._clock()
        try:
            self._drop_uncertain(now)
            # Later than any look was put off to: the clock was set back, and what it said is void.
            if self._look_at is not None and now < self._look_at <= now + _LOOK_AGAIN:
                return []
            packed = self._pacer.outlook().packed
            packs, turn_at = ([], None) if packed is None else self._take(packed, now)
            again_at = now + _LOOK_AGAIN  # there may be more calls by then, or more watches
            self._look_at = again_at if turn_at is None else min(turn_at, again_at)
        except StoreUnavailableError as error:
            self._writes.begin(error)
            return []
        return packs

    def run(self, pack: Sequence[int]) -> None:
        """Make the packed poll of a pack that was taken; what goes wrong is told once."""
        try:
            self._run(frozenset(pack))
        except StoreUnavailableError as error:
            self._writes.begin(error)

    def _take(self, packed: PackedPolls, now: datetime) -> tuple[list[Pack], datetime]:
        """Take the pack that is most in want, unless it is too early; return the next turn, too."""

        def work(transaction: Transaction) -> tuple[list[Pack], datetime]:
            transaction.stand_in_line()  # nobody else takes one meanwhile
            active = {watch.watch_id: watch for watch in transaction.watches.list_active(now)}
            marks = (watch.packed_at for watch in active.values())
            taken_at = max((at for at in marks if at is not None and at <= now), default=None)
            if taken_at is not None and now < taken_at + packed.interval:
                return [], taken_at + packed.interval
            waited = {watch_id: _wait(watch, now) for watch_id, watch in active.items()}
            pack = packed.most_in_want(waited)
            transaction.watches.pack(pack, now)
            return [pack], now + packed.interval

        return self._store.write(work)

    def _run(self, pack: Collection[int]) -> None:
        now = self._clock()
        active = self._store.read(lambda transaction: transaction.watches.list_active(now))
        members = _alike([watch for watch in active if watch.watch_id in pack])
        if not members:
            return
        end = floor_second(now)
        stretch = Stretch(end - REACH, end)
        tally = Tally()
        trouble = self._attempt(members, stretch, tally)
        begun = FetchRecord(
            source=FetchSource.SEARCH,
            purpose=Purpose.PACKED_POLL,
            watch_ids=tuple(member.watch_id for member in members),
            stretch=stretch,
            started_at=now,
            finished_at=now,
        )
        self._fetch_log.record(record_of(begun, tally, trouble, self._clock()))
        if trouble is not None:
            self._incidents.begin(_TROUBLE, str(trouble))
            return
        self._incidents.end(_TROUBLE)
        if tally.added:
            self._log.info("packed_poll_done", watches=len(members), added=tally.added)

    def _attempt(
        self, members: Sequence[ActiveWatch], stretch: Stretch, tally: Tally
    ) -> SourceError | NoUsableKeyError | None:
        region, language = members[0].locale
        terms = [member.term for member in members]
        query = SearchQuery(packed_query(terms), stretch, region=region, language=language)
        try:
            page = self._ring.call(
                Bucket.SEARCH, lambda key: self._source.search(key, query), tally.spending
            )
            if is_garbage(page):
                raise UpstreamError("YouTube listed items that cannot be read")
        except (SourceError, NoUsableKeyError) as error:
            return error
        self._commit(members, page, stretch, tally)
        return None

    def _commit(
        self, members: Sequence[ActiveWatch], page: SearchPage, stretch: Stretch, tally: Tally
    ) -> None:
        """Store a page; videos are told by their full texts where these are known.

        A pack of which one member is left was searched for by that term alone.
        """
        completed = self._completion.of_page(page.videos, tally.spending)
        watch_ids = [member.watch_id for member in members]
        ids = [video.video_id for video in page.videos]
        watches, known = self._store.read(lambda t: (t.watches.list_all(), t.videos.list_told(ids)))
        full = known | {video.video_id: video for video in completed.videos}
        finders = [watch for watch in watches if watch.watch_id in watch_ids]
        recorded = self._tail.commit(
            [
                *_findings(finders, page.videos, full, alone=len(members) == 1),
                *(Finding(video, Source.SEARCH) for video in completed.videos),
            ],
            missing=completed.missing,
            progress=lambda transaction: transaction.watches.packed_to(watch_ids, stretch.ends_at),
        )
        tally.add(page, recorded, advanced=True)

    def _drop_uncertain(self, now: datetime) -> None:
        """Drop links that were not confirmed; a link is at most REACH younger than its video.

        Each watch in a transaction of its own, since it keeps others from storing. One that fails
        is made up for by the next round.
        """
        if self._dropped_at and self._dropped_at <= now < self._dropped_at + _DROPPED_EVERY:
            return
        self._dropped_at = now
        for watch_id in self._store.read(lambda transaction: transaction.watches.list_packed()):
            self._drop_of(watch_id, now)

    def _drop_of(self, watch_id: int, now: datetime) -> None:
        before = now - UNCERTAIN_KEPT - REACH
        since = before - _DROP_REACH
        self._store.write(lambda t: t.drop_uncertain(watch_id, since, before, now))


def _alike(members: Sequence[ActiveWatch]) -> Sequence[ActiveWatch]:
    """Return those that still share a region and a language: these may have been changed."""
    return [each for each in members if each.locale == members[0].locale]


def _wait(watch: ActiveWatch, now: datetime) -> timedelta:
    """Return how long nobody has looked for a watch; a try that failed has had its turn as well.

    What is later than now was written by a clock that was ahead, and says nothing.
    """
    looked = (watch.looked_until, watch.packed_at)
    return now - max((at for at in looked if at is not None and at <= now), default=now - REACH)


def _findings(
    finders: Sequence[Watch], told: Sequence[Video], full: dict[str, Video], *, alone: bool
) -> list[Finding]:
    return [
        finding
        for video in told
        for finding in findings_of(video, full.get(video.video_id, video), finders, alone=alone)
    ]
