"""The JSON bodies of the API, as the OpenAPI document describes them.

They describe; they do not serialise: items reach the client as the bytes the feed layer made.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.domain.fetches import FetchSource, Purpose
from app.domain.quota import Bucket, KeyState
from app.domain.ranges import RangeReason
from app.domain.videos import LiveState, Source
from app.domain.watches import WatchKind


class Schema(BaseModel):
    """A JSON object whose members are all always there."""

    model_config = ConfigDict(extra="forbid")


class Item(Schema):
    """A video. What the service does not know is null."""

    video_id: str = Field(examples=["dQw4w9WgXcQ"])
    title: str
    description: str
    published_at: datetime = Field(description="RFC 3339 in UTC, whole seconds.")
    channel_id: str
    channel_title: str
    thumbnails: dict[str, object] = Field(description="By size name, as YouTube gives it.")
    url: str = Field(description="The video's page on YouTube.")
    duration_seconds: int | None
    live: LiveState | None
    category_id: str | None
    language: str | None
    tags: list[str] | None
    view_count: int | None
    like_count: int | None
    source: Source = Field(description="Where it was found first.")
    watches: list[int] = Field(description="Ids of the watches it belongs to.")
    fetched_at: datetime = Field(description="When it was first stored.")
    updated_at: datetime = Field(description="When a reader would last have seen it change.")


class VideoList(Schema):
    """A page of videos by publish time, newest first unless asked for otherwise."""

    items: list[Item]
    page: int | None = Field(description="Null when asked for with a cursor.")
    limit: int
    total: int | None = Field(
        description="Videos in the whole feed or stretch of time; null with any other filter."
    )
    next: str | None = Field(description="Path of the page after this one.")
    previous: str | None = Field(description="Path of the page before this one.")
    next_cursor: str | None
    previous_cursor: str | None


class ChannelVideoList(Schema):
    """A page of a channel's newest videos."""

    items: list[Item]
    page: int
    limit: int
    total: int | None = Field(description="Null of a channel that is not watched.")
    next: str | None = Field(description="Path of the page after this one.")
    previous: str | None = Field(description="Path of the page before this one.")
    next_cursor: None = Field(description="Always null: these pages have numbers.")
    previous_cursor: None
    complete: bool = Field(
        description="Whether these are all that were asked for, as of some minutes ago; false "
        "while they are fetched: ask again after Retry-After."
    )


class Put(Schema):
    """A video is new or has changed: this is all of it."""

    seq: int = Field(description="Its place in the order of changes.")
    op: Literal["put"]
    video: Item


class Delete(Schema):
    """A video is not shown any more."""

    seq: int = Field(description="Its place in the order of changes.")
    op: Literal["delete"]
    video_id: str


class Changes(Schema):
    """Changes in the order in which they were committed, at most one of each video."""

    changes: list[Put | Delete]
    next_after: str = Field(description="`after` of the next request, as it is.")
    more: bool = Field(description="Whether there is more to read at once.")


class Failure(Schema):
    """What ended a fetch early."""

    code: str = Field(description="Stable name of the problem, as in /ready.")
    detail: str


class Span(Schema):
    """Publish times from the first to the last, both included."""

    starts_at: datetime
    ends_at: datetime


class Fetch(Schema):
    """A fetch that is over: what was asked, what it cost, what came of it."""

    fetch_id: int
    watches: list[int] = Field(description="Ids of the watches it was made for, perhaps gone now.")
    source: FetchSource
    purpose: Purpose
    range: Span | None = Field(description="The publish times it set out to read.")
    started_at: datetime
    finished_at: datetime
    duration_seconds: float
    pages: int = Field(description="Answers that were stored.")
    search_calls: int = Field(description="Charged to the search bucket, failed calls included.")
    units: int = Field(description="Charged to the bucket of units, failed calls included.")
    found: int = Field(description="Videos the source told, repetitions included.")
    added: int = Field(description="Videos that were new.")
    updated: int = Field(description="Videos that readers see changed.")
    rejected: int = Field(description="Items that could not be read or stored.")
    error: Failure | None


class FetchList(Schema):
    """A page of the log of fetches, newest first."""

    items: list[Fetch]
    page: Literal[1] | None = Field(description="1, or null when asked for with a cursor.")
    limit: int
    total: int | None = Field(description="Always null: the log is not counted.")
    next: str | None = Field(description="Path of the older page.")
    previous: str | None = Field(description="Path of the newer page.")
    next_cursor: str | None
    previous_cursor: str | None


class FeedAuthor(Schema):
    """A channel."""

    name: str
    url: str = Field(description="The channel's page on YouTube.")


class FeedItem(BaseModel):
    """A video, as JSON Feed has it; what is unknown is left out."""

    id: str = Field(description="The same as `url`.")
    url: str = Field(description="The video's page on YouTube.")
    title: str
    content_text: str = Field(description="The video's description.")
    image: str | None = Field(default=None, description="The largest thumbnail.")
    date_published: datetime
    date_modified: datetime = Field(description="When a reader would last have seen it change.")
    authors: list[FeedAuthor]
    tags: list[str] | None = None


class JsonFeed(Schema):
    """A JSON Feed 1.1, newest first."""

    version: Literal["https://jsonfeed.org/version/1.1"]
    title: str
    items: list[FeedItem]


