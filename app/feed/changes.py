"""Changes for clients that keep a copy: pages in the order of commit, encoded like the feed's.

A bookmark is a seq. While a first copy is being made it also says when that began: deletions of
long ago, whose tombstones are gone, can be none of its videos, so the copy need not start again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from app.domain.changes import Bookmark, ChangeList
from app.domain.errors import (
    ChangesForgottenError,
    InvalidValueError,
    NothingToServeError,
    StoreUnavailableError,
)
from app.domain.feeds import ALL
from app.feed.items import encode_item

if TYPE_CHECKING:
    from app.domain.changes import Change
    from app.store.store import Store, Transaction

_BOOKMARK = re.compile(r"(0|[1-9][0-9]{0,18})(?:-([1-9][0-9]{0,18}))?", re.ASCII)
_LAST_SEQ = 2**63 - 1


def encode_bookmark(place: Bookmark) -> str:
    """Write a bookmark: the seq, and behind a hyphen where a first copy began."""
    return f"{place.seq}-{place.since}" if place.since > place.seq else str(place.seq)


def decode_bookmark(text: str) -> Bookmark:
    """Read a bookmark.

    Raises:
        InvalidValueError: not a seq, nor what `encode_bookmark` writes.
    """
    match = _BOOKMARK.fullmatch(text)
    place = Bookmark(int(match[1]), int(match[2] or 0)) if match else Bookmark()
    if place.deletions_after > _LAST_SEQ or encode_bookmark(place) != text:
        raise InvalidValueError("give the next_after of the page before, or a seq")
    return place


class ChangesReader:
    """Reads changes; share one per process."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, place: Bookmark, limit: int) -> ChangeList:
        """Return the changes after a bookmark, each video with its latest state alone.

        Raises:
            ChangesForgottenError: deletions after the bookmark are no longer known, or it lies
                ahead of the feed, whose database was then put back to an older state.
            NothingToServeError: the database is away.
        """

        def work(transaction: Transaction) -> ChangeList | None:
            return _read(transaction, place, limit)

        try:
            # A replica that lags may be behind the bookmark; the primary never is.
            found = self._store.read_replica(work) or self._store.read(work)
        except StoreUnavailableError as error:
            raise NothingToServeError(str(error)) from None
        if found is None:
            raise ChangesForgottenError("the bookmark is ahead of the feed: start anew at 0")
        return found


def _read(transaction: Transaction, place: Bookmark, limit: int) -> ChangeList | None:
    """Return a page from one snapshot; None if the bookmark is ahead of it."""
    version = transaction.feed.version(ALL)
    if place == Bookmark():
        place = Bookmark(since=version)
    elif place.deletions_after < transaction.changes.known_from():
        raise ChangesForgottenError("deletions after the bookmark are forgotten: start anew at 0")
    if place.deletions_after > version:
        return None
    found = transaction.changes.list_after(place, version, limit + 1)
    shown, more = found[:limit], len(found) > limit
    reached = Bookmark(shown[-1].seq if more else version, place.since)
    return ChangeList(tuple(map(_encode, shown)), encode_bookmark(reached), more, version)


def _encode(change: Change) -> bytes:
    if change.video is None:
        return orjson.dumps({"seq": change.seq, "op": "delete", "video_id": change.video_id})
    video = orjson.Fragment(encode_item(change.video))
    return orjson.dumps({"seq": change.seq, "op": "put", "video": video})
