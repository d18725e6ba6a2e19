"""Something done once, as several threads or processes see it."""

from __future__ import annotations

from typing import Protocol


class Flag(Protocol):
    """Is set once and stays so (a threading.Event is one)."""

    def is_set(self) -> bool:
        """Tell whether it was done."""

    def set(self) -> None:
        """Note that it was done."""
