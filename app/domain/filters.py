"""Filters of a watch: which of the videos it found it does not want, and why. Pure.

What is not known of a video excludes nothing: it is judged again when more is told. There is no
filter by region: YouTube tells of no video where it comes from. A watch's region is that of its
search, which is YouTube's choice of what can be seen there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from app.domain.folding import BARRIER, fold, fold_all
from app.domain.phrases import phrases_of
from app.domain.videos import Detail, LiveState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.domain.phrases import Phrase
    from app.domain.videos import Video

MAX_SHORT_SECONDS = 180
"""How long a Short may be (YouTube Help, since October 2024). The API does not say which videos are
Shorts, so this is all there is to tell by: an upright three minutes and any other are the same."""


class Shorts(StrEnum):
    """What a watch wants of videos that are as short as Shorts."""

    ANY = "any"
    ONLY = "only"
    WITHOUT = "without"


class Exclusion(StrEnum):
    """Which filter a video did not pass; the first of these if there are several."""

    EXCLUDE_WORDS = "exclude_words"
    INCLUDE_WORDS = "include_words"
    MIN_DURATION = "min_duration_seconds"
    MAX_DURATION = "max_duration_seconds"
    LIVE = "live"
    SHORTS = "shorts"
    LANGUAGES = "languages"
    CATEGORIES = "categories"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a watch wants of the videos it finds; what is empty or None wants nothing.

    Args:
        include_words: words or phrases of which a video's text must hold one.
        exclude_words: words or phrases of which it must hold none.
        min_duration_seconds: the shortest that is wanted.
        max_duration_seconds: the longest that is wanted.
        live: the states a video may be in.
        shorts: whether videos of at most 180 s are wanted.
        languages: BCP 47 ranges; `en` stands for `en-GB`, too.
        categories: YouTube's ids of them.
    """

    include_words: tuple[str, ...] = ()
    exclude_words: tuple[str, ...] = ()
    min_duration_seconds: int | None = None
    max_duration_seconds: int | None = None
    live: tuple[LiveState, ...] = ()
    shorts: Shorts = Shorts.ANY
    languages: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


NO_FILTERS = Filters()


def exclusion(video: Video, filters: Filters) -> Exclusion | None:
    """Return which filter a video does not pass; None if it is wanted as far as one can tell."""
    if filters == NO_FILTERS:
        return None
    return (
        _by_words(video, filters)
        or _by_duration(video, filters)
        or _by_live(video, filters)
        or _by_shorts(video, filters)
        or _by_language(video, filters)
        or _by_category(video, filters)
    )


def _by_words(video: Video, filters: Filters) -> Exclusion | None:
    """Look into title, description, tags and the channel's name, as far as they are told.

    Only the whole text can lack a word.
    """
    if not filters.include_words and not filters.exclude_words:
        return None
    text = _text(video)
    if _holds_any(text, filters.exclude_words):
        return Exclusion.EXCLUDE_WORDS
    lacks = video.detail is Detail.FULL and filters.include_words
    if lacks and not _holds_any(text, filters.include_words):
        return Exclusion.INCLUDE_WORDS
    return None


def _by_duration(video: Video, filters: Filters) -> Exclusion | None:
    seconds = _known_seconds(video)
    if seconds is None:
        return None
    if filters.min_duration_seconds is not None and seconds < filters.min_duration_seconds:
        return Exclusion.MIN_DURATION
    if filters.max_duration_seconds is not None and seconds > filters.max_duration_seconds:
        return Exclusion.MAX_DURATION
    return None


def _by_live(video: Video, filters: Filters) -> Exclusion | None:
    if not filters.live or video.live is None or video.live in filters.live:
        return None
    # Search has no word for a broadcast that ended and calls it `none` (recorded bodies).
    perhaps_ended = video.live is LiveState.NONE and video.detail is not Detail.FULL
    return None if perhaps_ended and LiveState.COMPLETED in filters.live else Exclusion.LIVE


def _by_shorts(video: Video, filters: Filters) -> Exclusion | None:
    seconds = _known_seconds(video)
    if filters.shorts is Shorts.ANY or seconds is None:
        return None
    is_short = seconds <= MAX_SHORT_SECONDS
    return None if is_short == (filters.shorts is Shorts.ONLY) else Exclusion.SHORTS


def _by_language(video: Video, filters: Filters) -> Exclusion | None:
    if not filters.languages or video.language is None:
        return None
    told = f"{video.language}-".lower()
    wanted = any(told.startswith(f"{each}-".lower()) for each in filters.languages)
    return None if wanted else Exclusion.LANGUAGES


def _by_category(video: Video, filters: Filters) -> Exclusion | None:
    if not filters.categories or video.category_id is None:
        return None
    return None if video.category_id in filters.categories else Exclusion.CATEGORIES


def _known_seconds(video: Video) -> int | None:
    """Return how long a video is; a broadcast that has not ended is told to be of no length."""
    ahead = video.live in (LiveState.UPCOMING, LiveState.LIVE)
    return None if ahead else video.duration_seconds


def _text(video: Video) -> str:
    tags = fold_all(json.loads(video.tags or "[]"))
    texts = (fold(video.title), fold(video.description), tags, fold(video.channel_title))
    return BARRIER.join(texts)


def _holds_any(text: str, words: Iterable[str]) -> bool:
    return any(phrase.is_in(text) for each in words for phrase in _phrases(each))


@lru_cache(maxsize=4096)
def _phrases(words: str) -> tuple[Phrase, ...]:
    return phrases_of(words)
