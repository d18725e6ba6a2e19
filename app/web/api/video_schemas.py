"""The JSON bodies of videos, their lists, changes and feeds, as the OpenAPI document has them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.domain.videos import LiveState, Source
from app.web.api.schemas import Schema


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
