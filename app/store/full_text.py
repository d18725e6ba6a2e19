"""Full text: the next videos of a feed whose texts hold a query. Exact, in order, in bounded time.

A search goes along the feed in steps. Each covers the stretch behind the last one completely, so
what was found is exact wherever the search stops. There are two kinds:

- a walk looks at the texts of the next so many places of the feed: quick where many of them hold
  the query, and where the feed has few videos;
- a stride has the index of words find the texts of a block of days: quick where few do.

The first step is a walk, which shows how common the words are. Then that step is taken which comes
farthest for what it costs, until the page is full, the feed ends, or the search has spent its
budget (`search_pace`). What is rare altogether is taken from the index for all time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, select, true

from app.domain.feeds import Position
from app.store import search_pace
from app.store.days import SIZES, block_of
from app.store.models import VideoTextRow
from app.store.search_pace import Reach, Seen
from app.store.search_text import needle_of
from app.store.word_index import Word, has_words, position_of, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select
    from sqlalchemy.orm import InstrumentedAttribute

    from app.domain.text_query import TextQuery
    from app.store.days import Block
    from app.store.search_pace import Pace

    Place = tuple[datetime, str]
    Places = Select[datetime, str]
    Instants = InstrumentedAttribute[datetime]
    Ids = InstrumentedAttribute[str]

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_LOWEST_ID, _HIGHEST_ID = "-" * 11, "z" * 11
_NOWHERE = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Walk:
    """A feed in one direction, from its beginning or a place on.

    Args:
        index: the places in the feed's index, whatever is shown of them.
        wanted: the places of the videos that are wanted.
        place: the columns that order it.
        oldest_first: its direction.
        start: where it goes on from; None at the beginning of the feed.
        before: names the places before one, in the direction.
        beyond: names the places beyond one.
    """

    index: Places
    wanted: Places
    place: tuple[Instants, Ids]
    oldest_first: bool
    start: Position | None
    before: Callable[[Position], ColumnElement[bool]]
    beyond: Callable[[Position], ColumnElement[bool]]

    def ordered(self, places: Places) -> Places:
        """Put places in the order of the walk."""
        columns = self.place
        return places.order_by(*(c.asc() if self.oldest_first else c.desc() for c in columns))


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Args:
        places: in the order of the walk.
        edge: how far it came, if it stopped before the page was full and the feed ended.
    """

    places: Sequence[Place]
    edge: Position | None = None


