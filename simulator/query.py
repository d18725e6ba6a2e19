"""The query language of search.list: what `q` means for the text of one video.

Words are joined by AND, `a|b` means either, `-a` none of it, quotes keep a phrase together
(YouTube API docs). Matching is on whole words; scripts without spaces match inside a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[str], bool]

_GROUP = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_TERM = re.compile(r'"([^"]*)"?|([^|"]+)')
_AROUND_BAR = re.compile(r"\s*\|\s*")
# Thai to Khmer, Kana and Han, Hangul (whose particles join the word).
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)


def matcher(query: str) -> Test:
    """A test for search texts (case folded); an empty query matches everything."""
    wanted: list[Test] = []
    unwanted: list[Test] = []
    for group in _GROUP.findall(_AROUND_BAR.sub("|", query.casefold())):
        negative = group.startswith("-")
        if terms := _terms(group[1:] if negative else group):
            (unwanted if negative else wanted).append(_any_of(terms))
    if len(wanted) == 1 and not unwanted:
        return wanted[0]  # the usual query, tried on thousands of texts
    return lambda text: (
        all(test(text) for test in wanted) and not any(test(text) for test in unwanted)
    )


def _terms(group: str) -> list[str]:
    terms = (" ".join((phrase or word).split()) for phrase, word in _TERM.findall(group))
    return [term for term in terms if term]


def _any_of(terms: list[str]) -> Test:
    tests = [_contains(term) for term in terms]
    if len(tests) == 1:
        return tests[0]
    return lambda text: any(test(text) for test in tests)


def _contains(term: str) -> Test:
    if _UNSPACED.search(term):
        return lambda text: term in text
    words = term.split(" ")
    rarest = max(words, key=len)
    phrase = r"\s+".join(re.escape(word) for word in words)
    pattern = re.compile(rf"(?<!\w){phrase}(?!\w)")
    return lambda text: rarest in text and pattern.search(text) is not None
