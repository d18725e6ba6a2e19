"""The JSON body of a plan, as the OpenAPI document has it."""

from __future__ import annotations

from pydantic import Field

from app.web.api.schemas import Schema


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
