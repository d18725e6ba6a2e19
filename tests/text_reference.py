"""Full text in the plainest words, for tests to compare with: does a text hold a query?"""

import json
import re
from collections.abc import Iterable

from app.domain.folding import BARRIER, HANGUL, UNSPACED, fold_all
from app.domain.text_query import Phrase, TextQuery
from app.domain.videos import Video

_RUN = re.compile(f"[{UNSPACED}{HANGUL}]+")


def video_holds(video: Video, query: TextQuery) -> bool:
    return holds(
        [video.title, video.description, *json.loads(video.tags or "[]"), video.channel_title],
        query,
    )


def holds(texts: Iterable[str], query: TextQuery) -> bool:
    parts = fold_all(texts).split(BARRIER)
    return all(any(_is_in(phrase, part) for part in parts) for phrase in query.wanted) and not any(
        _is_in(phrase, part) for phrase in query.excluded for part in parts
    )


def _is_in(phrase: Phrase, folded: str) -> bool:
    """In scripts without spaces and Korean anywhere, elsewhere from the beginning of a word."""
    words = " ".join(phrase.words)
    start = "" if _RUN.match(words) else " "
    end = "" if phrase.prefix or _RUN.fullmatch(phrase.words[-1]) else " "
    return f"{start}{words}{end}" in folded
