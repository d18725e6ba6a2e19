"""What clients send about a watch. The domain's parser decides; the schemas here describe it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from app.domain import options
from app.domain.addresses import MAX_REFERENCE_CHARACTERS, parse_channel_reference
from app.domain.errors import InvalidMemberError, InvalidValueError
from app.domain.filters import Filters, Shorts
from app.domain.videos import LiveState
from app.web.bodies import Body
from app.web.parameters import NO_CONTROLS, Keyword

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic.config import JsonDict

    from app.domain.watches import WatchOptions

_WORD = {
    "type": "string",
    "minLength": 1,
    "maxLength": options.MAX_WORD_CHARACTERS,
    "pattern": NO_CONTROLS,
}
_LABEL = {
    "type": "string",
    "maxLength": options.MAX_LABEL_CHARACTERS,
    "pattern": NO_CONTROLS,
}
_WORDS = {"type": "array", "maxItems": options.MAX_WORDS, "items": _WORD}
_DURATION = {"type": ["integer", "null"], "minimum": 0, "maximum": options.MAX_DURATION_SECONDS}
_FILTERS = {
    "type": ["object", "null"],
    "additionalProperties": False,
    "properties": {
        "include_words": _WORDS,
        "exclude_words": _WORDS,
        "min_duration_seconds": _DURATION,
        "max_duration_seconds": _DURATION,
        "live": {
            "type": "array",
            "maxItems": len(LiveState),
            "items": {"type": "string", "enum": list(LiveState)},
        },
        "shorts": {"type": "string", "enum": list(Shorts)},
        "languages": {
            "type": "array",
            "maxItems": options.MAX_LANGUAGES,
            "items": {
                "type": "string",
                "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$",
            },
        },
        "categories": {
            "type": "array",
            "maxItems": options.MAX_CATEGORIES,
            "items": {"type": "string", "pattern": "^[0-9]{1,4}$"},
        },
    },
}


def _told(parse: Callable[[object], object]) -> Callable[[object], object]:
    """Turn the domain's refusal into the one pydantic collects, with the way to the member."""

    def validate(value: object) -> object:
        try:
            return parse(value)
        except InvalidMemberError as error:
            about = {"reason": str(error), "path": list(error.path), "unknown": error.unknown}
            raise PydanticCustomError("refused_member", "{reason}", about) from None
        except InvalidValueError as error:
            raise ValueError(str(error)) from None

    return validate


def _channel(text: str) -> str:
    try:
        parse_channel_reference(text)
    except InvalidValueError as error:
        raise ValueError(str(error)) from None
    return text


def _no_default(schema: JsonDict) -> None:
    """Leave it to the description: the value itself is one that JSON says in two ways."""
    schema.pop("default")


class WatchPatch(Body):
    """What is to change of a watch; what is left out stays as it is."""

    label: Annotated[
        str,
        PlainValidator(_told(options.parse_label)),
        WithJsonSchema(_LABEL),
    ] = Field(default="", description="What people call it; empty: its term.")
    paused: Annotated[
        bool, PlainValidator(_told(options.parse_flag)), WithJsonSchema({"type": "boolean"})
    ] = Field(default=False, description="Whether to stop fetching for it.")
    min_interval_seconds: Annotated[
        int | None,
        PlainValidator(_told(options.parse_min_interval)),
        WithJsonSchema(
            {
                "type": ["integer", "null"],
                "minimum": 1,
                "maximum": options.MAX_INTERVAL_SECONDS,
            }
        ),
    ] = Field(
        default=None,
        description="The least time between two polls of its own, no less than a tick.",
    )
    weight: Annotated[
        float,
        PlainValidator(_told(options.parse_weight)),
        WithJsonSchema(
            {
                "type": "number",
                "minimum": options.LEAST_WEIGHT,
                "maximum": options.MOST_WEIGHT,
            }
        ),
    ] = Field(default=1.0, description="4 is polled twice as often as 1: by the square root.")
    region: Annotated[
        str | None,
        PlainValidator(_told(options.parse_region)),
        WithJsonSchema({"type": ["string", "null"], "pattern": "^[A-Z]{2}$"}),
    ] = Field(default=None, description="Country of the search (ISO 3166-1 alpha-2).")
    language: Annotated[
        str | None,
        PlainValidator(_told(options.parse_search_language)),
        WithJsonSchema({"type": ["string", "null"], "pattern": "^([a-z]{2}|zh-Han[st])$"}),
    ] = Field(default=None, description="Language of the search (ISO 639-1).")
    filters: Annotated[
        Filters, PlainValidator(_told(options.parse_filters)), WithJsonSchema(_FILTERS)
    ] = Field(
        default=Filters(),
        description="Takes the place of all filters there are; null or {}: none. Applied to what "
        "was found before, too, which takes some ticks.",
        json_schema_extra=_no_default,
    )

    follow: Annotated[
        bool, PlainValidator(_told(options.parse_flag)), WithJsonSchema({"type": "boolean"})
    ] = Field(
        default=True,
        description="Whether to follow channels that keep bringing videos to the keyword.",
    )

    @property
    def given(self) -> WatchOptions:
        """The options that were given."""
        found: WatchOptions = {}
        for name in self.model_fields_set & options.OPTIONS.keys():
            found[name] = getattr(self, name)  # type: ignore[literal-required]  # one of them
        return found


class WatchRequest(WatchPatch):
    """What is to be watched, a keyword or a channel, and how."""

    keyword: Keyword | None = Field(
        default=None,
        description="1 to 200 characters; YouTube's operators may be used.",
        examples=["sailing"],
    )
    channel: (
        Annotated[str, Field(max_length=MAX_REFERENCE_CHARACTERS), AfterValidator(_channel)] | None
    ) = Field(
        default=None,
        description="Its id, its @handle, or the address of its page.",
        examples=["https://www.youtube.com/channel/UCa1B2c3D4e5F6g7H8i9J0kL"],
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.keyword is None) == (self.channel is None):
            raise PydanticCustomError("refused_body", "name either a keyword or a channel")
        return self
