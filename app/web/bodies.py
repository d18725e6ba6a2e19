"""Request bodies: strict JSON, and the model that all of them share.

What is not plainly JSON is refused before it is looked at; members that no model names are refused
like unknown parameters.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO

import orjson
from flask import Request
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel, ConfigDict
from werkzeug.exceptions import RequestEntityTooLarge

from app.domain.errors import InvalidValueError


class NotJsonError(InvalidValueError):
    """What was sent as JSON is none."""

    code = "bad_request"


class NotAnObjectError(InvalidValueError):
    """What was sent is JSON, but nothing that has members."""

    code = "invalid_body"


class Body(BaseModel):
    """A JSON object; no member is turned into another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class StrictJson(DefaultJSONProvider):
    """Reads JSON as the RFC has it: no NaN, no lone surrogates, no nesting without end."""

    def loads(self, s: str | bytes, **_options: object) -> object:
        """Return the value; raises ValueError."""
        return orjson.loads(s)


class StrictRequest(Request):
    """A request whose body is JSON only if its Content-Type says so.

    Browsers send other types across sites without asking; a library that reads any body as JSON
    would take those.
    """

    def get_json(
        self,
        force: bool = False,  # noqa: FBT001, FBT002 - the signature of what it overrides
        silent: bool = False,  # noqa: FBT001, FBT002 - as Werkzeug has it
        cache: bool = True,  # noqa: FBT001, FBT002 - as Werkzeug has it
    ) -> object:
        """Return the body as JSON, never by force.

        Raises:
            RequestEntityTooLarge: longer than MAX_CONTENT_LENGTH.
            UnsupportedMediaType: not said to be JSON.
            NotJsonError: not JSON.
            NotAnObjectError: null, which would be taken for an object without members.
        """
        del force
        # One of unknown length is cut off at the limit in silence, and may be JSON even so.
        if self.content_length is None and len(self.get_data()) == self.max_content_length:
            raise RequestEntityTooLarge
        found: object = super().get_json(silent=silent, cache=cache)
        if found is None:
            raise NotAnObjectError("The body is to be a JSON object.")
        return found

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Hold a file that is sent in memory: the request is, and is bounded."""
        del total_content_length, content_type, filename, content_length
        return BytesIO()

    def on_json_loading_failed(self, e: ValueError | None) -> object:
        """Refuse what is not JSON, in words of ours."""
        if e is None:  # the Content-Type says that it is something else
            return super().on_json_loading_failed(e)
        raise NotJsonError("The body is not JSON, or no valid Unicode.") from e
