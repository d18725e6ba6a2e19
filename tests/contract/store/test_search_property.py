"""Searches that have next to no budget, so that pages end early: their links lead to everything.

Following `next` from the first page, or `previous` from the last, gives what a plain Python list
gives, in order, each once. Every kind of database is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.domain.feeds import ALL, Cursor, Feed, PageRequest, Selection
from app.domain.filters import Filters
from app.domain.text_query import parse_text_query
from app.domain.watches import WatchOptions
from app.store import search_pace
from app.store.search_pace import Pace
from app.store.store import Store
from tests.contract.store.tellings import NOW, VIDEO, add_watch, get_page, record, settle, wipe
from tests.text_reference import video_holds

if TYPE_CHECKING:
    from app.domain.feeds import Page
    from app.domain.videos import Video
    from app.store.database import Database

WORDS = ("of", "the", "cat", "cats", "tower", "東京都", "京都")
QUERIES = ("the", "of the", '"of the"', "cat -the", "-tower cat*", "京都", "東", '"cat 東"', "none")
IDS = ("-----------", "zzzzzzzzzzz", *(f"{sign}video-{n:04}" for n in range(15) for sign in "aB_"))
HOURS = (0, 0, 1, 5, 12, 13, 24, 36, 60, 200, 700, 2000)
PACES = (
    Pace(looks=1, walked=1, walked_at_most=2, taken=3, rare=-1),
    Pace(looks=1, walked=2, walked_at_most=2, taken=1, rare=5),
    Pace(looks=150, walked=1, walked_at_most=1, taken=50, rare=-1, stride=0),
    Pace(looks=300, walked=1, walked_at_most=4, taken=5, rare=-1, stride=0),
    Pace(looks=900, walked=3, walked_at_most=3, taken=4, rare=0, stride=0),
)


@dataclass(frozen=True)
class Telling:
    """A video, and whether it was found by the watch, and by one that excludes all it finds."""

    video_id: str
    hours_ago: int
    words: tuple[str, ...]
    watched: bool
    excluded: bool

    def video(self) -> Video:
        at = NOW - timedelta(hours=self.hours_ago)
        title = " ".join(self.words)
        return replace(VIDEO, video_id=self.video_id, published_at=at, title=title)


@dataclass(frozen=True)
class Question:
    """What is searched for, where and how."""

    query: str
    of_watch: bool
    oldest_first: bool
    limit: int
    newest_hours_ago: int | None

    @property
    def selection(self) -> Selection:
        hours = self.newest_hours_ago
        before = None if hours is None else NOW - timedelta(hours=hours)
        return Selection(published_before=before, text=parse_text_query(self.query))

    def answer(self, told: list[Telling]) -> list[str]:
        found = [
            telling.video()
            for telling in told
            if (telling.watched or not (self.of_watch or telling.excluded))
            and telling.hours_ago >= (self.newest_hours_ago or 0)
            and video_holds(telling.video(), parse_text_query(self.query))
        ]
        found.sort(key=lambda it: (it.published_at, it.video_id), reverse=not self.oldest_first)
        return [video.video_id for video in found]


TELLINGS = st.lists(
    st.builds(
        Telling,
        video_id=st.sampled_from(IDS),
        hours_ago=st.sampled_from(HOURS),
        words=st.lists(st.sampled_from(WORDS), max_size=4).map(tuple),
        watched=st.booleans(),
        excluded=st.sampled_from([False, False, True]),
    ),
    min_size=10,
    max_size=40,
    unique_by=lambda telling: telling.video_id,
)
QUESTIONS = st.builds(
    Question,
    query=st.sampled_from(QUERIES),
    of_watch=st.booleans(),
    oldest_first=st.booleans(),
    limit=st.integers(1, 4),
    newest_hours_ago=st.sampled_from([None, None, 1, 30]),
)


class Served:
    """One database and the reader over it."""

    def __init__(self, database: Database, told: list[Telling]) -> None:
        wipe(database)
        self._store = Store(database)
        self._watch_id = add_watch(self._store).watch_id
        picky_id = add_watch(self._store, "picky").watch_id
        nothing = WatchOptions(filters=Filters(max_duration_seconds=1))
        self._store.write(lambda t: t.watches.change(picky_id, nothing))
        settle(self._store)
        # Told first of another day: the texts have to follow.
        moved = [replace(t.video(), published_at=NOW - timedelta(days=9)) for t in told[::4]]
        record(self._store, moved)
        for watched in (False, True):
            videos = [telling.video() for telling in told if telling.watched is watched]
            record(self._store, videos, self._watch_id if watched else None)
        record(self._store, [telling.video() for telling in told if telling.excluded], picky_id)

    def page(self, question: Question, cursor: Cursor | None = None) -> Page:
        feed = Feed(watch_id=self._watch_id) if question.of_watch else ALL
        request = PageRequest(
            feed, question.limit, 1, cursor, question.selection, question.oldest_first
        )
        return get_page(self._store, request)


@settings(
    deadline=None,
    derandomize=True,
    max_examples=8,
    phases=[Phase.generate],  # to shrink over three real databases takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    told=TELLINGS,
    asked=st.lists(st.tuples(QUESTIONS, st.sampled_from(PACES)), min_size=3, max_size=3),
)
def test_links_of_pages_that_end_early_lead_to_all_that_is_held_once_and_in_order(
    databases: list[Database], told: list[Telling], asked: list[tuple[Question, Pace]]
) -> None:
    for served in [Served(database, told) for database in databases]:
        for question, pace in asked:
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(search_pace, "PACE", pace)
                _check(served, question, question.answer(told))


def _check(served: Served, question: Question, answer: list[str]) -> None:
    page = served.page(question)
    found = _ids(page)
    assert page.previous_cursor is None
    pages = [page]
    while (cursor := pages[-1].next_cursor) is not None:
        assert len(pages) < 200, "the way has no end"
        pages.append(page := served.page(question, cursor))
        found += _ids(page)
    assert found == answer
    cut = next((page for page in pages if page.next_cursor and not page.items), None)
    if cut is not None and cut.previous_cursor is not None:
        _check_back(served, question, cut.previous_cursor, _before(pages, cut))
    if (last := pages[-1].previous_cursor) is not None:
        _check_back(served, question, last, _before(pages, pages[-1]))


def _check_back(served: Served, question: Question, cursor: Cursor, answer: list[str]) -> None:
    found: list[str] = []
    way: Cursor | None = cursor
    while way is not None:
        page = served.page(question, way)
        found = _ids(page) + found
        way = page.previous_cursor
    assert found == answer


def _before(pages: list[Page], page: Page) -> list[str]:
    return [video_id for each in pages[: pages.index(page)] for video_id in _ids(each)]


def _ids(page: Page) -> list[str]:
    return [orjson.loads(item)["video_id"] for item in page.items]
