"""The parameters that choose and sort the videos of a feed, for every route that serves one."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from app.domain.clock import parse_instant
from app.domain.errors import InvalidValueError
from app.domain.feeds import PageRequest, Selection
from app.domain.text_query import MAX_QUERY_CHARACTERS, parse_text_query
from app.domain.videos import LiveState
from app.feed.cursors import decode_cursor
from app.web.parameters import Digits, PagedQuery, checked_by

if TYPE_CHECKING:
    from app.domain.feeds import Feed

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _instant_text(text: str) -> str:
    """Write an instant in the one way that links and ETags name it by."""
    if not _RFC_3339.fullmatch(text):
        raise InvalidValueError(
            "must be an RFC 3339 instant with an offset (a + is written %2B in a query) "
            "and at most six decimals"
        )
    at = parse_instant(text).astimezone(UTC)
    return at.replace(tzinfo=None).isoformat() + "Z"


def _query_text(text: str) -> str:
    parse_text_query(text)
    return text


InstantText = Annotated[
    str,
    AfterValidator(checked_by(_instant_text)),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
QueryText = Annotated[
    str,
    AfterValidator(checked_by(_query_text)),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_QUERY_CHARACTERS}),
]
Seconds = Annotated[int, Field(ge=0, le=2**63 - 1), Digits]


class FeedQuery(PagedQuery):
    """Which videos of a feed, in which order, and which page of them."""

    q: QueryText | None = Field(
        default=None,
        description="Only videos whose title, description, tags or channel's name hold every word; "
        'also `"words in a row"`, `-without`, `begin*`. A search that finds little in a long time '
        "stops there: the page then has fewer videos than `limit`, perhaps none, and `next` leads "
        "on from where it stopped. Only where `next` is null there is no more.",
        examples=['music "new york" -live'],
    )
    published_after: InstantText | None = Field(
        default=None,
        description="Only videos published at this instant or later.",
        examples=["2026-01-02T18:00:00Z"],
    )
    published_before: InstantText | None = Field(
        default=None,
        description="Only videos published at this instant or earlier.",
        examples=["2026-01-02T19:00:00Z"],
    )
    min_duration: Seconds | None = Field(
        default=None,
        description="Only videos of so many seconds or more; none whose duration is unknown.",
        examples=[60],
    )
    max_duration: Seconds | None = Field(
        default=None,
        description="Only videos of so many seconds or fewer; none whose duration is unknown.",
        examples=[1200],
    )
    live: (
        Annotated[
            LiveState,
            WithJsonSchema({"type": "string", "enum": [state.value for state in LiveState]}),
        ]
        | None
    ) = Field(
        default=None,
        description="Only videos that are not broadcasts (`none`), or broadcasts in this state.",
    )
    sort: Literal["newest", "oldest"] = Field(
        default="newest",
        description="By publish time. A cursor leads to the same videos either way.",
    )

    @property
    def selection(self) -> Selection:
        """What is wanted of the feed."""
        after, before = self.published_after, self.published_before
        return Selection(
            published_after=None if after is None else parse_instant(after),
            published_before=None if before is None else parse_instant(before),
            min_duration_seconds=self.min_duration,
            max_duration_seconds=self.max_duration,
            live=self.live,
            text=None if self.q is None else parse_text_query(self.q),
        )

    def request_of(self, feed: Feed) -> PageRequest:
        """Return what the feed is asked for."""
        cursor = None if self.cursor is None else decode_cursor(self.cursor)
        return PageRequest(
            feed, self.page_length, self.page, cursor, self.selection, self.oldest_first
        )

    @property
    def oldest_first(self) -> bool:
        """Whether the order is turned round."""
        return self.sort == "oldest"
