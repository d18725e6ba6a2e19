"""Terms: a watch's keyword read as YouTube reads it. Pure; what a term matches is not known here.

Words are joined by AND, `a|b` means either, `-a` none of it, quotes keep a phrase together (YouTube
API docs).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.domain.folding import fold

_GROUP = re.compile(r'-?(?:"[^"]*"|[^\s|]+)(?:\s*\|\s*(?:"[^"]*"|[^\s|]+))*')
_ALTERNATIVE = re.compile(r'"([^"]*)"|([^\s|]+)')
_NAMED = re.compile(r"[a-z]+:\S")  # intitle:word, before:2026 and the like
_WHOLE_PHRASE = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Group:
    """Words or phrases of which one must occur, or, if `unwanted`, none may."""

    alternatives: tuple[str, ...]
    unwanted: bool = False


def parse_term(term: str) -> tuple[Group, ...]:
    """Return what a text must satisfy, all of it, in the order of the term."""
    return tuple(_read_group(group) for group in _GROUP.findall(term))


def is_plain(term: str) -> bool:
    """Tell whether a term may share a call: it has words and no operators.

    Quotes are no operators where they stand around the whole term. What nothing can match, for it
    has no words, could not be told from the others' videos.
    """
    phrase = _WHOLE_PHRASE.fullmatch(term)
    words = phrase[1] if phrase else term
    if '"' in words or "|" in words or (not phrase and _has_operators(term)):
        return False
    return not fold(words).isspace()


def _has_operators(term: str) -> bool:
    words = term.split()
    return any(word.startswith("-") or _NAMED.match(word) for word in words)


def _read_group(group: str) -> Group:
    unwanted = group.startswith("-") and len(group) > 1
    found = _ALTERNATIVE.findall(group[1:] if unwanted else group)
    return Group(tuple(phrase or word for phrase, word in found), unwanted)
