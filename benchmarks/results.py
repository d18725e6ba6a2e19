"""What a benchmark hands to the report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """A section of the report (Markdown, headings from level 3), and the goals it misses."""

    text: str
    missed: tuple[str, ...] = ()
