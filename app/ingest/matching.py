"""Matching: whether a video's text holds a watch's term, and where. Pure.

In scripts with spaces a term matches whole words; in Chinese, Japanese, Thai, Lao, Khmer and
Burmese it matches anywhere, but never splits a letter from its signs; a Korean word may go on after
it, because particles do (뉴스 is found in 뉴스를, not in 아침뉴스). What counts as the same letter
is said in `folding`. Simplified and traditional Chinese differ.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from app.domain.folding import BARRIER, HANGUL, UNSPACED, fold, fold_all
from app.domain.watches import MAX_WATCHES
from app.ingest.terms import parse_term

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from app.domain.videos import Video
    from app.ingest.terms import Group

_UNSPACED = re.compile(f"[{UNSPACED}]")
_OPEN_END = re.compile(f"[{UNSPACED}{HANGUL}]")
_SIGNS = (  # of Thai, Lao, Burmese and Khmer, which follow the letter they belong to
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
    "\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u1064\u1067-\u106d\u1071-\u1074"
    "\u1082-\u108d\u108f\u109a-\u109d\u17b4-\u17d3\u17dd"
)
_STACKERS = "\u1039\u17d2"  # put the next letter under the last one
_INNER_BORDER = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])|(?<=[a-z])(?=[A-Z])")


class Place(StrEnum):
    """Where a term was found, the most telling first."""

    TITLE = "title"
    DESCRIPTION = "description"
    TAGS = "tags"
    CHANNEL = "channel"


def match(term: str, video: Video) -> Place | None:
    """Return where a video holds a term, None if it does not; see `attribute`."""
    return attribute((term,), video).get(term)


def attribute(terms: Iterable[str], video: Video) -> dict[str, Place]:
    """Return which terms a video's text holds, and where.

    A word counts as found in the first of its places; a term of several words, which may lie in
    different places, in the last of theirs. A term of nothing but exclusions is found nowhere.
    """
    text = _Text(
        {
            Place.TITLE: fold(video.title),
            Place.DESCRIPTION: fold(video.description),
            Place.TAGS: fold_all(json.loads(video.tags or "[]")),
            Place.CHANNEL: fold(video.channel_title),
        }
    )
    found = {term: _pattern(term).find(text) for term in terms}
    return {term: place for term, place in found.items() if place is not None}


@dataclass(frozen=True, slots=True)
class _Phrase:
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


class _Text:
    """The folded text of a video."""

    def __init__(self, places: dict[Place, str]) -> None:
        self._places = places
        self._all = BARRIER.join(places.values())
        self._words = frozenset(self._all.split())

    def holds(self, phrases: Iterable[_Phrase]) -> bool:
        """Tell whether any of the phrases occurs anywhere."""
        return any(p.whole <= self._words and p.is_in(self._all) for p in phrases)

    def place_of(self, phrases: Iterable[_Phrase]) -> int:
        """Return the number of the first place that has any of the phrases; one must."""
        found = (any(p.is_in(text) for p in phrases) for text in self._places.values())
        return list(found).index(True)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A term made ready: of every group a phrase must occur, of the unwanted none may.

    `hashtag` stands for all groups: their words in one.
    """

    groups: tuple[tuple[_Phrase, ...], ...]
    hashtag: tuple[_Phrase, ...]
    unwanted: tuple[_Phrase, ...]

    def find(self, text: _Text) -> Place | None:
        """Return where the term is found."""
        if self.groups and all(text.holds(group) for group in self.groups):
            found = self.groups
        elif text.holds(self.hashtag):
            found = (self.hashtag,)
        else:
            return None
        if text.holds(self.unwanted):
            return None
        return list(Place)[max(text.place_of(group) for group in found)]


@lru_cache(maxsize=2 * MAX_WATCHES)
def _pattern(term: str) -> _Pattern:
    wanted = [_phrases(group) for group in parse_term(term) if not group.unwanted]
    unwanted = [_phrases(group) for group in parse_term(term) if group.unwanted]
    groups = tuple(filter(None, wanted))
    return _Pattern(
        groups=groups,
        hashtag=_hashtag(groups),
        unwanted=tuple(phrase for group in unwanted for phrase in group),
    )


def _phrases(group: Group) -> tuple[_Phrase, ...]:
    """Return every way in which a group may be written; none if it has no words at all."""
    texts = dict.fromkeys(way for text in group.alternatives for way in _ways_to_write(text))
    return tuple(_phrase(text) for text in texts)


def _ways_to_write(text: str) -> Iterator[str]:
    """Yield the folded ways to write it: wi-fi and wifi, #BlackCat and black cat, #f1 and f 1."""
    ways = fold(text).split(BARRIER)
    if text.startswith("#"):
        ways += fold(_INNER_BORDER.sub(" ", text)).split(BARRIER)
    for way in ways:
        if (words := way.strip()) and not words.startswith("#"):
            yield words


def _phrase(text: str) -> _Phrase:
    start = "" if _UNSPACED.match(text[0]) else " "
    end = "" if _OPEN_END.match(text[-1]) else " "
    words = start + text + end
    whole = frozenset(text.split()[0 if start else 1 : None if end else -1])
    guard = None
    if not start or not end:
        guard = re.compile(f"(?<![{_STACKERS}]){re.escape(words)}(?![{_SIGNS}])")
    return _Phrase(words, whole, guard)


def _hashtag(groups: tuple[tuple[_Phrase, ...], ...]) -> tuple[_Phrase, ...]:
    """Return the hashtag that several words make together."""
    hashtag = "#" + "".join(group[0].words for group in groups).replace(" ", "")
    return (_Phrase(f" {hashtag} ", frozenset([hashtag])),) if len(groups) > 1 else ()
