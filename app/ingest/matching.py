"""Matching: whether a video's text holds a watch's term, and where. Pure.

How words are found in a text, in every script, is said in `domain/phrases.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from app.domain.folding import BARRIER, fold, fold_all
from app.domain.phrases import Phrase, phrases_of
from app.domain.watches import MAX_WATCHES
from app.ingest.terms import parse_term

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.domain.videos import Video
    from app.ingest.terms import Group


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


class _Text:
    """The folded text of a video."""

    def __init__(self, places: dict[Place, str]) -> None:
        self._places = places
        self._all = BARRIER.join(places.values())
        self._words = frozenset(self._all.split())

    def holds(self, phrases: Iterable[Phrase]) -> bool:
        """Tell whether any of the phrases occurs anywhere."""
        return any(p.whole <= self._words and p.is_in(self._all) for p in phrases)

    def place_of(self, phrases: Iterable[Phrase]) -> int:
        """Return the number of the first place that has any of the phrases; one must."""
        found = (any(p.is_in(text) for p in phrases) for text in self._places.values())
        return list(found).index(True)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A term made ready: of every group a phrase must occur, of the unwanted none may.

    `hashtag` stands for all groups: their words in one.
    """

    groups: tuple[tuple[Phrase, ...], ...]
    hashtag: tuple[Phrase, ...]
    unwanted: tuple[Phrase, ...]

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


def _phrases(group: Group) -> tuple[Phrase, ...]:
    """Return every way in which a group may be written; none if it has no words at all."""
    ways = (phrase for text in group.alternatives for phrase in phrases_of(text))
    return tuple({phrase.words: phrase for phrase in ways}.values())


def _hashtag(groups: tuple[tuple[Phrase, ...], ...]) -> tuple[Phrase, ...]:
    """Return the hashtag that several words make together."""
    hashtag = "#" + "".join(group[0].words for group in groups).replace(" ", "")
    return (Phrase(f" {hashtag} ", frozenset([hashtag])),) if len(groups) > 1 else ()
