"""What rows say, whichever database says it: checksums that are equal where the rows are."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_BYTES = 16
_MODULUS = 1 << 8 * _BYTES


def checksum_of(rows: Iterable[Sequence[object]], before: int = 0) -> int:
    """Return the sum of the rows' digests, which no order changes; it fits 32 hex digits.

    Args:
        rows: values as the columns' types give them: they mean the same everywhere.
        before: that of the rows before these.
    """
    total = before
    for row in rows:
        canonical = orjson.dumps(tuple(row))
        total += int.from_bytes(blake2b(canonical, digest_size=_BYTES).digest())
    return total % _MODULUS
