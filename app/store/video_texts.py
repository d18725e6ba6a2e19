"""Keeps the texts videos are found by in step with the videos; part of what `Intake` writes."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, update

from app.store.bulk import insert_rows
from app.store.models import Base, VideoTextRow
from app.store.search_text import search_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sqlalchemy import Connection

    from app.store.batch import Change
    from app.store.rows import Columns

_TEXTS = Base.metadata.tables["video_texts"]
_UPDATE = (
    update(VideoTextRow)
    .where(VideoTextRow.video_id == bindparam("key"))
    .values(search_text=bindparam("tokens"))
)
_searched = attrgetter("title", "description", "tags", "channel_title")


def put_texts(connection: Connection, changes: Iterable[Change]) -> None:
    """Write the texts of new videos and of those whose words have changed."""
    new: list[Columns] = []
    edited: list[Columns] = []
    for change in changes:
        video_id, words = change.after.video_id, _searched(change.after)
        if change.before is None:
            new.append({"video_id": video_id, "search_text": search_text(*words)})
        elif words != _searched(change.before):
            edited.append({"key": video_id, "tokens": search_text(*words)})
    insert_rows(connection, _TEXTS, new)
    if edited:
        connection.execute(_UPDATE, edited)


def delete_texts(connection: Connection, video_ids: Collection[str]) -> None:
    """Delete the texts of videos that are about to be deleted."""
    connection.execute(delete(VideoTextRow).where(VideoTextRow.video_id.in_(video_ids)))
