"""Keeps the texts videos are found by in step with the videos; part of what `Intake` writes."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, update

from app.store.bulk import insert_rows
from app.store.days import day_of
from app.store.models import Base, VideoTextRow
from app.store.search_text import search_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection

    from app.domain.videos import Video
    from app.store.batch import Change
    from app.store.rows import Columns

_TEXTS = Base.metadata.tables["video_texts"]
_UPDATE = (
    update(VideoTextRow)
    .where(VideoTextRow.video_id == bindparam("key"))
    .values(search_text=bindparam("tokens"))
)
_words = attrgetter("title", "description", "tags", "channel_title")


def put_texts(connection: Connection, changes: Iterable[Change]) -> None:
    """Write the texts of new videos and of those whose words or day have changed."""
    new: list[Columns] = []
    edited: list[Columns] = []
    for change in changes:
        video, before = change.after, change.before
        if before is None:
            new.append({"video_id": video.video_id, "search_text": _text(video)})
        elif _words(video) != _words(before) or _day(video) != _day(before):
            edited.append({"key": video.video_id, "tokens": _text(video)})
    insert_rows(connection, _TEXTS, new)
    if edited:
        connection.execute(_UPDATE, edited)


def delete_texts(connection: Connection, video_ids: Collection[str]) -> None:
    """Delete the texts of videos that are about to be deleted."""
    connection.execute(delete(VideoTextRow).where(VideoTextRow.video_id.in_(video_ids)))


def _text(video: Video) -> str:
    return search_text(*_words(video), video.published_at)


def _day(video: Video) -> int:
    return day_of(video.published_at)
