"""Walks through feeds whose videos come, go and change between the pages; pages by number.

What was there from the first page of a walk to its last is met exactly once and in order. Every
kind of database is asked the same at once, and held against a plain Python list.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import orjson
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.domain.errors import NotFoundError
from app.domain.feeds import ALL, EVERYTHING, Cursor, Feed, PageRequest, Position, Selection
from app.domain.filters import Filters
from app.domain.videos import LiveState, Video, merge
from app.domain.watches import WatchOptions
from app.store.store import Store
from tests.contract.store.tellings import (
    CHANNEL,
    NOW,
    VIDEO,
    add_watch,
    get_page,
    record,
    settle,
    wipe,
)

if TYPE_CHECKING:
    from app.domain.feeds import Page
    from app.store.database import Database

OTHER_CHANNEL = "UC9999999999999999999999"
IDS = tuple(f"{letter}video-{number:04}" for number in range(9) for letter in "aB-_")
# Ties in one second, neighbours in one hour, both sides of the ends of an hour, a day and a month,
# and months further back.
SECONDS = (0, 0, 1, 3_599, 3_600, 43_200, 43_201, 86_400, 2_600_000, 11_000_000)


@dataclass(frozen=True)
class Telling:
    """What is told of a video: new, edited or re-dated, and perhaps found by watches."""

    video_id: str
    seconds_ago: int
    in_channel: bool
    live: LiveState
    duration: int | None
    watched: bool
    picked: bool

    def video(self) -> Video:
        return replace(
            VIDEO,
            video_id=self.video_id,
            published_at=NOW - timedelta(seconds=self.seconds_ago),
            channel_id=CHANNEL if self.in_channel else OTHER_CHANNEL,
            live=self.live,
            duration_seconds=self.duration,
        )


@dataclass(frozen=True)
class Take:
    """A video is deleted, hidden or shown again."""

    video_id: str
    how: str


@dataclass(frozen=True)
class Refuse:
    """The picky watch excludes all it found, or nothing."""

    everything: bool


Event = list[Telling] | Take | Refuse


@dataclass(frozen=True)
class Question:
    """A feed, by name, and what is wanted of it in which order."""

    feed: str
    selection: Selection
    oldest_first: bool
    limit: int


TELLINGS = st.builds(
    Telling,
    video_id=st.sampled_from(IDS),
    seconds_ago=st.sampled_from(SECONDS),
    in_channel=st.booleans(),
    live=st.sampled_from([LiveState.NONE, LiveState.LIVE]),
    duration=st.sampled_from([None, 59, 60, 61]),
    watched=st.booleans(),
    picked=st.booleans(),
)
TAKES = st.builds(Take, st.sampled_from(IDS), st.sampled_from(["delete", "hide", "show"]))
REFUSALS = st.builds(Refuse, st.booleans())
EVENTS = st.lists(st.lists(TELLINGS, min_size=1, max_size=6) | TAKES | REFUSALS, max_size=3)
SELECTIONS = st.just(EVERYTHING) | st.builds(
    Selection,
    published_after=st.sampled_from([None, NOW - timedelta(seconds=86_400)]),
    published_before=st.sampled_from([None, NOW - timedelta(seconds=1)]),
    min_duration_seconds=st.sampled_from([None, 60]),
    max_duration_seconds=st.sampled_from([None, 60]),
    live=st.sampled_from([None, LiveState.NONE]),
)
# At a video, beside one, amid an hour, at the ends of an hour and a month, beyond all of them.
ENDS = st.none() | st.sampled_from([*SECONDS, -1, 2, 1_800, 7_200, 43_199, 90_000_000]).map(
    lambda seconds: NOW - timedelta(seconds=seconds)
)
STRETCHES = st.builds(Selection, published_after=ENDS, published_before=ENDS)
QUESTIONS = st.builds(
    Question,
    feed=st.sampled_from(["all", "watch", "channel"]),
    selection=SELECTIONS | STRETCHES,
    oldest_first=st.booleans(),
    limit=st.integers(1, 4),
)


@dataclass
class Model:
    """What is stored, in one dictionary each."""

    videos: dict[str, Video] = field(default_factory=dict)
    watched: set[str] = field(default_factory=set)
    picked: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    refuses: bool = True

    def apply(self, event: Event) -> None:
        if isinstance(event, Refuse):
            self.refuses = event.everything
            return
        if isinstance(event, Take):
            self._take(event)
            return
        for telling in event:
            told, stored = telling.video(), self.videos.get(telling.video_id)
            self.videos[telling.video_id] = told if stored is None else merge(stored, told)
            if telling.watched:
                self.watched.add(telling.video_id)
            if telling.picked:
                self.picked.add(telling.video_id)

    def _take(self, take: Take) -> None:
        if take.how == "delete":
            self.videos.pop(take.video_id, None)
            for marked in (self.watched, self.picked):  # what is hidden stays so
                marked.discard(take.video_id)
        elif take.how == "hide" and take.video_id in self.videos:
            self.hidden.add(take.video_id)
        else:
            self.hidden.discard(take.video_id)

    def answer(self, question: Question) -> list[Position]:
        """The places of all videos that are wanted, in order."""
        wanted = [
            Position(video.published_at, video.video_id)
            for video in self.videos.values()
            if self._is_visible(video.video_id)
            and (question.feed != "watch" or video.video_id in self.watched)
            and (question.feed != "channel" or video.channel_id == CHANNEL)
            and _is_wanted(video, question.selection)
        ]
        return sorted(wanted, key=_order, reverse=not question.oldest_first)

    def _is_visible(self, video_id: str) -> bool:
        excluded = self.refuses and video_id in self.picked and video_id not in self.watched
        return video_id not in self.hidden and not excluded


class Served:
    """One database and the reader over it."""

    def __init__(self, database: Database) -> None:
        wipe(database)
        self._store = Store(database)
        self._watch_id = add_watch(self._store).watch_id
        self._picky_id = add_watch(self._store, "picky").watch_id
        self._refuse(everything=True)
        self._feeds = {
            "all": ALL,
            "watch": Feed(watch_id=self._watch_id),
            "channel": Feed(channel_id=CHANNEL),
        }

    def apply(self, event: Event) -> None:
        if isinstance(event, Refuse):
            self._refuse(everything=event.everything)
            return
        if isinstance(event, Take):
            if event.how == "delete":
                self._store.write(lambda t: t.delete([event.video_id], NOW))
            else:
                hidden = event.how == "hide"
                with suppress(NotFoundError):
                    change = self._store.write
                    change(lambda t: t.set_hidden(event.video_id, hidden=hidden, now=NOW))
            return
        for telling in event:
            record(self._store, [telling.video()], self._watch_id if telling.watched else None)
            if telling.picked:
                record(self._store, [telling.video()], self._picky_id)

    def _refuse(self, *, everything: bool) -> None:
        filters = Filters(exclude_words=("title",) if everything else ())  # every title has it
        change = WatchOptions(filters=filters)
        self._store.write(lambda t: t.watches.change(self._picky_id, change))
        settle(self._store, 3)

    def page(self, question: Question, number: int = 1, cursor: Cursor | None = None) -> Page:
        request = PageRequest(
            self._feeds[question.feed],
            question.limit,
            number,
            cursor,
            question.selection,
            question.oldest_first,
        )
        return get_page(self._store, request)


def _is_wanted(video: Video, selection: Selection) -> bool:
    after, before = selection.published_after, selection.published_before
    shortest, longest = selection.min_duration_seconds, selection.max_duration_seconds
    seconds = video.duration_seconds
    return (
        (after is None or video.published_at >= after)
        and (before is None or video.published_at <= before)
        and (shortest is None or (seconds is not None and seconds >= shortest))
        and (longest is None or (seconds is not None and seconds <= longest))
        and (selection.live is None or video.live is selection.live)
    )


def _order(position: Position) -> tuple[object, str]:
    return position.published_at, position.video_id


def _ids(page: Page) -> list[str]:
    return [orjson.loads(item)["video_id"] for item in page.items]


def _all_agree(answers: list[Page]) -> Page:
    """The one page that every database gave."""
    first = answers[0]
    for other in answers[1:]:
        assert (_ids(other), other.total) == (_ids(first), first.total)
        assert (other.next_cursor, other.previous_cursor) == (
            first.next_cursor,
            first.previous_cursor,
        )
    return first


property_settings = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # to shrink over three real databases takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
STORED = st.lists(TELLINGS, min_size=8, max_size=24)


@settings(property_settings, max_examples=10)
@given(
    stored=STORED,
    question=QUESTIONS,
    between=st.lists(EVENTS, min_size=4, max_size=8),
    backwards=st.booleans(),
)
def test_a_walk_by_cursor_meets_what_stays_once_and_in_order(
    databases: list[Database],
    stored: list[Telling],
    question: Question,
    between: list[list[Event]],
    backwards: bool,  # noqa: FBT001 - hypothesis names it
) -> None:
    model, all_served = Model(), [Served(database) for database in databases]
    _apply(stored, model, all_served)
    staying = set(places := model.answer(question))
    last = max(1, -(-len(places) // question.limit))
    number, cursor = last if backwards else 1, None
    events, met = iter(between), list[str]()
    while True:
        page = _all_agree([served.page(question, number, cursor) for served in all_served])
        met = _ids(page) + met if backwards else met + _ids(page)
        assert len(met) <= 2 * len(IDS), "the walk has no end"
        number, cursor = 1, page.previous_cursor if backwards else page.next_cursor
        if cursor is None:
            break
        for event in next(events, []):
            _apply(event, model, all_served)
        staying &= set(model.answer(question))
    kept = {place.video_id for place in staying}
    in_order = sorted(staying, key=_order, reverse=not question.oldest_first)
    assert [name for name in met if name in kept] == [place.video_id for place in in_order]


@settings(property_settings, max_examples=4)
@given(
    stored=STORED,
    events=EVENTS,
    selections=st.tuples(SELECTIONS, STRETCHES, STRETCHES),
    limit=st.integers(1, 7),
)
def test_a_page_by_number_is_a_slice_of_the_list_and_the_total_its_length(
    databases: list[Database],
    stored: list[Telling],
    events: list[Event],
    selections: tuple[Selection, ...],
    limit: int,
) -> None:
    model, all_served = Model(), [Served(database) for database in databases]
    for event in (stored, *events):
        _apply(event, model, all_served)
    for feed, wanted, oldest_first in product(
        ("all", "watch", "channel"), {EVERYTHING, *selections}, (False, True)
    ):
        question = Question(feed, wanted, oldest_first, limit)
        names = [place.video_id for place in model.answer(question)]
        counted = wanted == Selection(wanted.published_after, wanted.published_before)
        for number in range(1, len(names) // limit + 3):
            page = _all_agree([served.page(question, number) for served in all_served])
            assert _ids(page) == names[(number - 1) * limit : number * limit]
            assert page.total == (len(names) if counted else None)
            assert (page.next_cursor is not None) == (number * limit < len(names))


def _apply(event: Event, model: Model, all_served: list[Served]) -> None:
    for served in all_served:
        served.apply(event)
    model.apply(event)
