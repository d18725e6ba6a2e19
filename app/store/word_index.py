"""The index of words: the one place that knows how each kind of database is asked for it.

What is asked for are tokens made by `search_text` and `days`: no character that a person typed is
an operator in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Integer, cast, column, func, literal_column, select, table
from sqlalchemy.dialects.mysql import match
from sqlalchemy.dialects.postgresql import TSQUERY

from app.store.models import Base, VideoTextRow
from app.store.search_text import is_open, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement

    from app.domain.text_query import TextQuery

_TEXT = Base.metadata.tables["video_texts"].c.search_text
_VECTOR = "array_to_tsvector(string_to_array(btrim(video_texts.search_text), ' '))"


@dataclass(frozen=True, slots=True)
class Word:
    """A token that a text must have, or one that begins so."""

    token: str
    is_begin: bool = False

    @property
    def needle(self) -> str:
        """What a search text holds if, and only if, it has the word."""
        return f" {self.token}{'' if self.is_begin else ' '}"


def words_of(query: TextQuery) -> tuple[Word, ...]:
    """Return the words of all that is wanted, each once."""
    words: dict[Word, None] = {}
    for phrase in query.wanted:
        *whole, last = tokens_of(phrase)
        words |= dict.fromkeys(map(Word, whole))
        words[Word(last, is_open(phrase))] = None
    return tuple(words)


def has_words(dialect: str, words: Sequence[Word]) -> ColumnElement[bool]:
    """Have the index find the texts that have all words. The rarest should come first."""
    return _LOOKUPS[dialect](words)


def position_of(dialect: str, needle: str) -> ColumnElement[int]:
    """Look a text through for a needle, without the index; 0 if it is not there."""
    find = func.strpos if dialect == "postgresql" else func.instr
    return find(VideoTextRow.search_text, needle, type_=Integer)


def _in_mysql(words: Sequence[Word]) -> ColumnElement[bool]:
    every = " ".join(f"+{word.token}{'*' if word.is_begin else ''}" for word in words)
    return match(_TEXT, against=every, in_boolean_mode=True)


def _in_postgresql(words: Sequence[Word]) -> ColumnElement[bool]:
    every = " & ".join(f"{word.token}{':*' if word.is_begin else ''}" for word in words)
    return literal_column(_VECTOR).bool_op("@@")(cast(every, TSQUERY))


def _in_sqlite(words: Sequence[Word]) -> ColumnElement[bool]:
    every = " AND ".join(f'"{word.token}"{" *" if word.is_begin else ""}' for word in words)
    index = table("ft_video_texts", column("rowid"), column("ft_video_texts"))
    rows = select(index.c.rowid).where(index.c.ft_video_texts.bool_op("MATCH")(every))
    return VideoTextRow.text_id.in_(rows)


_LOOKUPS: dict[str, Callable[[Sequence[Word]], ColumnElement[bool]]] = {
    "mysql": _in_mysql,
    "mariadb": _in_mysql,
    "postgresql": _in_postgresql,
    "sqlite": _in_sqlite,
}
