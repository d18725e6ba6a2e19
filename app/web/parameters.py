"""Query parameters: strict types, and the models that lists share.

Unknown, repeated and malformed parameters are refused, never guessed at: otherwise a slip would go
unnoticed, and `?x=1`, `?x=2`, ... would fill every cache in front of the service.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Self
from urllib.parse import unquote_to_bytes

from flask import Response, request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.domain.channels import parse_channel
from app.domain.errors import InvalidValueError
from app.domain.watches import MAX_TERM_CHARACTERS, parse_keyword
from app.feed.cursors import MAX_CHARACTERS, decode_cursor
from app.web.errors import ErrorObject, error_response

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PAGE = 1_000_000
MAX_ROW_ID = 2**63 - 1
MAX_LIMIT = 100
DEFAULT_LIMIT = 10

_CONTROLS = r"\x00-\x1f\x7f-\x9f"
NO_CONTROLS = rf"^[^{_CONTROLS}]*$"
"""The pattern of a text without control characters, for the document."""

_KEYWORD = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_TERM_CHARACTERS,
    "pattern": rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*$",
}
_CHANNEL_ID = {"type": "string", "pattern": "^UC[A-Za-z0-9_-]{22}$"}
_CURSOR = {"type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": MAX_CHARACTERS}

_NUMBER = re.compile(r"[0-9]{1,19}")
_LIMIT_NAMES = ("limit", "per_page", "page_size")
_PAGING_NAMES = frozenset(("page", "cursor", *_LIMIT_NAMES))


def _digits(value: object) -> int:
    # int() alone would take signs, blanks, underscores and the digits of every script.
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise ValueError("must be a number written with the digits 0-9 only")
    return int(value)


def checked_by(parse: Callable[[str], str]) -> Callable[[str], str]:
    """Turn the domain's refusal into the one pydantic collects."""

    def validate(text: str) -> str:
        try:
            return parse(text)
        except InvalidValueError as error:
            raise ValueError(str(error)) from None

    return validate


def _keyword(text: str) -> str:
    # Blanks around it are forgiven, line breaks are not: the document could not say which are.
    if len(text) > MAX_TERM_CHARACTERS or re.search(f"[{_CONTROLS}]", text):
        raise InvalidValueError(
            f"a keyword has 1 to {MAX_TERM_CHARACTERS} characters, none of them a control character"
        )
    return parse_keyword(text)


def _channel_id(text: str) -> str:
    if text != text.strip():
        raise InvalidValueError("a channel id has no blanks")
    return parse_channel(text)


def _cursor_text(text: str) -> str:
    decode_cursor(text)
    return text


Digits = BeforeValidator(_digits)
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT), Digits]
RowId = Annotated[int, Field(ge=1, le=MAX_ROW_ID), Digits]
Keyword = Annotated[str, AfterValidator(checked_by(_keyword)), WithJsonSchema(_KEYWORD)]
ChannelId = Annotated[str, AfterValidator(checked_by(_channel_id)), WithJsonSchema(_CHANNEL_ID)]
CursorText = Annotated[str, AfterValidator(checked_by(_cursor_text)), WithJsonSchema(_CURSOR)]


def refuse_unclear_query() -> Response | None:
    """Answer 400 to a query no validation can see right; for use before every request.

    It would see only the first value of a repeated parameter, and other text than was sent in the
    place of bytes that are not UTF-8.
    """
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        malformed = ErrorObject("malformed_query", "The query string is not UTF-8.")
        return error_response(HTTPStatus.BAD_REQUEST, malformed)
    for name, values in request.args.lists():
        if len(values) > 1:
            repeated = ErrorObject("repeated_parameter", "Give this parameter only once.", name)
            return error_response(HTTPStatus.BAD_REQUEST, repeated)
    return None


class Query(BaseModel):
    """The parameters of a route; a route that takes none uses this very class."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitedQuery(Query):
    """How many items of a list are asked for; a list adds its filters as further fields."""

    limit: Limit = Field(default=DEFAULT_LIMIT, description="Items on a page.", examples=[10])
    per_page: Limit | None = Field(default=None, description="Another name for `limit`.")
    page_size: Limit | None = Field(default=None, description="Another name for `limit`.")

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        limits = [name for name in _LIMIT_NAMES if name in self.model_fields_set]
        if len(limits) > 1:
            raise PydanticCustomError(
                "repeated_parameter",
                "the same as {first}, which is given as well",
                {"parameter": limits[1], "first": limits[0]},
            )
        return self

    @property
    def page_length(self) -> int:
        """Items on a page, by whichever name it was given."""
        return self.per_page or self.page_size or self.limit

    @property
    def filters(self) -> dict[str, str]:
        """The parameters that choose the items, not the page of them."""
        given = self.model_fields_set - _PAGING_NAMES
        return {name: str(getattr(self, name)) for name in given}

    def refuse_together(self, *names: str) -> None:
        """Raise if more than one of these parameters is given."""
        given = [name for name in names if name in self.model_fields_set]
        if len(given) > 1:
            raise PydanticCustomError(
                "conflicting_parameters",
                "cannot be combined with {first}",
                {"parameter": given[1], "first": given[0]},
            )


class FeedChoice(LimitedQuery):
    """Of which feed, and how many videos."""

    watch: RowId | None = Field(default=None, description="Only videos of the watch with this id.")
    keyword: Keyword | None = Field(
        default=None, description="Only videos of the watch with this keyword.", examples=["news"]
    )
    channel_id: ChannelId | None = Field(default=None, description="Only videos of this channel.")

    @model_validator(mode="after")
    def _one_feed(self) -> Self:
        self.refuse_together("watch", "keyword", "channel_id")
        return self


class NumberedQuery(LimitedQuery):
    """How a list is cut into pages by number."""

    page: Annotated[int, Field(ge=1, le=MAX_PAGE), Digits] = Field(
        default=1, description="Number of the page, from 1.", examples=[1]
    )


class PagedQuery(NumberedQuery):
    """How a feed is cut into pages: by number or by cursor."""

    cursor: CursorText | None = Field(
        default=None,
        description="`next_cursor` or `previous_cursor` of a page, as given; excludes `page`.",
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        self.refuse_together("page", "cursor")
        return self
