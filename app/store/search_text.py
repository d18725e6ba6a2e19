"""The text a video is found by: plain tokens that every database's index takes for words. Pure.

Every token is `x` and the word (which makes it no stop word), ASCII letters and digits as they are,
other characters as `_` and their number; one letter alone is filled up to the three characters that
MySQL wants of a word. What an index would make of other letters is different on every database.

Scripts without spaces, and Korean, where particles follow the words, are cut into pairs of
characters: 東京都 becomes 東京, 京都, 都. So any part of such a run is a row of pairs, and a single
character begins a token.

Behind the words stand the tokens of the day of publication (`days`), which are no words.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from app.domain.folding import BARRIER, HANGUL, UNSPACED, words_of_all
from app.domain.memo import Memo
from app.store.days import day_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from app.domain.text_query import Phrase

MAX_TOKEN_CHARACTERS = 80
"""MySQL does not index words of more than 84. Longer ones are the same if they begin the same."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_NEEDS_NUMBERS = re.compile("[^a-z0-9]")
_RUN = re.compile(f"[{UNSPACED}{HANGUL}]")
_BREAK = "."
"""Stands between texts, where no phrase crosses; no index takes it for a word."""


def search_text(
    title: str, description: str, tags: str | None, channel_title: str, published_at: datetime
) -> str:
    """Return the tokens of all that a video is found by, with one space around each.

    Args:
        title: of the video, like the description.
        description: what the best telling has of it.
        tags: a JSON array of strings, if known.
        channel_title: the name of its channel.
        published_at: when it was published; its day counts.
    """
    words: list[str] = json.loads(tags) if tags else []
    folded = words_of_all([title, description, *words, channel_title])
    tokens = " ".join(filter(None, map(_TOKENS.__getitem__, folded)))
    return f" {tokens} {day_tokens(published_at)} "


def tokens_of(phrase: Phrase) -> tuple[str, ...]:
    """Return the tokens of a phrase, which stand in a row in every text that has it.

    The last one may be only the beginning of a token: see `is_open`.
    """
    *words, last = phrase.words
    if not _is_run(last):
        token = _encoded(last) if phrase.prefix else _token(last)
        return (*_whole(words), token)
    pairs = tuple(_pairs(last))
    return (*_whole(words), *(pairs[:-1] or pairs))


def is_open(phrase: Phrase) -> bool:
    """Tell whether the last token of a phrase may go on."""
    last = phrase.words[-1]
    return len(last) == 1 if _is_run(last) else phrase.prefix


def needle_of(phrase: Phrase) -> str:
    """Return what a search text holds if, and only if, the video's text has the phrase."""
    return f" {' '.join(tokens_of(phrase))}{'' if is_open(phrase) else ' '}"


def _whole(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from _cut(word).split()


def _cut(word: str) -> str:
    """Return the tokens of a folded word."""
    if word.isascii() and word.isalnum() and 1 < len(word) < MAX_TOKEN_CHARACTERS:
        return f"x{word}"  # as most words are
    if word == BARRIER:
        return _BREAK
    if word.startswith("#"):
        return ""  # a hashtag's word stands there without its sign, too
    return " ".join(_pairs(word)) if _is_run(word) else _token(word)


_TOKENS = Memo(_cut)


def _is_run(word: str) -> bool:
    return _RUN.match(word) is not None


def _pairs(run: str) -> Iterator[str]:
    """Yield a token for each character of a run: the character with the next one, if any."""
    numbers = [_number(character) for character in run]
    for first, second in zip(numbers, [*numbers[1:], ""], strict=True):
        yield f"x{first}{second}"


def _token(word: str) -> str:
    token = _encoded(word)
    return token if len(token) > len("xa") else f"{token}_"


def _encoded(word: str) -> str:
    if len(word) < MAX_TOKEN_CHARACTERS and _NEEDS_NUMBERS.search(word) is None:
        return f"x{word}"
    encoded = "x"
    for character in word:
        code = _number(character)
        if len(encoded) + len(code) > MAX_TOKEN_CHARACTERS:
            break
        encoded += code
    return encoded


@lru_cache(maxsize=4096)
def _number(character: str) -> str:
    """Return a character's code; no code begins another one."""
    if character in _DIGITS:
        return character
    rest, width = ord(character), 3
    if rest >= len(_DIGITS) ** width:
        width = 4
    code = ""
    for _ in range(width):
        rest, digit = divmod(rest, len(_DIGITS))
        code = _DIGITS[digit] + code
    return f"{'_' * (width - 2)}{code}"
