"""How far the steps of a search come, and what they cost. Pure; the steps are in `full_text`.

The unit of cost is a look at one text on a walk: some 6 microseconds. On MySQL and MariaDB what a
search does takes twice as long, so that there it may do half as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.store.days import Block


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a search goes.

    Args:
        looks: what it may spend (see `budget`); its last step may take it a bit further.
        walked: places that the first walk passes; each walk passes twice as many as the last.
        walked_at_most: places that a walk passes at most.
        taken: texts that a stride takes from the index at most.
        rare: what no text of the first walk has, or so few of a day, may be rare altogether.
        stride: what a stride costs beside its looks, for its questions to the database.
    """

    looks: float = 5_000
    walked: int = 300
    walked_at_most: int = 1_000
    taken: int = 400
    rare: float = 0.4
    stride: float = 200

    def budget(self, dialect: str) -> float:
        """Return the looks that a search may spend on a kind of database."""
        return self.looks / _DEARER.get(dialect, 1)


PACE = Pace()
_DEARER = {"mysql": 2, "mariadb": 2}

_WALK = 100
"""What a walk costs beside its looks."""

_TAKEN, _INDEXED = 2.0, 0.05
"""What a text costs that the index finds, and one that the index has in the block, which MariaDB
goes through; the others are quicker."""

_UNSEEN = 0.3
"""How many there may be where none was seen."""

_INSTANT_DAYS = 1e-5


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a walk would come: so many places are so many days."""

    places: int
    days: float

    @property
    def cost(self) -> float:
        """What it would cost."""
        return self.places + _WALK

    @property
    def per_day(self) -> float:
        """How many places there are in a day."""
        return self.places / max(self.days, _INSTANT_DAYS)


@dataclass(slots=True)
class Seen:
    """What a search has seen on its way, by the places of the feed that it has passed.

    Args:
        pace: how far it goes.
        places: how many it has passed, or would have had to.
        hits: the videos that it found there.
        texts: that have the words, in as long as `of_places` last; what was seen last says it best.
        of_places: as many as the first walk passes, at the beginning.
    """

    pace: Pace
    places: float = 0.0
    hits: int = 0
    texts: int = 0
    of_places: float = 1.0

    def cost(self, block: Block, texts: float, walk: Reach) -> float:
        """Return what a stride costs that finds so many texts in the index."""
        return self.pace.stride + _TAKEN * texts + _INDEXED * block.size * walk.per_day

    def best(self, blocks: Mapping[Block, float], walk: Reach, missing: int) -> Block | None:
        """Return the block that a stride comes farthest with for what it costs.

        Half as many texts are aimed at as may be taken.

        Args:
            blocks: how many days each of them still has.
            walk: the other choice. None is returned if it is better.
            missing: hits that are needed; what comes beyond them counts for nothing.
        """
        needed = missing * self.places / max(self.hits, _UNSEEN) / walk.per_day
        by_day = walk.per_day * max(self.texts, _UNSEEN) / max(self.of_places, 1)
        best, pays = None, walk.days / walk.cost
        for block, days in blocks.items():
            texts = by_day * block.size
            gain = min(days, needed) / self.cost(block, texts, walk)
            if 2 * texts <= self.pace.taken and gain > pays:
                best, pays = block, gain
        return best
