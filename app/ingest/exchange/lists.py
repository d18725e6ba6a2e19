"""A plain list: one keyword or channel a line; empty lines and those that begin with # say nothing.

A keyword that begins with # is therefore not for such a list.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from app.domain.addresses import parse_target
from app.ingest.exchange.entries import read_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.ingest.exchange.entries import Item


def read_list(text: str) -> Iterator[Item]:
    """Read a list; lines end as they end on any system."""
    for number, line in enumerate(StringIO(text, newline=None), start=1):
        written = line.strip()
        if written and not written.startswith("#"):
            yield read_entry(f"line {number}", written, parse_target)
