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

from app.domain.memo import Memo

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

_BEYOND_ASCII = re.compile("([^\0-\x7f]+)")

BARRIER = "\0"  # no stored text holds it
_BETWEEN = f" {BARRIER} "
_ASCII_SYMBOLS = (BARRIER, "+")
_SYMBOLS = (*_ASCII_SYMBOLS, "\u266f")
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
    return f" {' '.join(_words(text))} "


def fold_all(texts: Iterable[str]) -> str:
    """Return the folded texts as one, with barriers between."""
    return fold(_BETWEEN.join(texts))


def words_of_all(texts: Iterable[str]) -> list[str]:
    """Return what stands between the spaces of the folded texts: words and barriers."""
    return _words(_BETWEEN.join(texts))


def _words(text: str) -> list[str]:
    if "#" in text:
        text = _SHARP.sub("\u266f", text)
    if "://" in text or "www." in text:
        text = _LINK.sub(" ", text)
    for symbol in _ASCII_SYMBOLS:
        text = text.replace(symbol, f" {symbol} ")
    text = text.encode(errors="surrogatepass").translate(_ASCII).decode(errors="surrogatepass")
    if not text.isascii():
        parts = _BEYOND_ASCII.split(text)
        parts[1::2] = map(_BEYOND.__getitem__, parts[1::2])
        text = "".join(parts)
    words = text.replace("-", " ").replace("'", " ").replace("#", " ").split()
    words.extend(_joined_words(text))
    return words


def _joined_words(text: str) -> Iterator[str]:
    if "-" not in text and "'" not in text and "#" not in text:
        return
    for word in dict.fromkeys(word for word in text.split() if not word.isalnum()):
        body, *hashtags = word.replace("-", "").replace("'", "").split("#")
        if body and body not in word:
            yield from (BARRIER, body)
        for hashtag in filter(None, hashtags):
            yield from (BARRIER, f"#{hashtag}")


def _folded_beyond_ascii(part: str) -> str:
    """Fold what stands between ASCII characters; words share letters, and texts words.

    A part is on its own in NFKC: nothing but accents, which are dropped, unites with ASCII.
    """
    # NFKC would glue the letters of a trade mark to the word before it.
    whole = unicodedata.normalize("NFKC", part.replace("\u2122", " ").replace("\u2120", " "))
    return " ".join(_RUNS.split(whole.translate(_TABLE)))


_BEYOND = Memo(_folded_beyond_ascii)


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


_ASCII = bytes(ord((_folded(chr(code)) or "").strip() or " ") for code in range(128)) + bytes(
    range(128, 256)
)
"""What each byte of UTF-8 becomes: the others stay, until they are folded as characters."""
