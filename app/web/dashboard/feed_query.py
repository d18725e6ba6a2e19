"""The parameters of the feed's page: those of /videos, as forms and people write them."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import field_validator, model_validator

from app.domain.clock import format_instant, parse_instant
from app.web.parameters import FeedChoice, Limit
from app.web.replies import canonical_path
from app.web.selections import FeedQuery

PATH = "/"
PAGE_LENGTH = 24
"""It fills rows of two, three, four, six and eight."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DAY_BEGINS, _DAY_ENDS = "T00:00:00Z", "T23:59:59Z"
_PAGING = ("page", "cursor")
_LENGTHS = {
    "short": (None, 239),
    "medium": (240, 1200),
    "long": (1201, None),
}
"""Seconds, as YouTube's own search has it: under 4 minutes, 4 to 20, over 20."""


class FeedPageQuery(FeedChoice, FeedQuery):
    """Which videos are shown. A form sends every field: an empty one chooses nothing."""

    limit: Limit = PAGE_LENGTH
    duration: Literal["short", "medium", "long"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: dict[str, object]) -> dict[str, object]:
        return {name: value for name, value in given.items() if str(value).strip()}

    @field_validator("published_after", mode="before")
    @classmethod
    def _from_day(cls, text: object) -> object:
        return _with_time(text, _DAY_BEGINS)

    @field_validator("published_before", mode="before")
    @classmethod
    def _to_day(cls, text: object) -> object:
        return _with_time(text, _DAY_ENDS)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is chosen, so that there is something to clear."""
        return bool(self.filters.keys() - {"sort"})

    @property
    def from_day(self) -> str:
        """The first day, for its field; empty if open."""
        return _day_of(self.published_after)

    @property
    def to_day(self) -> str:
        """The last day, for its field; empty if open."""
        return _day_of(self.published_before)

    def lengths(self) -> FeedPageQuery:
        """Return the same with the seconds that `duration` stands for, to be asked by."""
        if self.duration is None:
            return self
        shortest, longest = _LENGTHS[self.duration]
        seconds = {
            "min_duration": shortest if self.min_duration is None else self.min_duration,
            "max_duration": longest if self.max_duration is None else self.max_duration,
        }
        return self.model_copy(update=seconds)

    def path(self, **changes: str | None) -> str:
        """Return the address of this page with these parameters instead, and the first of them."""
        kept = self.filters
        if self.page_length != PAGE_LENGTH:
            kept["limit"] = str(self.page_length)
        wanted = {**kept, **changes}
        return canonical_path(PATH, {name: it for name, it in wanted.items() if it is not None})


def _with_time(text: object, time: str) -> object:
    return f"{text}{time}" if isinstance(text, str) and _DATE.fullmatch(text) else text


def _day_of(instant: str | None) -> str:
    return "" if instant is None else format_instant(parse_instant(instant))[:10]