class Gap(Schema):
    """Publish times of which something may be missing."""

    starts_at: datetime
    ends_at: datetime = Field(description="Both ends are included.")
    reason: RangeReason = Field(
        description=(
            "`new`: not read yet; `again`: read once, due again since search shows videos late; "
            "`budget`: no calls were left; `error`: reading failed; `cap`: one second with more "
            "videos than any call can list."
        )
    )
    reading: int = Field(description="The how-manieth reading is awaited: 1 or 2.")
    due_at: datetime | None = Field(
        description="Since when it may be read; null where it will not be read again (`cap`)."
    )


class Delay(Schema):
    """How late search showed videos: seconds from their publish time to being found.

    Measured on videos that an earlier reading of the same second did not show: the latest 500 of
    the last 30 days.
    """

    samples: int
    median_seconds: int | None
    p95_seconds: int | None


class Coverage(Schema):
    """How far a watch has been read."""

    watch_id: int
    kind: WatchKind
    term: str
    paused: bool
    read_until: datetime = Field(description="Before it all was read once or stands in `gaps`.")
    complete_until: datetime = Field(
        description="Before it all was read twice, seconds at the cap excepted."
    )
    gaps: list[Gap] = Field(description="What is due and not read yet, newest first.")
    delay: Delay


class CoverageList(Schema):
    """A page of watches with their coverage, oldest watch first."""

    items: list[Coverage]
    page: int
    limit: int
    total: int = Field(description="Watches; 1 when one is asked for.")
    next: str | None = Field(description="Path of the next page.")
    previous: str | None = Field(description="Path of the page before.")
    next_cursor: None = Field(description="Always null: pages are few and have numbers.")
    previous_cursor: None


class Slower(Schema):
    """A watch that would be polled less often."""

    watch_id: int
    term: str
    interval_seconds_before: float
    interval_seconds_after: float


class Plan(Schema):
    """What watching a keyword would cost, with a whole day's calls."""

    keyword: str = Field(description="As it would be watched.")
    known: bool = Field(description="It is watched already: nothing would change.")
    videos_per_day: float = Field(description="Reckoned with.")
    interval_seconds: float | None = Field(
        description="Between two searches for it, its own or shared with others; null where there "
        "are no calls to plan with."
    )
    mean_delay_seconds: float | None = Field(
        description="From a video's appearance in search to its being stored, on average."
    )
    calls_per_day: float = Field(description="Search calls of its own.")
    slower: list[Slower] = Field(description="Watches that would be polled less often.")


class BucketUsage(Schema):
    """What a project has used today of what YouTube counts by itself."""

    bucket: Bucket = Field(description="Calls of search, or units for everything else.")
    limit: int = Field(description="A day, from midnight to midnight Pacific time.")
    used: int
    left: int
    resets_at: datetime
    exhausted_at: datetime | None = Field(description="When YouTube said that it was used up.")


class Key(Schema):
    """An API key, by its fingerprint."""

    fingerprint: str
    state: KeyState = Field(
        description="`cooling` after a throttle; `disabled` when YouTube refuses it, and tried "
        "again once a day; `held` when the operator disabled it."
    )
    since: datetime | None
    until: datetime | None = Field(description="When it is used or tried again by itself.")
    reason: str | None


class ProjectQuota(Schema):
    """A project of YouTube's: its keys share what it has."""

    project: str
    buckets: list[BucketUsage]
    keys: list[Key]


class NextPoll(Schema):
    """When a watch is polled next, as planned now."""

    watch_id: int
    kind: WatchKind
    term: str
    at: datetime
    interval_seconds: float | None = Field(
        description="From then to the poll after it; null when no calls are left today."
    )
    packed_interval_seconds: float | None = Field(
        description="Between searches it shares with other watches; null where it shares none."
    )


class Forecast(Schema):
    """What is to come."""

    next_polls: list[NextPoll] = Field(description="Of each watch that is not paused, in order.")
    calls_left: int = Field(description="Search calls that usable keys may still make today.")
    calls_reserved: float = Field(
        description="Of these kept back now: a tenth of the day's, released over the last 3 hours."
    )
    last_call_at: datetime | None = Field(
        description="When the others are spent at the present pace; null where some outlast the "
        "day, or none are left."
    )
    plenty: bool = Field(description="Calls are enough to poll every watch at every tick.")


class Quota(Schema):
    """What is spent, which keys are in use, and what is to come."""

    projects: list[ProjectQuota]
    forecast: Forecast


class Health(Schema):
    """The process lives."""

    status: Literal["ok"]
    demo: bool = Field(description="Whether the videos are simulated.")


class Trouble(Schema):
    """Something that is wrong."""

    code: str = Field(description="Stable name of the problem.")
    since: datetime
    detail: str


class Readiness(Schema):
    """Whether reads can be answered, and what is wrong."""

    status: Literal["ok", "degraded", "unavailable"]
    demo: bool
    problems: list[Trouble]


class ErrorSource(BaseModel):
    """What in the request is to blame."""

    parameter: str | None = Field(default=None, description="A query parameter.")
    pointer: str | None = Field(default=None, description="A member of the body (RFC 6901).")


class Error(BaseModel):
    """One JSON:API error object."""

    status: str
    code: str = Field(description="Stable; made for programs.")
    title: str
    detail: str = Field(description="For people; may change.")
    id: str | None = Field(default=None, description="Stands in the log (status 500 only).")
    source: ErrorSource | None = None
    meta: dict[str, object] | None = Field(default=None, description="More, for programs.")


class ErrorDocument(Schema):
    """The body of every error."""

    errors: list[Error]
