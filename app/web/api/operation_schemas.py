"""The JSON bodies of /health and /ready, as the OpenAPI document has them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.web.api.schemas import Schema, Trouble


class Health(Schema):
    """The process lives."""

    status: Literal["ok"]
    demo: bool = Field(description="Whether the videos are simulated.")


class Readiness(Schema):
    """Whether reads can be answered, and what is wrong."""

    status: Literal["ok", "degraded", "unavailable"]
    demo: bool
    problems: list[Trouble]
