"""Full text: the one place that knows how each database looks words up. Exact, newest first.

There are two ways to find the next videos of a feed whose texts hold a query. Walking along the
feed and looking at each text is quick where many do; taking them all from the index of words, to
sort them, is quick where few do. How many there are is seen on the way, so a search

1. walks over the next PROBED videos of the feed;
2. if those say that the page will be full soon, walks on, as far as `worth_walking` says;
3. takes what is still missing from the index.

Each step goes on where the one before it stopped. Queries reach a database as tokens made by
`search_text`, as bound parameters: no character that a person typed is an operator in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING

from sqlalchemy import Integer, Join, cast, column, func, literal_column, select, table, true
from sqlalchemy.dialects.mysql import match
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.ext.compiler import compiles

from app.store.models import Base, VideoTextRow
from app.store.search_text import is_open, needle_of, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, FromClause, Select
    from sqlalchemy.orm import InstrumentedAttribute
    from sqlalchemy.sql.compiler import SQLCompiler

    from app.domain.text_query import Phrase, TextQuery

    Places = Select[datetime, str]
    Instants = InstrumentedAttribute[datetime]
    Ids = InstrumentedAttribute[str]
    Word = tuple[str, bool]

PROBED = 1000
_BALANCED_AT = 3_000_000

_TEXT = Base.metadata.tables["video_texts"].c.search_text
_VECTOR = "array_to_tsvector(string_to_array(btrim(video_texts.search_text), ' '))"
_MATERIALIZING = ("postgresql", "sqlite")


@dataclass(frozen=True, slots=True)
class Walk:
    """A feed in one direction, from its beginning or a cursor on.

    Args:
        index: the places in the feed's index, whatever is shown of them.
        wanted: the places of the videos that are wanted, its tables joined by nothing but WHERE.
        tables: those it takes, each with a `video_id`.
        place: the columns that order it.
        oldest_first: its direction.
    """

    index: Places
    wanted: Places
    tables: tuple[FromClause, ...]
    place: tuple[Instants, Ids]
    oldest_first: bool

    def ordered(self, places: Places) -> Places:
        """Put places in the order of the walk."""
        columns = self.place
        return places.order_by(*(c.asc() if self.oldest_first else c.desc() for c in columns))

    def upto(self, edge_at: datetime) -> ColumnElement[bool]:
        """Name the places whose second is not beyond an edge."""
        at = self.place[0]
        return at <= edge_at if self.oldest_first else at >= edge_at

    def beyond(self, edge_at: datetime) -> ColumnElement[bool]:
        """Name the other ones."""
        at = self.place[0]
        return at > edge_at if self.oldest_first else at < edge_at


def worth_walking(limit: int) -> int:
    """Return how many videos of a feed may be looked at to find so many.

    A share s of N videos costs limit / s looks on the way and s * N from the index, each as much as
    three looks (measured): the two meet at the root of 3 * limit * N, here for a million videos.
    """
    return max(PROBED, isqrt(limit * _BALANCED_AT))


def find_places(
    connection: Connection, walk: Walk, query: TextQuery, limit: int
) -> list[tuple[datetime, str]]:
    """Return the first `limit` places of a walk whose texts hold a query, in its order."""
    return _Search(connection, walk, query, limit).find()


class _InOrder(Join):
    """A product of tables of which the left one is read first; WHERE says what belongs together."""

    inherit_cache = True


@compiles(_InOrder)
def _product_in_order(product: _InOrder, compiler: SQLCompiler, **options: object) -> str:
    word = "STRAIGHT_JOIN" if compiler.dialect.name in ("mysql", "mariadb") else "CROSS JOIN"
    options["asfrom"] = True
    return f" {word} ".join(compiler.process(t, **options) for t in (product.left, product.right))


class _Search:
    """One search under way: how far it has come, and what it found up to there."""

    def __init__(self, connection: Connection, walk: Walk, query: TextQuery, limit: int) -> None:
        self._connection = connection
        self._walk = walk
        self._query = query
        self._limit = limit
        self._found: list[tuple[datetime, str]] = []
        self._passed: tuple[ColumnElement[bool], ...] = ()

    def find(self) -> list[tuple[datetime, str]]:
        """Do the three steps, as far as they are needed."""
        if self._walk_over(PROBED) or self._missing == 0:
            return self._found
        further = worth_walking(self._limit) - PROBED
        soon = self._missing * PROBED <= len(self._found) * further
        if soon and (self._walk_over(further) or self._missing == 0):
            return self._found
        self._add(self._from_index())
        return self._found

    @property
    def _missing(self) -> int:
        return self._limit - len(self._found)

    def _walk_over(self, rows: int) -> bool:
        """Look at the next texts, and tell whether they were the last of the walk."""
        walk = self._walk
        index = walk.ordered(walk.index.where(*self._passed))
        edge = self._connection.execute(index.offset(rows).limit(1)).first()
        here = () if edge is None else (walk.upto(edge[0]),)
        texts = VideoTextRow.video_id == walk.place[1]
        self._add(walk.wanted.where(texts, *self._holds(), *self._passed, *here))
        if edge is not None:
            self._passed = (walk.beyond(edge[0]),)
        return edge is None

    def _from_index(self) -> Places:
        """Start a query for what is beyond, by the index of words.

        The texts are taken first, whatever the database expects of them: it cannot know how many
        there are, and would rather walk the whole feed than sort.
        """
        dialect = self._connection.dialect.name
        proven = _LOOKUPS[dialect](_words(self._query))
        texts = select(VideoTextRow.video_id).where(proven, *self._unproven()).cte("texts")
        if dialect in _MATERIALIZING:
            texts = texts.prefix_with("MATERIALIZED")
        tables: FromClause = texts
        for each in self._walk.tables:
            tables = _InOrder(tables, each, true())
        found = [each.c.video_id == texts.c.video_id for each in self._walk.tables]
        return self._walk.wanted.select_from(tables).where(*found, *self._passed)

    def _holds(self) -> Iterator[ColumnElement[bool]]:
        """Name what a text must hold."""
        for phrase in self._query.wanted:
            yield self._position(phrase) > 0
        yield from self._lacks()

    def _unproven(self) -> Iterator[ColumnElement[bool]]:
        """Name what a text must hold beyond the words that the index knows of."""
        for phrase in self._query.wanted:
            if len(tokens_of(phrase)) > 1:
                yield self._position(phrase) > 0
        yield from self._lacks()

    def _lacks(self) -> Iterator[ColumnElement[bool]]:
        for phrase in self._query.excluded:
            yield self._position(phrase) == 0

    def _position(self, phrase: Phrase) -> ColumnElement[int]:
        find = func.strpos if self._connection.dialect.name == "postgresql" else func.instr
        return find(VideoTextRow.search_text, needle_of(phrase), type_=Integer)

    def _add(self, places: Places) -> None:
        rows = self._connection.execute(self._walk.ordered(places).limit(self._missing))
        self._found += [(at, video_id) for at, video_id in rows]


def _words(query: TextQuery) -> tuple[Word, ...]:
    """Return the tokens of what is wanted, and whether they may go on; each once."""
    words: dict[Word, None] = {}
    for phrase in query.wanted:
        *whole, last = tokens_of(phrase)
        words |= dict.fromkeys((token, False) for token in whole)
        words[last, is_open(phrase)] = None
    return tuple(words)


def _in_mysql(words: tuple[Word, ...]) -> ColumnElement[bool]:
    every = " ".join(f"+{token}{'*' if is_begin else ''}" for token, is_begin in words)
    return match(_TEXT, against=every, in_boolean_mode=True)


def _in_postgresql(words: tuple[Word, ...]) -> ColumnElement[bool]:
    every = " & ".join(f"{token}{':*' if is_begin else ''}" for token, is_begin in words)
    return literal_column(_VECTOR).bool_op("@@")(cast(every, TSQUERY))


def _in_sqlite(words: tuple[Word, ...]) -> ColumnElement[bool]:
    every = " AND ".join(f'"{token}"{" *" if is_begin else ""}' for token, is_begin in words)
    index = table("ft_video_texts", column("rowid"), column("ft_video_texts"))
    rows = select(index.c.rowid).where(index.c.ft_video_texts.bool_op("MATCH")(every))
    return VideoTextRow.text_id.in_(rows)


_LOOKUPS: dict[str, Callable[[tuple[Word, ...]], ColumnElement[bool]]] = {
    "mysql": _in_mysql,
    "mariadb": _in_mysql,
    "postgresql": _in_postgresql,
    "sqlite": _in_sqlite,
}
