"""What a person types to find videos by their text. Pure; how a text is kept is not known here.

`words` must all occur, `"words in a row"` as they stand, `-word` and `-"a phrase"` must not, and
`begin*` stands for every word that begins so. Words are compared folded (see `folding`). A word
with hyphens or apostrophes is looked for as one (wi-fi finds Wi-Fi and WiFi, don't finds dont).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError
from app.domain.folding import BARRIER, fold
from app.domain.text import storable

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_QUERY_CHARACTERS = 200
MAX_PHRASES = 16

_PART = re.compile(r'(-?)(?:"([^"]*)(?:"|$)|([^\s"]+))')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Folded words that stand in a row; a single word is a phrase of one.

    Args:
        words: at least one.
        prefix: the last word may go on.
    """

    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class TextQuery:
    """What a text must hold, all of it (at least one phrase), and what it must not hold."""

    wanted: tuple[Phrase, ...]
    excluded: tuple[Phrase, ...] = ()


def parse_text_query(text: str) -> TextQuery:
    """Read a query.

    Raises:
        InvalidValueError: it is too long, or says nothing that could be looked for.
    """
    if len(text) > MAX_QUERY_CHARACTERS:
        raise InvalidValueError(f"must have at most {MAX_QUERY_CHARACTERS} characters")
    wanted: dict[Phrase, None] = {}
    excluded: dict[Phrase, None] = {}
    for minus, quoted, word in _PART.findall(storable(text)):
        phrases = _quoted(quoted) if quoted or not word else _unquoted(word)
        (excluded if minus else wanted).update(dict.fromkeys(phrases))
    if len(wanted) + len(excluded) > MAX_PHRASES:
        raise InvalidValueError(f"must have at most {MAX_PHRASES} words and phrases")
    if not wanted:
        raise InvalidValueError("must name a word to look for, not only punctuation or exclusions")
    return TextQuery(tuple(wanted), tuple(excluded))


def _quoted(text: str) -> Iterator[Phrase]:
    """Yield the phrase between two quotes; none if there are no words."""
    words, *_ = _folded(text)
    if words:
        yield Phrase(words, prefix=text.endswith("*"))


def _unquoted(word: str) -> Iterator[Phrase]:
    """Yield what a word between blanks stands for: AC/DC is a phrase, too."""
    words, *joined = _folded(word)
    if len(joined) == 1 and joined[0] == ("".join(words),):
        words = joined[0]
    if words:
        yield Phrase(words, prefix=word.endswith("*"))


def _folded(text: str) -> list[tuple[str, ...]]:
    """Return the words of a text, then the words that its hyphens and apostrophes divide."""
    folded = [tuple(part.split()) for part in fold(text).split(BARRIER)]
    return [folded[0], *(words for words in folded[1:] if not words[0].startswith("#"))]
