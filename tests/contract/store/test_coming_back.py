"""A video that is deleted, found again and deleted again is told as what it is each time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.changes import Bookmark
from tests.contract.store.tellings import NOW, record, video

if TYPE_CHECKING:
    from datetime import datetime

    from app.store.store import Store


def test_a_video_that_came_back_and_went_again_is_deleted_once(store: Store) -> None:
    for day in range(3):
        now = NOW + timedelta(days=day)
        record(store, [video(1)], now=now)
        assert _told(store) == [("video-00001", True)]
        _delete(store, now)
        assert _told(store) == [("video-00001", False)]


def _delete(store: Store, now: datetime) -> None:
    store.write(lambda transaction: transaction.delete(["video-00001"], now))


def _told(store: Store) -> list[tuple[str, bool]]:
    """Every change there is, as video id and whether it is shown."""
    changes = store.read(lambda t: t.changes.list_after(Bookmark(0, 0), 100, 100))
    return [(change.video_id, change.video is not None) for change in changes]