def find_places(connection: Connection, walk: Walk, query: TextQuery, limit: int) -> Found:
    """Return the first `limit` places of a walk whose texts hold a query, or what it can."""
    return _Search(connection, walk, query, limit, search_pace.PACE).find()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The next `length` places of a walk: the last one, and the one behind it, if there are."""

    length: int
    last: Position | None = None
    behind: Position | None = None


class _Search:
    """One search under way: how far it has come, and what it found up to there."""

    def __init__(
        self, connection: Connection, walk: Walk, query: TextQuery, limit: int, pace: Pace
    ) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._walk = walk
        self._query = query
        self._words = words_of(query)
        self._limit = limit
        self._pace = pace
        self._budget = pace.budget(self._dialect)
        self._found: list[Place] = []
        self._edge = walk.start
        self._next_at = _NOWHERE  # until the first walk
        self._next_walk = pace.walked
        self._seen = Seen(pace, of_places=pace.walked)
        self._spent = 0.0
        self._has_tried_all = False

    def find(self) -> Found:
        """Take steps until the page is full, the feed ends or the budget is spent."""
        ended = self._begin()
        while not ended and self._missing > 0 and self._spent < self._budget:
            ended = self._go_on()
        return Found(self._found, None if ended or self._missing == 0 else self._edge)

    @property
    def _missing(self) -> int:
        return self._limit - len(self._found)

    def _begin(self) -> bool:
        """Walk a bit, then take what seems rare from the index; tell whether that was all."""
        stretch, passed = self._ahead(), self._passed()
        if self._walk_over(stretch) or stretch.behind is None:
            return True
        if self._missing == 0:
            return False
        if len(self._words) == 1 and not list(self._unproven()):
            self._seen.texts = len(self._found)
        else:
            seen = self._walk.index.where(*passed, self._walk.before(stretch.behind))
            self._seen.texts = self._count_words(seen)
        return self._seen.texts == 0 and self._take_all()

    def _go_on(self) -> bool:
        """Take the step that comes farthest for its cost; tell whether it was the last one."""
        stretch = self._ahead()
        if stretch.behind is not None:
            walk = Reach(stretch.length, self._days_until(stretch.behind.published_at))
            blocks = [block_of(self._next_at, size) for size in SIZES]
            left = {block: self._days_until(self._far_end(block)) for block in blocks}
            while block := self._seen.best(left, walk, self._missing):
                if self._stride(block, walk):
                    self._seen.places += left[block] * walk.per_day
                    return self._seen.texts <= self._pace.rare * block.size and self._take_all()
        return self._walk_over(stretch)

    def _ahead(self) -> _Stretch:
        """Find out how far the next walk would come."""
        index = self._walk.ordered(self._walk.index.where(*self._passed()))
        rows = self._connection.execute(index.offset(self._next_walk - 1).limit(2))
        return _Stretch(self._next_walk, *(Position(at, video_id) for at, video_id in rows))

    def _walk_over(self, stretch: _Stretch) -> bool:
        """Look at the next texts, and tell whether they were the last ones of the feed."""
        walk = self._walk
        here = () if stretch.behind is None else (walk.before(stretch.behind),)
        texts = VideoTextRow.video_id == walk.place[1]
        held = walk.wanted.where(texts, *self._conditions(), *self._passed(), *here)
        rows = self._connection.execute(walk.ordered(held).limit(self._missing))
        self._add([(at, video_id) for at, video_id in rows])
        self._spent += Reach(stretch.length, 0).cost
        self._seen.places += stretch.length
        self._next_walk = min(2 * stretch.length, self._pace.walked_at_most)
        if stretch.last is None or stretch.behind is None:
            return True
        self._pass_to(stretch.last, stretch.behind.published_at)
        return False

    def _stride(self, block: Block, walk: Reach) -> bool:
        """Take a block of days from the index, and tell whether it had not too many texts."""
        texts = self._take(Word(block.token), *self._words)
        self._spent += self._seen.cost(block, len(texts), walk)
        self._seen.texts, self._seen.of_places = len(texts), block.size * walk.per_day
        if len(texts) > self._pace.taken:
            return False
        self._add_taken(texts)
        if self._walk.oldest_first:
            self._pass_to(Position(block.ends_at, _HIGHEST_ID), block.ends_at + _INSTANT)
        else:
            self._pass_to(Position(block.begins_at, _LOWEST_ID), block.begins_at - _INSTANT)
        return True

    def _take_all(self) -> bool:
        """Take the texts of all time from the index, and tell whether they were not too many."""
        if self._has_tried_all or self._pace.rare < 0:
            return False
        self._has_tried_all = True
        texts = self._take(*self._words)
        self._spent += len(texts)
        if len(texts) > self._pace.taken:
            return False
        self._add_taken(texts)
        return True

    def _take(self, *words: Word) -> dict[str, bool]:
        """Return videos whose texts have words, and whether they hold the query.

        If it is one more than may be taken, there are others.
        """
        holds = and_(true(), *self._unproven())
        query = select(VideoTextRow.video_id, holds).where(has_words(self._dialect, words))
        rows = self._connection.execute(query.limit(self._pace.taken + 1))
        return {video_id: bool(holds) for video_id, holds in rows}

    def _add_taken(self, texts: dict[str, bool]) -> None:
        """Add what is wanted of them.

        They are chosen and put in order here: for that, a database would walk through the feed.
        """
        held = [video_id for video_id, holds in texts.items() if holds]
        if not held:
            return
        query = self._walk.wanted.where(self._walk.place[1].in_(held))
        places = sorted((at, video_id) for at, video_id in self._connection.execute(query))
        if self._edge is not None:
            edge = self._edge.published_at, self._edge.video_id
            places = [p for p in places if (p > edge if self._walk.oldest_first else p < edge)]
        if not self._walk.oldest_first:
            places.reverse()
        self._add(places[: self._missing])

    def _add(self, places: Sequence[Place]) -> None:
        self._found += places
        self._seen.hits += len(places)

    def _count_words(self, passed: Places) -> int:
        """Keep the words for the index that are the rarest in what was passed; say how rare."""
        places = passed.subquery()
        texts = select(*(func.count(case((self._is_at(w.needle), 1))) for w in self._words))
        texts = texts.join_from(places, VideoTextRow, VideoTextRow.video_id == places.c.video_id)
        counts = self._connection.execute(texts).one()
        least = min(counts)
        ranked = sorted(zip(counts, self._words, strict=True), key=lambda it: it[0])
        self._words = tuple(word for count, word in ranked if count <= 2 * least + 1)
        return int(least)

    def _passed(self) -> tuple[ColumnElement[bool], ...]:
        return () if self._edge is None else (self._walk.beyond(self._edge),)

    def _pass_to(self, edge: Position, next_at: datetime) -> None:
        """Note that all is known up to an edge, and from which instant on it is not."""
        self._edge, self._next_at = edge, next_at

    def _days_until(self, at: datetime) -> float:
        return abs(at - self._next_at) / _DAY

    def _far_end(self, block: Block) -> datetime:
        return block.ends_at if self._walk.oldest_first else block.begins_at

    def _conditions(self) -> Iterator[ColumnElement[bool]]:
        """Name what a text must hold and must not."""
        for phrase in self._query.wanted:
            yield self._is_at(needle_of(phrase))
        yield from self._exclusions()

    def _unproven(self) -> Iterator[ColumnElement[bool]]:
        """Name what it must hold and must not beyond the words that the index has found in it."""
        proven = {word.needle for word in self._words}
        for needle in map(needle_of, self._query.wanted):
            if needle not in proven:
                yield self._is_at(needle)
        yield from self._exclusions()

    def _exclusions(self) -> Iterator[ColumnElement[bool]]:
        for phrase in self._query.excluded:
            yield ~self._is_at(needle_of(phrase))

    def _is_at(self, needle: str) -> ColumnElement[bool]:
        return position_of(self._dialect, needle) > 0
