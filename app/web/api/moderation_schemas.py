"""The JSON bodies of moderation, as clients send and get them, with their examples."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from app.domain.moderation import LONGEST_NOTE, parse_note
from app.web.api import examples
from app.web.api.schemas import Schema
from app.web.api.video_schemas import Item
from app.web.bodies import Body
from app.web.parameters import NO_CONTROLS, checked_by

_NOTE = {"type": "string", "maxLength": LONGEST_NOTE, "pattern": NO_CONTROLS}


class ModerationPatch(Body):
    """Whether anybody is to see a video."""

    hidden: bool = Field(description="Whether it is taken out of every feed.", examples=[True])
    note: (
        Annotated[
            str,
            StringConstraints(max_length=LONGEST_NOTE),
            AfterValidator(checked_by(parse_note)),
            WithJsonSchema(_NOTE),
        ]
        | None
    ) = Field(
        default=None,
        description="Why, on one line; null or left out: as it was said before.",
        examples=["spam"],
    )


class Moderated(Schema):
    """A video as a moderator sees it."""

    video_id: str
    hidden: bool
    note: str | None = Field(description="Why it is hidden; null if it is not.")
    hidden_at: datetime | None
    hidden_by: str | None = Field(description="Who hid it, as /audit names them.")
    video: Item | None = Field(
        description="As readers see it unless it is hidden; null: not stored."
    )


MODERATION_PATCH: Final[dict[str, object]] = {"hidden": True, "note": "spam"}

MODERATED: Final[dict[str, object]] = {
    "video_id": "a1B2c3D4e5F",
    "hidden": True,
    "note": "spam",
    "hidden_at": "2026-01-02T18:00:40Z",
    "hidden_by": "client:nrc_cUTN4TZ91WBm3slNR1Zi8w",
    "video": examples.VIDEO,
}
