"""The JSON bodies of the log of fetches, as the OpenAPI document has them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.domain.fetches import FetchSource, Purpose
from app.web.api.schemas import Schema


class Failure(Schema):
    """What ended a fetch early."""

    code: str = Field(description="Stable name of the problem, as in /ready.")
    detail: str | None


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
