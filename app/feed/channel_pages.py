"""A channel's newest videos for whoever asks: of a watched one as of any feed, else of a glance.

What is not there, or not fresh, is marked as wanted and told as incomplete; ticks fetch it. Nothing
here asks YouTube, and a glance that is fresh costs no write but that it was asked for, once a
minute.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

from app.domain.errors import GoneError, NotFoundError, StoreUnavailableError
from app.domain.feeds import CacheState, Cursor, Feed, Page, PageRequest
from app.domain.glances import MAX_VIDEOS
from app.domain.watches import WatchKind
from app.feed.heads import position_of
from app.feed.items import encode_item

if TYPE_CHECKING:
    from datetime import datetime

    from app.domain.clock import Clock
    from app.domain.glances import Glance
    from app.domain.watches import Watch
    from app.feed.reader import FeedReader
    from app.store.store import Store, Transaction

_NOTED_EVERY = timedelta(minutes=1)
_SOON = timedelta(minutes=1)
"""A shorter wait is told as a tick: most such glances are in hand."""

_UNKNOWN = "YouTube knows no such channel."
_NOTHING = Page((), None, 0, CacheState.MISS, 0, None, None)


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """A page of a channel's newest videos.

    Args:
        page: its version is 0 where there is none: of what is in no feed.
        found: whether there is anything of the channel yet.
        retry_after_seconds: when to ask again for what is being fetched; None if it is complete.
    """

    page: Page
    found: bool = True
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is of a channel: a watch that polls it, or what was glanced, or is stored."""

    watch: Watch | None = None
    glance: Glance | None = None
    glanced: Page | None = None
    is_stored: bool = False


class ChannelPages:
    """Pages of any channel; share one per process.

    Args:
        store: holds watches and glances; the primary is asked.
        reader: gives pages of what is stored.
        clock: the present.
        tick_seconds: how soon what is wanted may be there.
    """

    def __init__(self, store: Store, reader: FeedReader, clock: Clock, tick_seconds: int) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock
        self._tick_seconds = tick_seconds

    def page(self, channel_id: str, number: int, length: int, at_least: int = 0) -> ChannelPage:
        """Return a page (from 1) of a channel's newest videos.

        A client that has seen version `at_least` is shown no older one that is kept here.

        Raises:
            NotFoundError: YouTube knows no such channel.
            NothingToServeError: neither cache nor database can answer.
            StoreUnavailableError: the database is away.
        """
        now, wanted = self._clock(), min(number * length, MAX_VIDEOS)
        known = self._store.read(lambda t: _look_up(t, channel_id, number, length, now))
        request = PageRequest(Feed(channel_id=channel_id), length, number)
        if known.watch is not None:
            return self._watched(known.watch, self._reader.page(request, at_least))
        glance = known.glance
        if glance is not None and (glance.is_unknown(now) or glance.shows(wanted, now)):
            self._note(glance, now)
            if glance.is_unknown(now):
                raise NotFoundError(_UNKNOWN)
            return ChannelPage(known.glanced or _NOTHING)
        page = self._reader.page(request) if known.is_stored else known.glanced
        self._want(channel_id, glance, wanted, now, or_fail=page is None)
        return ChannelPage(page or _NOTHING, page is not None, self._seconds_to_wait(glance, now))

    def _watched(self, watch: Watch, page: Page) -> ChannelPage:
        """Return a page of what polls keep complete, once one has succeeded."""
        if watch.last_success_at is not None:
            return ChannelPage(page)
        if watch.last_error is not None and watch.last_error.code == GoneError.code:
            raise NotFoundError(_UNKNOWN)
        return ChannelPage(page, retry_after_seconds=self._tick_seconds)

    def _note(self, glance: Glance, now: datetime) -> None:
        """Note that a glance is asked for; without, it is answered all the same."""
        before = now - _NOTED_EVERY
        if glance.last_accessed_at < before:
            with suppress(StoreUnavailableError):
                self._store.write(lambda t: t.glances.note_access(glance.channel_id, now, before))

    def _want(
        self, channel_id: str, glance: Glance | None, wanted: int, now: datetime, *, or_fail: bool
    ) -> None:
        """Have it fetched; who asks again before it is costs no write."""
        noted = glance is not None and glance.last_accessed_at >= now - _NOTED_EVERY
        if glance is not None and noted and glance.wanted >= wanted:
            return
        with nullcontext() if or_fail else suppress(StoreUnavailableError):
            self._store.write(lambda t: t.glances.want(channel_id, wanted, now))

    def _seconds_to_wait(self, glance: Glance | None, now: datetime) -> int:
        wait = timedelta(0) if glance is None else glance.next_try_at - now
        return self._tick_seconds if wait <= _SOON else ceil(wait.total_seconds())


def _look_up(
    transaction: Transaction, channel_id: str, number: int, length: int, now: datetime
) -> _Known:
    watch = transaction.watches.find_by_term(WatchKind.CHANNEL, channel_id)
    if watch is not None and not watch.paused:
        return _Known(watch)
    glance = transaction.glances.find(channel_id)
    if glance is not None and glance.is_usable(now):
        return _Known(None, glance, _glanced(transaction, glance, number, length))
    is_stored = transaction.feed.total(Feed(channel_id=channel_id)) > 0
    return _Known(None, glance, is_stored=is_stored)


def _glanced(transaction: Transaction, glance: Glance, number: int, length: int) -> Page:
    """Return a page of a glance: what is stored as it is stored, and nothing that is hidden."""
    hidden = transaction.hidden.list_among([video.video_id for video in glance.videos])
    videos = [video for video in glance.videos if video.video_id not in hidden]
    first = (number - 1) * length
    last = first + length
    shown = videos[first:last]
    stored = transaction.feed.find_videos([video.video_id for video in shown])
    rows = [stored.get(video.video_id) or glance.as_stored(video) for video in shown]
    more = last < (len(videos) if glance.reach >= MAX_VIDEOS else MAX_VIDEOS)
    return Page(
        items=tuple(map(encode_item, rows)),
        total=None,
        version=0,
        cache=CacheState.MISS,
        stale_seconds=0,
        next_cursor=Cursor(position_of(rows[-1])) if more and rows else None,
        previous_cursor=None,
    )
