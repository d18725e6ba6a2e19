"""The JSON bodies of coverage, as the OpenAPI document has them."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.domain.ranges import RangeReason
from app.domain.watches import WatchKind
from app.web.api.schemas import Schema


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
