"""What the JSON bodies of the API have in common, and errors, as the OpenAPI document has them.

Schemas describe; they do not serialise: items reach the client as the bytes the feed layer made.
Each noun has its own file beside this one.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Schema(BaseModel):
    """A JSON object whose members are all always there."""

    model_config = ConfigDict(extra="forbid")


class Trouble(Schema):
    """Something that is wrong."""

    code: str = Field(description="Stable name of the problem.")
    since: datetime
    detail: str


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
