"""YouTube's search in virtual time, in memory: late, capped, and not the same answer twice.

Assumed of YouTube: pages of 50, newest first, at most 500 a listing, inclusive bounds; the pages of
one listing belong together, and a call takes no time.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from app.domain.clock import pacific_day
from app.domain.ranges import SECOND
from app.domain.videos import Detail, LiveState, Video
from app.sources.base import SearchPage, VideoBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime, timedelta

    from app.domain.quota import ApiKey
    from app.domain.ranges import Stretch
    from app.sources.base import SearchQuery
    from benchmarks.arrivals import Arrival

PAGE = 50
LISTING = 500


class VirtualClock:
    """Tells the time it was moved to."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def __call__(self) -> datetime:
        """Return the present."""
        return self._at

    def move_to(self, at: datetime) -> None:
        """Let time pass; it never goes back."""
        self._at = max(self._at, at)


class StandIn:
    """A VideoSource that knows the truth.

    Args:
        arrivals: everything there will ever be.
        clock: the present.
        omission: the probability that an answer leaves out a video it ought to show.
        patience: the age from which on a video that an answer leaves out counts as withheld.
        seed: the same omissions for the same calls.
    """

    def __init__(
        self,
        arrivals: Iterable[Arrival],
        clock: VirtualClock,
        *,
        omission: float,
        patience: timedelta,
        seed: int,
    ) -> None:
        self.calls: Counter[date] = Counter()
        self.withheld: set[str] = set()
        self._clock = clock
        self._omission = omission
        self._patience = patience
        self._seed = seed
        self._asked: Counter[str] = Counter()
        self._by_term: defaultdict[str, list[Arrival]] = defaultdict(list)
        self._by_id: dict[str, Arrival] = {}
        self._rests: dict[str, Sequence[Arrival]] = {}
        for arrival in arrivals:
            self._by_term[arrival.term].append(arrival)
            self._by_id[arrival.video_id] = arrival

    def search(self, key: ApiKey, query: SearchQuery) -> SearchPage:
        """Return one page, for the product."""
        del key
        if query.page_token is None:
            page, rest = self.first_page(query.term.split("|"), query.stretch)
        else:
            page, rest = self._turn(self._rests.pop(query.page_token))
        token = None
        if rest:
            token = f"listing {self.calls.total()}"
            self._rests[token] = rest
        videos = tuple(video_of(arrival, Detail.SNIPPET) for arrival in page)
        return SearchPage(videos, token, listed=len(videos), ordered=True)

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        """Return all that is known of these videos."""
        del key
        return VideoBatch(tuple(video_of(self._by_id[i], Detail.FULL) for i in video_ids))

    def first_page(
        self, terms: Iterable[str], stretch: Stretch
    ) -> tuple[Sequence[Arrival], Sequence[Arrival]]:
        """Return the first page of a new listing of any of the terms, and the rest of it."""
        found = [a for term in terms for a in self._published(term, stretch)]
        found.sort(key=_published_at, reverse=True)
        return self._turn([a for a in found if self._shows(a, stretch)][:LISTING])

    def _published(self, term: str, stretch: Stretch) -> Sequence[Arrival]:
        published = self._by_term[term]
        first = bisect_left(published, stretch.starts_at, key=_published_at)
        after = bisect_right(published, stretch.ends_at + SECOND, key=_published_at)
        return published[first:after]

    def _turn(self, listing: Sequence[Arrival]) -> tuple[Sequence[Arrival], Sequence[Arrival]]:
        self.calls[pacific_day(self._clock())] += 1
        return listing[:PAGE], listing[PAGE:]

    def _shows(self, arrival: Arrival, stretch: Stretch) -> bool:
        now = self._clock()
        if not stretch.holds(arrival.published_at) or arrival.visible_at > now:
            return False
        omitted = self._omits(arrival)
        if omitted and now - arrival.published_at >= self._patience:
            self.withheld.add(arrival.video_id)
        return not omitted

    def _omits(self, arrival: Arrival) -> bool:
        """Decide by the video and how often it was asked for, so that policies compare."""
        if not self._omission:
            return False
        self._asked[arrival.video_id] += 1
        draw = f"{self._seed} {arrival.video_id} {self._asked[arrival.video_id]}"
        return random.Random(draw).random() < self._omission  # noqa: S311 - reproducible


def _published_at(arrival: Arrival) -> datetime:
    return arrival.published_at


def video_of(arrival: Arrival, detail: Detail) -> Video:
    """Return a telling of an arrival."""
    return Video(
        video_id=arrival.video_id,
        title=f"{arrival.video_id} {arrival.term}",
        description="",
        published_at=arrival.published_at,
        channel_id=arrival.channel_id,
        channel_title="Channel",
        detail=detail,
        live=LiveState.NONE,
    )
