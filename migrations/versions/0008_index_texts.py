"""Keep the tokens each video is found by, and index them.

Locks: none on what is there; the table is new, and is filled 1,000 videos at a time in the order of
the feed, as later ones come in: what is near in time stays near. Videos that come in meanwhile are
waited for on PostgreSQL and SQLite; stop fetching before this runs on MySQL and MariaDB, which
commit each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import op

from app.store.search_text import search_text
from app.store.types import BigId, Instant, ascii_key, ascii_text, long_text

if TYPE_CHECKING:
    from collections.abc import Iterator

revision = "0008"
down_revision = "0007"

_BATCH = 1000
_VIDEOS = sa.table(
    "videos",
    sa.column("video_id", ascii_key(11)),
    sa.column("published_at", Instant),
    *(sa.column(name, long_text()) for name in ("title", "description", "tags", "channel_title")),
)
_TEXTS = sa.table(
    "video_texts", sa.column("video_id", ascii_key(11)), sa.column("search_text", ascii_text())
)
_MYSQL = "CREATE FULLTEXT INDEX ft_video_texts ON video_texts (search_text)"
_POSTGRESQL = """
CREATE INDEX ft_video_texts ON video_texts
USING gin (array_to_tsvector(string_to_array(btrim(search_text), ' ')))
"""
_SQLITE_TABLE = """
CREATE VIRTUAL TABLE ft_video_texts USING fts5 (
    search_text, content = 'video_texts', content_rowid = 'text_id',
    detail = none, columnsize = 0, tokenize = "ascii tokenchars '_'"
)
"""
_SQLITE_TRIGGER = (
    "CREATE TRIGGER ft_video_texts_{event} AFTER {event} ON video_texts BEGIN {acts} END"
)
_SQLITE_ADD = """
INSERT INTO ft_video_texts (rowid, search_text) VALUES (new.text_id, new.search_text);
"""
_SQLITE_REMOVE = """
INSERT INTO ft_video_texts (ft_video_texts, rowid, search_text)
VALUES ('delete', old.text_id, old.search_text);
"""
_INDEXES = {
    "mysql": (_MYSQL,),
    "mariadb": (_MYSQL,),
    "postgresql": (_POSTGRESQL,),
    "sqlite": (
        _SQLITE_TABLE,
        _SQLITE_TRIGGER.format(event="INSERT", acts=_SQLITE_ADD),
        _SQLITE_TRIGGER.format(event="DELETE", acts=_SQLITE_REMOVE),
        _SQLITE_TRIGGER.format(event="UPDATE", acts=_SQLITE_REMOVE + _SQLITE_ADD),
        "INSERT INTO ft_video_texts (ft_video_texts) VALUES ('rebuild')",
    ),
}


def upgrade() -> None:
    """Create the table, fill it, then index it, which is faster than the other way round."""
    op.execute("DROP TABLE IF EXISTS video_texts")  # of an upgrade that MySQL broke off half-way
    op.create_table(
        "video_texts",
        sa.Column("text_id", BigId, autoincrement=True, nullable=False),
        sa.Column("video_id", ascii_key(11), nullable=False),
        sa.Column("search_text", ascii_text(), nullable=False),
        sa.PrimaryKeyConstraint("text_id", name="pk_video_texts"),
        sa.ForeignKeyConstraint(["video_id"], ["videos.video_id"], name="fk_video_texts_video_id"),
        sa.UniqueConstraint("video_id", name="uq_video_texts_video_id"),
    )
    for videos in _batches():
        op.bulk_insert(_TEXTS, videos)
    for statement in _INDEXES[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Drop the table: nothing is found by its text any more."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE ft_video_texts")
    op.drop_table("video_texts")


def _batches() -> Iterator[list[dict[str, str]]]:
    query = sa.select(_VIDEOS).order_by(_VIDEOS.c.published_at, _VIDEOS.c.video_id).limit(_BATCH)
    rows = op.get_bind().execute(query).all()
    while rows:
        yield [{"video_id": row.video_id, "search_text": _text_of(row)} for row in rows]
        rows = op.get_bind().execute(query.where(_after(rows[-1]))).all()


def _text_of(row: sa.Row[tuple[str, ...]]) -> str:
    words = row.title, row.description, row.tags, row.channel_title
    return search_text(*words, row.published_at)


def _after(row: sa.Row[tuple[str, ...]]) -> sa.ColumnElement[bool]:
    at, video_id = _VIDEOS.c.published_at, _VIDEOS.c.video_id
    tied = sa.or_(at > row.published_at, video_id > row.video_id)
    return sa.and_(at >= row.published_at, tied)
