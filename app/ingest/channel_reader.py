"""Reads a channel's listings for a poll: its feed, and its uploads playlist page by page.

Each page commits its videos, what is left to read and how far it came in one transaction.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from app.domain.channels import DAWN, Walk
from app.domain.errors import BadRequestError, GoneError, UpstreamError
from app.domain.intake import Finding, LinkReason
from app.domain.quota import Bucket
from app.domain.ranges import SECOND, Stretch, floor_second
from app.domain.videos import Source
from app.ingest import channel_coverage, channel_plan
from app.ingest.tail import LEASE
from app.sources.base import UploadsPage
from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from app.domain.channels import Channel, ChannelState
    from app.domain.clock import Clock
    from app.domain.intake import Recorded
    from app.domain.quota import ApiKey, Spending
    from app.domain.ranges import Pending
    from app.domain.videos import Video
    from app.ingest.channel_polls import ChannelPoll
    from app.ingest.claims import Claims
    from app.ingest.completion import Completion
    from app.ingest.tail import Tail
    from app.ingest.tally import Tally
    from app.quota.ring import KeyRing
    from app.sources.base import ChannelFeed, ChannelSource, FeedSource
    from app.store.store import Store, Transaction

T = TypeVar("T")

PAGES_AT_ONCE = 10
"""Pages of a playlist that one poll reads; the rest is the next poll's."""

_SLOW = LEASE / 3
_EMPTY = UploadsPage((), (), None)
_NOBODY = "YouTube knows no such channel: it was closed, or deleted, or its id is wrong"


