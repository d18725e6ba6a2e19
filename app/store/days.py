"""Days of publish time as tokens of a search text, so that an index of words knows of time. Pure.

A text carries the token of its day (UTC) and those of the blocks of 4, 16 and 64 days that the day
is in. Blocks of a size follow each other without gaps, and each is a row of blocks of the next
smaller size.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

SIZES = (1, 4, 16, 64)
"""In days. An index on MariaDB takes time with all that is in a block: see `full_text`."""


@dataclass(frozen=True, slots=True)
class Block:
    """The `number`th block of so many days, counted from the first day of year 1."""

    size: int
    number: int

    @property
    def token(self) -> str:
        """What the texts of its days have, and no other. Words begin with an x: it is none."""
        return f"t{self.size}_{self.number}"

    @property
    def begins_at(self) -> datetime:
        """Its first instant."""
        first = datetime.fromordinal(self.number * self.size)
        return datetime.combine(first, time(), UTC)

    @property
    def ends_at(self) -> datetime:
        """Its last instant."""
        return self.begins_at + timedelta(days=self.size, microseconds=-1)


def day_of(at: datetime) -> int:
    """Return the number of an instant's day."""
    return at.astimezone(UTC).toordinal()


def block_of(at: datetime, size: int) -> Block:
    """Return the block of a size that an instant is in."""
    return Block(size, day_of(at) // size)


def day_tokens(at: datetime) -> str:
    """Return the tokens that a text of an instant's day has."""
    return " ".join(block_of(at, size).token for size in SIZES)
