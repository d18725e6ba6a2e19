"""Packing: which terms share one search call, and how that call is written. Pure.

A packed call asks for a term of several words as a phrase, which finds less than the words do: it
brings news early and never makes a range complete.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from heapq import heappop, heappush
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


@dataclass(frozen=True)
class Packable:
    """A watch as packing sees it; those offered together have one region and language.

    Args:
        term: what is searched for; no two are equal.
        rate: videos per second it is expected to bring.
    """

    term: str
    rate: float

    @cached_property
    def query_bytes(self) -> int:
        """What the term takes of a packed query in a URL."""
        return _query_bytes(self.term)

    @cached_property
    def may_share(self) -> bool:
        """Whether the term may be one of a choice."""
        return is_plain(self.term)


@dataclass(frozen=True, slots=True)
class Pack:
    """Watches that share a call."""

    members: tuple[Packable, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms, those with most videos first."""
        return tuple(member.term for member in self.members)

    @property
    def rate(self) -> float:
        """Videos per second it is expected to bring."""
        return sum(member.rate for member in self.members)


def pack(watches: Iterable[Packable], seconds: float, *, fill: float = FILL) -> list[Pack]:
    """Put each watch into one pack: the busiest first, each into the one that brings least so far.

    A watch with operators in its term, or too busy or too long to share, has a pack of its own;
    only such a pack may be expected to bring more than `fill`.

    Args:
        watches: in any order.
        seconds: how much publish time a call has to cover.
        fill: videos that a call may be expected to bring.
    """
    packs: list[_OpenPack] = []
    least_first: list[_OpenPack] = []  # a heap of those that may take more
    for watch in sorted(watches, key=_busiest_first):
        room = _room_for(watch, least_first, fill / seconds) if watch.may_share else None
        if room is None:
            room = _OpenPack(number=len(packs))
            packs.append(room)
        room.add(watch)
        if watch.may_share and len(room.members) < MAX_TERMS:
            heappush(least_first, room)
    return [Pack(tuple(each.members)) for each in packs]


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


@dataclass(slots=True)
class _OpenPack:
    """A pack that is being filled."""

    number: int
    rate: float = 0.0
    query_bytes: int = 0
    members: list[Packable] = field(default_factory=list)

    def __lt__(self, other: _OpenPack) -> bool:
        return (self.rate, self.number) < (other.rate, other.number)

    def add(self, watch: Packable) -> None:
        self.members.append(watch)
        self.rate += watch.rate
        self.query_bytes += watch.query_bytes


def _room_for(watch: Packable, least_first: list[_OpenPack], most: float) -> _OpenPack | None:
    """Take the pack that brings least from the heap, of those with room for a watch; None if none.

    `most` is what a pack may bring a second.
    """
    too_long: list[_OpenPack] = []
    room = None
    while room is None and least_first and least_first[0].rate + watch.rate <= most:
        least = heappop(least_first)
        fits = least.query_bytes + watch.query_bytes <= MAX_QUERY_BYTES
        if fits:
            room = least
        else:
            too_long.append(least)
    for each in too_long:
        heappush(least_first, each)
    return room


def _busiest_first(watch: Packable) -> tuple[float, str]:
    return -watch.rate, watch.term


def _query_bytes(term: str) -> int:
    return len(quote(_quoted(term) + "|"))


def _quoted(term: str) -> str:
    """Return a plain term as one operand of a choice."""
    return f'"{term}"' if len(term.split()) > 1 and not term.startswith('"') else term
