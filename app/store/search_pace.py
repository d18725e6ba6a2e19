"""How far the steps of a search come, and what they cost. Pure; the steps are in `full_text`.

The unit of cost is a look at one text on a walk: some 8 microseconds on any database.
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
        looks: what it may spend; its last step may take it a bit further.
        walked: places that the first walk passes; each walk passes twice as many as the last.
        walked_at_most: places that a walk passes at most.
        taken: texts that a stride takes from the index at most.
        rare: what is in so few texts of the first walk may be rare altogether.
    """

    looks: float = 8_000
    walked: int = 300
    walked_at_most: int = 1_000
    taken: int = 400
    rare: int = 1


PACE = Pace()

_WALK, _STRIDE = 100, 200
"""What a step costs beside its looks: its questions to the database."""

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
    """What a search has seen on its way.

    Args:
        days: of publish time that it has passed.
        hits: the videos that it found there.
        texts: that have the words, in the `of_days` days that say it best.
    """

    days: float = 0.0
    hits: int = 0
    texts: int = 0
    of_days: float = 0.0

    @property
    def density(self) -> float:
        """How many texts of a day have the words."""
        return max(self.texts, _UNSEEN) / max(self.of_days, _INSTANT_DAYS)

    def note(self, texts: int, of_days: float) -> None:
        """Note how many texts of so many days have the words: the last ones say it best."""
        self.texts, self.of_days = texts, of_days

    def cost(self, block: Block, texts: int, walk: Reach) -> float:
        """Return what a stride costs that finds so many texts in the index."""
        return _STRIDE + _TAKEN * texts + _INDEXED * block.size * walk.per_day

    def best(
        self, blocks: Mapping[Block, float], walk: Reach, missing: int, most: int
    ) -> Block | None:
        """Return the block that a stride comes farthest with for what it costs.

        Args:
            blocks: how many days each of them still has, the smallest first.
            walk: the other choice. None is returned if it is better.
            missing: hits that are needed; what comes beyond them counts for nothing.
            most: texts that may be taken from the index at once; half as many are aimed at.
        """
        needed = missing * self.days / max(self.hits, _UNSEEN)
        best, pays = None, walk.days / walk.cost
        for block, days in blocks.items():
            texts = int(self.density * block.size)
            gain = min(days, needed) / self.cost(block, texts, walk)
            if 2 * texts <= most and gain > pays:
                best, pays = block, gain
        return best