class ChannelReader:
    """Reads for polls in hand and keeps their state up to date."""

    def __init__(
        self,
        *,
        store: Store,
        channels: ChannelSource,
        feeds: FeedSource,
        ring: KeyRing,
        tail: Tail,
        completion: Completion,
        claims: Claims,
        clock: Clock,
    ) -> None:
        self._store = store
        self._channels = channels
        self._feeds = feeds
        self._ring = ring
        self._tail = tail
        self._completion = completion
        self._claims = claims
        self._clock = clock
        self._log = get_logger(__name__)

    def read_feed(self, poll: ChannelPoll, tally: Tally) -> None:
        """Read the channel's feed.

        Raises:
            SourceError: the feed failed.
            LeaseLostError: the claim was taken over.
        """
        self._hold(poll)
        asked_at = self._clock()
        feed = self._feeds.feed(poll.watch.term)
        ids = [video.video_id for video in feed.videos]
        known = self._store.read(lambda t: t.channels.list_linked(poll.watch.watch_id, ids))
        shown = channel_coverage.shown_by_feed(feed, joins=bool(known), asked_at=asked_at)
        state = replace(
            poll.state, feed_read_at=asked_at, feed_failing_since=None, feed_retry_at=None
        )
        proof_at = channel_plan.proof_due_at(state, poll.watch.created_at)
        self._commit(
            poll, feed, tally, state, lambda p: channel_coverage.after_feed(p, shown, proof_at)
        )

    def read_uploads(self, poll: ChannelPoll, tally: Tally, pages: int = PAGES_AT_ONCE) -> None:
        """Read the uploads playlist from its top, as far down as something is to be read.

        Raises:
            GoneError: YouTube knows no such channel.
            SourceError: the playlist failed.
            NoUsableKeyError: no call can be made.
            LeaseLostError: the claim was taken over.
        """
        began_at = self._clock()
        poll.state = replace(poll.state, uploads_tried_at=began_at)
        top = Walk(None, floor_second(began_at))
        if self._walk(poll, tally, top, pages, channel_coverage.is_for_check):
            poll.state = replace(poll.state, uploads_read_at=began_at)

    def go_on(self, poll: ChannelPoll, tally: Tally, pages: int = PAGES_AT_ONCE) -> None:
        """Go on with a reading of the playlist that was broken off, or with the backfill.

        A page token belongs to a list that may have changed: the last page is read again, and must
        show what it showed, or the list is read anew from its top. A call that fails changes
        nothing: of a long list some always do.

        Raises:
            As `read_uploads`.
        """
        walk = poll.state.walk or Walk(None, floor_second(self._clock()))
        self._walk(poll, tally, walk, pages, bool)

    def _walk(
        self,
        poll: ChannelPoll,
        tally: Tally,
        walk: Walk,
        pages: int,
        is_wanted: Callable[[Sequence[Pending]], bool],
    ) -> bool:
        """Read page after page; return whether all that was wanted has been read."""
        resumed = walk.page_token is not None
        token, down_to = walk.page_token, walk.read_down_to
        for _ in range(pages):
            page = self._page(poll, token, tally.spending)
            if resumed and not self._is_known(poll, page):
                _begin_anew(poll)
                return False
            resumed = False
            reached = channel_coverage.reached_by(page, down_to)
            self._take(poll, tally, page, walk=Walk(token, reached), above=down_to)
            if page.next_page_token is None or not is_wanted(_below(poll.pending, reached)):
                return True
            token, down_to = page.next_page_token, reached
        if pages > 1 and down_to == walk.read_down_to:
            _begin_anew(poll)
            raise UpstreamError("YouTube's list of uploads goes round")
        return False

    def _take(
        self, poll: ChannelPoll, tally: Tally, page: UploadsPage, *, walk: Walk, above: datetime
    ) -> None:
        """Commit a page that showed everything from `walk.read_down_to` up to `above`."""
        low = walk.read_down_to if walk.read_down_to == DAWN else walk.read_down_to + SECOND
        shown = Stretch(low, above) if low <= above else None

        def left_by(pending: Sequence[Pending]) -> list[Pending]:
            return channel_coverage.after_uploads(pending, shown)

        self._commit(poll, page, tally, _with_walk(poll, walk, left_by(poll.pending)), left_by)

    def _page(self, poll: ChannelPoll, token: str | None, spending: Spending) -> UploadsPage:
        try:
            page = self._uploads(poll, token, spending)
        except BadRequestError:
            _begin_anew(poll)
            raise
        except GoneError:
            if token is not None:
                _begin_anew(poll)
                raise UpstreamError("YouTube's list of uploads ended half-way") from None
            page = _EMPTY
        if channel_coverage.is_garbage(page):
            raise UpstreamError("most items of YouTube's list of uploads cannot be read")
        if token is None and _is_empty(page):
            return self._first_page_elsewhere(poll, spending)
        return page

    def _first_page_elsewhere(self, poll: ChannelPoll, spending: Spending) -> UploadsPage:
        """Ask YouTube for the channel itself, as its playlist is not there, or shows nothing.

        That is so for a channel without public videos, and has to be for no other.
        """
        channel = self._ask(
            poll, lambda key: self._channels.channel(key, poll.watch.term), spending
        )
        if channel is None:
            raise GoneError(_NOBODY)
        if _has_moved(channel, poll.state):
            poll.state = replace(poll.state, playlist_id=str(channel.uploads_playlist_id))
            with suppress(GoneError):
                return self._uploads(poll, None, spending)
        if channel.videos:
            raise UpstreamError(f"YouTube lists none of the channel's {channel.videos} videos")
        return _EMPTY

    def _uploads(self, poll: ChannelPoll, token: str | None, spending: Spending) -> UploadsPage:
        playlist = poll.state.playlist_id
        return self._ask(poll, lambda key: self._channels.uploads(key, playlist, token), spending)

    def _ask(self, poll: ChannelPoll, request: Callable[[ApiKey], T], spending: Spending) -> T:
        self._hold(poll)
        return self._ring.call(Bucket.UNITS, request, spending)

    def _hold(self, poll: ChannelPoll) -> None:
        """Renew the lease before a call, if calls since it was renewed were slow."""
        now = self._clock()
        if now - poll.held_at > _SLOW:
            self._claims.renew(poll.claim)
            poll.held_at = now

    def _is_known(self, poll: ChannelPoll, page: UploadsPage) -> bool:
        ids = [video.video_id for video in page.videos]
        watch_id = poll.watch.watch_id
        return bool(self._store.read(lambda t: t.channels.list_linked(watch_id, ids)))

    def _commit(
        self,
        poll: ChannelPoll,
        listed: ChannelFeed | UploadsPage,
        tally: Tally,
        state: ChannelState,
        left_by: Callable[[Sequence[Pending]], list[Pending]],
    ) -> None:
        """Store a listing's videos together with what it leaves to read."""
        self._hold(poll)
        completed = self._completion.of_listing(listed.videos, tally.spending)
        source = Source.UPLOADS if isinstance(listed, UploadsPage) else Source.RSS
        findings = [
            *(found(video, source, poll.watch.watch_id) for video in listed.videos),
            *(Finding(video, source) for video in completed.videos),
        ]
        recorded, pending = self._write(poll, findings, completed.missing, state, left_by)
        poll.state, poll.pending, poll.held_at = state, pending, self._clock()
        tally.add(listed, recorded, advanced=True)
        for reason in listed.rejected:
            self._log.warning("item_rejected", watch_id=poll.watch.watch_id, reason=reason)

    def _write(
        self,
        poll: ChannelPoll,
        findings: Sequence[Finding],
        missing: frozenset[str],
        state: ChannelState,
        left_by: Callable[[Sequence[Pending]], list[Pending]],
    ) -> tuple[Recorded, list[Pending]]:
        watch_id, left = poll.watch.watch_id, list[list["Pending"]]()

        def write(transaction: Transaction) -> None:
            # Read anew: somebody may have asked for a backfill meanwhile.
            left.append(left_by(transaction.ranges.list_pending(watch_id)))
            transaction.ranges.replace(watch_id, left[-1])
            transaction.channels.put_state(watch_id, state)

        recorded = self._tail.commit(findings, missing=missing, claim=poll.claim, progress=write)
        return recorded, left[-1]


def found(video: Video, source: Source, watch_id: int) -> Finding:
    """Return that a watched channel published a video."""
    return Finding(video, source, watch_id, LinkReason.OWN_CHANNEL)


def _below(pending: Sequence[Pending], reached: datetime) -> list[Pending]:
    return [item for item in pending if item.stretch.starts_at <= reached]


def _is_empty(page: UploadsPage) -> bool:
    return not (page.added_at or page.rejected or page.next_page_token)


def _has_moved(channel: Channel, state: ChannelState) -> bool:
    return channel.uploads_playlist_id not in (None, state.playlist_id)


def _begin_anew(poll: ChannelPoll) -> None:
    """Forget where to go on: the next reading begins at the top."""
    poll.state = replace(poll.state, walk=None)


def _with_walk(poll: ChannelPoll, walk: Walk, left: Sequence[Pending]) -> ChannelState:
    """Note where to go on, if something is left below; one that came further down stays."""
    before = poll.state.walk
    if not _below(left, walk.read_down_to) or walk.read_down_to == DAWN:
        return replace(poll.state, walk=None)
    only_backfill = not channel_coverage.is_for_check(_below(left, walk.read_down_to))
    if only_backfill and before is not None and before.read_down_to < walk.read_down_to:
        return poll.state
    return replace(poll.state, walk=walk)
