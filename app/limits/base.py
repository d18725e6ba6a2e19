"""The seam of the keepers of buckets; `memory` serves one process, Redis any number."""

from __future__ import annotations

from typing import Protocol


class Buckets(Protocol):
    """Token buckets by name, each kept as what is missing in it. Safe between threads."""

    def take(self, name: str, cost: int, limit: int) -> tuple[bool, int]:
        """Take from a bucket, if there is enough in it; one that is not known is full.

        Args:
            name: of the bucket.
            cost: the time in which so much flows back; this and all others in microseconds.
            limit: the time in which it fills from empty.

        Returns:
            Whether it was taken, and how long the bucket then takes to be full.

        Raises:
            CacheUnavailableError: the keeper does not answer.
        """
        ...
