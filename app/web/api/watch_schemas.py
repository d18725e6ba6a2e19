"""The JSON bodies of watches and of statistics, as the OpenAPI document describes them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.domain.filters import MAX_SHORT_SECONDS, Shorts
from app.domain.statistics import Grain
from app.domain.videos import LiveState
from app.domain.watches import WatchKind
from app.web.api.schemas import Schema, Trouble


class Filters(Schema):
    """What a watch wants of the videos it finds. What is not known of a video excludes nothing."""

    include_words: list[str] = Field(
        description="A video's title, description, tags or channel's name hold one of these."
    )
    exclude_words: list[str] = Field(description="They hold none of these.")
    min_duration_seconds: int | None
    max_duration_seconds: int | None
    live: list[LiveState] = Field(description="It is in one of these states; empty: in any.")
    shorts: Shorts = Field(
        description=f"Whether videos of at most {MAX_SHORT_SECONDS} s are wanted. YouTube does not "
        "tell which videos are Shorts: other short ones are taken for them."
    )
    languages: list[str] = Field(
        description="Its language is one of these (BCP 47; `en` stands for `en-GB`, too)."
    )
    categories: list[str] = Field(description="Its category is one of these, by YouTube's ids.")


class Watch(Schema):
    """A keyword or a channel that is watched."""

    watch_id: int
    kind: WatchKind
    term: str = Field(description="The keyword, or the channel's id.")
    label: str
    paused: bool = Field(description="Nothing is fetched for it; its videos stay.")
    min_interval_seconds: int | None = Field(
        description="The least time between two polls of its own; null: a tick."
    )
    weight: float = Field(
        description="What its videos count for when calls are shared among watches: with 4 it is "
        "polled twice as often as with 1."
    )
    region: str | None = Field(
        description="Of the search (ISO 3166-1): videos that can be seen there. Of videos YouTube "
        "tells no region, so they cannot be filtered by one."
    )
    language: str | None = Field(
        description="Of the search (ISO 639-1): what is most relevant to its speakers."
    )
    filters: Filters
    follow: bool = Field(
        description="Channels that keep bringing videos to the keyword are followed for it."
    )
    refiltering: bool = Field(
        description="Filters have changed and are being applied to what was found before."
    )
    videos: int = Field(description="In its feed.")
    created_at: datetime
    next_due_at: datetime = Field(description="When it is polled next, unless paused.")
    read_until: datetime = Field(description="As in /coverage.")
    last_success_at: datetime | None
    last_error: Trouble | None = Field(description="What ended the last poll early.")


class Followed(Schema):
    """A channel that is followed for a keyword: its new videos need no search to be found."""

    channel_id: str
    channel_title: str
    since: datetime
    matches: int = Field(description="It brought in the last 30 days, as counted once an hour.")
    last_match_at: datetime = Field(description="When the newest of these was published.")


class WatchDetails(Watch):
    """A keyword or a channel that is watched, with the channels that are followed for it."""

    followed: list[Followed] = Field(
        description="The 50 that brought most; empty for a channel, a paused watch, and without "
        "`follow`."
    )


class WatchList(Schema):
    """A page of the watches, oldest first."""

    items: list[Watch]
    page: int
    limit: int
    total: int
    next: str | None = Field(description="Path of the next page.")
    previous: str | None = Field(description="Path of the page before.")
    next_cursor: None = Field(description="Always null: pages are few and have numbers.")
    previous_cursor: None


class Count(Schema):
    """The videos that were published in an hour or a day."""

    starts_at: datetime
    videos: int


class WatchTotal(Schema):
    """How many videos of the time asked for a watch has."""

    watch_id: int
    videos: int


class Stats(Schema):
    """Videos by the hour or day (UTC) of their publish time."""

    watch_id: int | None = Field(description="Null: of all videos.")
    by: Grain
    total: int
    counts: list[Count] = Field(description="The oldest first, zeros included.")
    by_watch: list[WatchTotal] | None = Field(
        description="Of each watch that has any; null where one watch was asked for."
    )
