"""Packing: which terms share one search call, and how that call is written. Pure.

A packed call asks for a term of several words as a phrase, which finds less than the words do: it
brings news early and never makes a range complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from app.domain.errors import InvalidValueError
from app.ingest.terms import is_plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_QUERY_BYTES = 1500
"""Of a packed query in a URL, so that the URL stays within the 2,048 that everything takes; YouTube
documents no limit of its own."""

MAX_TERMS = 20
"""In one call: how well YouTube ranks a longer choice is not known."""

FILL = 40.0
"""Results to expect of a call: a page holds 50, and arrivals vary by about their root."""


@dataclass(frozen=True, slots=True)
class Packable:
    """A watch as packing sees it; those offered together have one region and language.

    Args:
        term: what is searched for; no two are equal.
        rate: videos per second it is expected to bring.
        interval_seconds: how much publish time a call for it has to cover.
    """

    term: str
    rate: float
    interval_seconds: float


@dataclass(frozen=True, slots=True)
class Pack:
    """Watches that share a call, which covers the longest of their intervals for all of them."""

    members: tuple[Packable, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms, those with most videos first."""
        return tuple(member.term for member in self.members)

    @property
    def expected(self) -> float:
        """How many videos one call is expected to bring."""
        interval = max(member.interval_seconds for member in self.members)
        return interval * sum(member.rate for member in self.members)


def pack(watches: Iterable[Packable], *, fill: float = FILL) -> list[Pack]:
    """Put each watch into one pack: the busiest first, each into the first pack with room.

    A watch with operators in its term, or too busy or too long to share, has a pack of its own;
    only such a pack may be expected to bring more than `fill`.
    """
    packs: list[_OpenPack] = []
    for watch in sorted(watches, key=_busiest_first):
        sharing = (pack for pack in packs if pack.has_room(watch, fill))
        room = next(sharing, None) if is_plain(watch.term) else None
        if room is None:
            packs.append(_OpenPack(watch))
        else:
            room.add(watch)
    return [Pack(tuple(pack.members)) for pack in packs]


def packed_query(terms: Sequence[str]) -> str:
    """Return the query for videos of any of the terms: `a|"b c"`; a single term stays as it is.

    Raises:
        InvalidValueError: no term, one with operators among several, or more than fits a call.
    """
    if len(terms) == 1:
        return terms[0]
    if not terms or not all(is_plain(term) for term in terms):
        raise InvalidValueError("only plain terms share a call")
    if len(terms) > MAX_TERMS or sum(_query_bytes(term) for term in terms) > MAX_QUERY_BYTES:
        raise InvalidValueError("too many or too long terms for one call")
    return "|".join(_quoted(term) for term in terms)


class _OpenPack:
    """A pack that is being filled."""

    def __init__(self, first: Packable) -> None:
        self.members = [first]
        self._rate = first.rate
        self._interval_seconds = first.interval_seconds
        self._bytes = _query_bytes(first.term)
        self._may_share = is_plain(first.term)

    def has_room(self, watch: Packable, fill: float) -> bool:
        interval_seconds = max(self._interval_seconds, watch.interval_seconds)
        return (
            self._may_share
            and len(self.members) < MAX_TERMS
            and self._bytes + _query_bytes(watch.term) <= MAX_QUERY_BYTES
            and (self._rate + watch.rate) * interval_seconds <= fill
        )

    def add(self, watch: Packable) -> None:
        self.members.append(watch)
        self._rate += watch.rate
        self._interval_seconds = max(self._interval_seconds, watch.interval_seconds)
        self._bytes += _query_bytes(watch.term)


def _busiest_first(watch: Packable) -> tuple[float, str]:
    return -watch.rate * watch.interval_seconds, watch.term


def _query_bytes(term: str) -> int:
    return len(quote(_quoted(term) + "|"))


def _quoted(term: str) -> str:
    """Return a plain term as one operand of a choice."""
    return f'"{term}"' if len(term.split()) > 1 and not term.startswith('"') else term
