"""Folding: text as it is compared when a term is looked for in it. Pure; nothing is stored folded.

What is the same afterwards: every Unicode form of a text (NFKC), upper and lower case, accents and
vowel points (YouTube's search takes cafe for café, so a link must not hang on them), digits of any
script, styled letters. Punctuation ends words. Links are dropped: nearly every description has one
to a social network, which says nothing about the video.

Words end up between single spaces. So do runs of scripts that write no spaces, of Hangul, and each
symbol (emoji, +), whatever they stood next to.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\U0001b000-\U0001b16f"  # Japanese
    "\u3100-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"  # Chinese
)
"""The scripts that write no spaces between words, as ranges of a character class."""

HANGUL = "\uac00-\ud7a3"

_RUNS = re.compile(f"([{UNSPACED}]+|[{HANGUL}]+)")
_LINK = re.compile(r"(?:https?://|www\.)[!-~]+")
_SHARP = re.compile(r"#(?<=\w#)(?!\w)")  # C#, F#: the sign of a hashtag stands before its word

BARRIER = "\0"  # no stored text holds it
_SYMBOLS = (BARRIER, "+", "\u266f")
_UNDECOMPOSED = {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "\u0131": "i", "æ": "ae", "œ": "oe"}
_ACCENTS = "\u0300-\u036f"
_POINTS = "\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"  # Hebrew, Arabic
_VARIANTS = "\ufe00-\ufe0f\U000e0100-\U000e01ef\u20e3\U0001f3fb-\U0001f3ff"  # of emoji
_DROPPED = re.compile(f"[{_ACCENTS}{_POINTS}{_VARIANTS}]")
_EMOJI_TAGS = range(0xE0020, 0xE0080)  # they tell the flag of Wales from that of Scotland
_JOINERS = {"#": "#", "-": "-", "\u2010": "-", "'": "'", "\u2019": "'", "\u02bc": "'"}


def fold(text: str) -> str:
    """Return the folded text, with one space between words and at each end.

    Behind a barrier that no phrase crosses stand words that can be written in two ways: what
    hyphens or apostrophes divide, in one, and each hashtag, with its sign.
    """
    if "#" in text:
        text = _SHARP.sub("\u266f", text)
    if "://" in text or "www." in text:
        text = _LINK.sub(" ", text)
    if text.isascii():
        text = text.translate(_TABLE)
    else:
        # NFKC would glue the letters of a trade mark to the word before it.
        whole = unicodedata.normalize("NFKC", text.replace("\u2122", " ").replace("\u2120", " "))
        text = " ".join(_RUNS.split(whole.translate(_TABLE)))
    words = text.replace("-", " ").replace("'", " ").replace("#", " ").split()
    return f" {' '.join([*words, *_joined_words(text)])} "


def fold_all(texts: Iterable[str]) -> str:
    """Return the folded texts as one, with barriers between."""
    return fold(f" {BARRIER} ".join(texts))


def _joined_words(text: str) -> Iterator[str]:
    if "-" not in text and "'" not in text and "#" not in text:
        return
    for word in dict.fromkeys(word for word in text.split() if not word.isalnum()):
        body, *hashtags = word.replace("-", "").replace("'", "").split("#")
        if body and body not in word:
            yield from (BARRIER, body)
        for hashtag in filter(None, hashtags):
            yield from (BARRIER, f"#{hashtag}")


class _Table(dict[int, str | None]):
    """What each character becomes; worked out when it is met first."""

    def __missing__(self, code: int) -> str | None:
        self[code] = folded = _folded(chr(code))
        return folded


_TABLE = _Table()


def _folded(character: str) -> str | None:
    """Return what replaces a character of a text in NFKC; None: nothing."""
    if character in _JOINERS:
        return _JOINERS[character]
    category = unicodedata.category(character)
    is_emoji_tag = ord(character) in _EMOJI_TAGS
    if _DROPPED.match(character) or (category == "Cf" and not is_emoji_tag):
        return None
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] in "LMN":
        return _folded_letter(character)
    is_symbol = category in ("So", "Cn", "Co") or character in _SYMBOLS
    return f" {character} " if is_symbol else character if is_emoji_tag else " "


def _folded_letter(letter: str) -> str:
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
    folded = unicodedata.normalize("NFC", _DROPPED.sub("", parts))
    return "".join(_UNDECOMPOSED.get(part, part) for part in folded)
