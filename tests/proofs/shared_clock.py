"""A clock that one process moves and others read: time goes as fast as the work does."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from mmap import ACCESS_READ, ACCESS_WRITE, mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = struct.Struct("d")  # written in one piece: nobody reads half of it


class SharedClock:
    """Tells the time that stands in a file.

    Args:
        path: of the file, made by `create`.
        sets: this is the process that moves it.
    """

    def __init__(self, path: Path, *, sets: bool = False) -> None:
        with path.open("r+b" if sets else "rb") as file:
            self._seconds = mmap(file.fileno(), 0, access=ACCESS_WRITE if sets else ACCESS_READ)

    @staticmethod
    def create(path: Path, at: datetime) -> None:
        """Make the file of a clock that stands at an instant."""
        path.write_bytes(_SECONDS.pack(at.timestamp()))

    def __call__(self) -> datetime:
        """Return the present, aware and in UTC."""
        return datetime.fromtimestamp(_SECONDS.unpack_from(self._seconds)[0], UTC)

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        _SECONDS.pack_into(self._seconds, 0, (self() + by).timestamp())
