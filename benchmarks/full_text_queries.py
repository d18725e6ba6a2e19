"""Queries by how often their words occur: chosen from the texts themselves."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from benchmarks.full_text_rows import OLD

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from benchmarks.full_text_rows import Texts

QUERIES = 8
COMMON, MEDIUM, SCARCE, RARE = (0.1, 1.0), (0.003, 0.02), (0.0006, 0.003), (0.00003, 0.0002)
"""Bands of the share of videos that hold a word."""


def queries_of(texts: Texts, rng: random.Random) -> dict[str, list[str]]:
    """Return queries by class; the same for the same texts and randomness."""
    words = [word for word in sorted(texts.shares) if word.isascii() and word.isalpha()]
    runs = _pairs_of_runs(texts)
    common, medium, scarce, rare = (
        _in_band(words, texts.shares, band, rng) for band in (COMMON, MEDIUM, SCARCE, RARE)
    )
    phrases = _phrases(texts, {word for word in words if texts.shares[word] >= COMMON[0]})
    return {
        "rare word": rare,
        "scarce word": scarce,
        "medium word": medium,
        "common word": common,
        "no such word": [f"zzq{number}" for number in range(QUERIES)],
        "two common words": _joined(common, common[1:] + common[:1]),
        "common and rare word": _joined(common, rare),
        "common phrase": phrases.common,
        "common word without a common one": _joined(common, [f"-{w}" for w in reversed(common)]),
        "medium word without common ones": [f"{w} -{common[0]} -{common[1]}" for w in medium],
        "prefix of three letters": [f"{word[:3]}*" for word in medium],
        "prefix of a rare word": [f"{word[:-1]}*" for word in rare],
        "two characters without spaces": runs,
        "one character without spaces": [run[0] for run in runs],
        "rare phrase of common words": phrases.rare,
        "a word of the older half": [OLD],
    }


@dataclass(frozen=True, slots=True)
class _Phrases:
    common: list[str]
    rare: list[str]


def _in_band(
    words: Sequence[str],
    shares: dict[str, float],
    band: tuple[float, float],
    rng: random.Random,
) -> list[str]:
    low, high = band
    inside = [word for word in words if low <= shares[word] < high]
    return rng.sample(inside, min(QUERIES, len(inside)))


def _joined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    return [
        f"{one} {other}" for one, other in zip(first, second, strict=False) if other[-2:] != one
    ]


def _phrases(texts: Texts, common: set[str]) -> _Phrases:
    """Return rows of two common words that are common themselves, and such that are not."""
    counts = Counter(
        pair
        for row in texts.rows
        for pair in set(pairwise(row))
        if pair[0] in common and pair[1] in common
    )
    quoted = [f'"{one} {other}"' for (one, other), _ in counts.most_common()]
    return _Phrases(quoted[:QUERIES], quoted[-2:])


def _pairs_of_runs(texts: Texts) -> list[str]:
    """Return pairs of characters from scripts without spaces, the frequent ones."""
    counts = Counter(
        word[:2]
        for row in texts.rows
        for word in row
        if len(word) > 1 and "\u0e00" <= word[0] <= "\uffff"
    )
    return [pair for pair, _ in counts.most_common(QUERIES)]
