"""A page of a log as every route answers it that lists one: led through by cursor only."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from app.domain.errors import InvalidValueError
from app.domain.logs import LogCursor
from app.web.lists import Links, about_page
from app.web.parameters import LimitedQuery, checked_by
from app.web.replies import canonical_path, uncached_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Response

    from app.domain.logs import LogPage

_PLAIN_CURSOR = re.compile(r"1([on])([1-9][0-9]{0,17})", re.ASCII)


def _encode(cursor: LogCursor | None) -> str | None:
    """Write a cursor as clients see it: version, direction (older or newer), number."""
    if cursor is None:
        return None
    plain = f"1{'n' if cursor.newer else 'o'}{cursor.number}"
    return urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _decode(text: str) -> LogCursor:
    padded = text.encode("ascii", "replace") + b"=" * (-len(text) % 4)
    try:
        match = _PLAIN_CURSOR.fullmatch(urlsafe_b64decode(padded).decode("ascii"))
    except ValueError:
        match = None
    cursor = LogCursor(int(match[2]), newer=match[1] == "n") if match else None
    if cursor is None or _encode(cursor) != text:
        raise InvalidValueError("this is not a cursor that was handed out here")
    return cursor


def _cursor_text(text: str) -> str:
    _decode(text)
    return text


_CURSOR = {"type": "string", "pattern": "^MW[A-Za-z0-9_-]+$"}
CursorText = Annotated[str, AfterValidator(checked_by(_cursor_text)), WithJsonSchema(_CURSOR)]


class LogQuery(LimitedQuery):
    """Which page of a log; it adds its filters as further fields."""

    cursor: CursorText | None = Field(
        default=None, description="`next_cursor` or `previous_cursor` of a page, as given."
    )

    @property
    def place(self) -> LogCursor | None:
        """Beside which line the page lies; None: it is the first."""
        return None if self.cursor is None else _decode(self.cursor)


def log_reply(
    path: str, query: LogQuery, page: LogPage[object], items: Sequence[dict[str, object]]
) -> Response:
    """Return a page.

    Args:
        path: of the log, below SCRIPT_NAME.
        query: what was asked for.
        page: the answer.
        items: its lines, as they are sent.
    """
    links = log_links(path, query, page)
    about = about_page(
        links,
        page=1 if query.cursor is None else None,
        limit=query.page_length,
        total=None,
        next_cursor=_encode(page.next_cursor),
        previous_cursor=_encode(page.previous_cursor),
    )
    response = uncached_json({"items": items, **about})
    response.headers["Link"] = links.header
    return response


def log_links(path: str, query: LogQuery, page: LogPage[object]) -> Links:
    """Return the paths around a page of a log; all lead on by cursor."""
    kept = {**query.filters, "limit": str(query.page_length)}

    def to(cursor: str | None) -> str | None:
        return None if cursor is None else canonical_path(path, {**kept, "cursor": cursor})

    first = canonical_path(path, kept)
    return Links(
        here=to(query.cursor) or first,
        first=first,
        next=to(_encode(page.next_cursor)),
        previous=to(_encode(page.previous_cursor)),
    )
