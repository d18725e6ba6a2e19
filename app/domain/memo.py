"""What short texts become, remembered: texts share most of their words. Knows no rules itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CHARACTERS = 32
MAX_TEXTS = 2**15
"""Some megabytes, and nearly all words that a day's videos use."""


class Memo(dict[str, str]):
    """A mapping that works out what is looked up for the first time.

    Looking up costs half of what `lru_cache` takes; in return everything is forgotten at once when
    there are too many, and long texts, which hardly occur twice, are not remembered at all.

    Args:
        work: what a text becomes, always the same.
    """

    def __init__(self, work: Callable[[str], str]) -> None:
        super().__init__()
        self._work = work

    def __missing__(self, text: str) -> str:
        """Work it out."""
        made = self._work(text)
        if len(text) <= MAX_CHARACTERS:
            if len(self) >= MAX_TEXTS:
                self.clear()
            self[text] = made
        return made
