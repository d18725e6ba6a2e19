"""Phrases: whether a folded text holds words in a row, in any script. Pure.

In scripts with spaces a phrase matches whole words; in Chinese, Japanese, Thai, Lao, Khmer and
Burmese it matches anywhere, but never splits a letter from its signs; a Korean word may go on after
it, because particles do (뉴스 is found in 뉴스를, not in 아침뉴스). What counts as the same letter
is said in `folding`. Simplified and traditional Chinese differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.folding import BARRIER, HANGUL, UNSPACED, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSPACED = re.compile(f"[{UNSPACED}]")
_OPEN_END = re.compile(f"[{UNSPACED}{HANGUL}]")
_SIGNS = (  # of Thai, Lao, Burmese and Khmer, which follow the letter they belong to
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074"
    "\u1082-\u108d\u108f\u109a-\u109d\u17b4-\u17d3\u17dd"
)
_STACKERS = "\u1039\u17d2"  # put the next letter under the last one
_INNER_BORDER = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Folded words in a row.

    Args:
        words: what a text must hold, with the spaces that end a word where one must end.
        whole: those of the words that are looked up, because that is fast, before the search.
        guard: looks again where plain search would split a letter.
    """

    words: str
    whole: frozenset[str]
    guard: re.Pattern[str] | None = None

    def is_in(self, text: str) -> bool:
        """Tell whether a folded text holds the phrase."""
        return self.words in text and (self.guard is None or self.guard.search(text) is not None)


def phrases_of(text: str) -> tuple[Phrase, ...]:
    """Return every way in which words may be written; none if there are no words at all."""
    return tuple(map(_phrase, dict.fromkeys(_ways_to_write(text))))


def _ways_to_write(text: str) -> Iterator[str]:
    """Yield the folded ways to write it: wi-fi and wifi, #BlackCat and black cat, #f1 and f 1."""
    ways = fold(text).split(BARRIER)
    if text.startswith("#"):
        ways += fold(_INNER_BORDER.sub(" ", text)).split(BARRIER)
    for way in ways:
        if (words := way.strip()) and not words.startswith("#"):
            yield words


def _phrase(text: str) -> Phrase:
    start = "" if _UNSPACED.match(text[0]) else " "
    end = "" if _OPEN_END.match(text[-1]) else " "
    words = start + text + end
    whole = frozenset(text.split()[0 if start else 1 : None if end else -1])
    guard = None
    if not start or not end:
        guard = re.compile(f"(?<![{_STACKERS}]){re.escape(words)}(?![{_SIGNS}])")
    return Phrase(words, whole, guard)
