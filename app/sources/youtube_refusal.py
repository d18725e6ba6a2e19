"""Reads an error answer of YouTube into what it says; what that means is another's matter."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from app.domain.text import storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_MESSAGE_CHARACTERS = 300

LONGEST_WAIT_SECONDS = 3600.0
"""No short limit lasts longer; more would be a slip, and stop fetching for days."""

_API_KEY = re.compile(r"AIza[0-9A-Za-z_-]{35}")
_TAG = re.compile(r"<[^<>]*>")
_URL_QUERY = re.compile(r"(https?://[^\s?#]*)[?#]\S*")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error answer says.

    Args:
        status: the HTTP status.
        structured: the body has YouTube's error object, so the answer is YouTube's own and not
            that of some proxy on the way.
        message: in the source's own words: one line of at most 300 characters without mark-up,
            keys or URL queries.
        reasons: those of errors[] and of details[].
        quota: the metadata of details[], such as quota_unit and window_start_time.
        retry_after: seconds, an hour at most.
    """

    status: int
    structured: bool
    message: str
    reasons: frozenset[str]
    quota: Mapping[str, str]
    retry_after: float | None


def read_refusal(status: int, headers: Mapping[str, str], body: bytes, secret: str) -> Refusal:
    """Read an answer whose status is not 200, whatever its body is.

    Header names are in lower case; `secret`, the key of the call, is removed from the message.
    """
    error = _error_of(body)
    envelope = error if isinstance(error, dict) else {}
    message = envelope.get("message") if envelope else error
    words = _redacted(message, secret) if isinstance(message, str) else ""
    details = list(_objects(envelope.get("details")))
    return Refusal(
        status=status,
        structured=bool(envelope),
        message=words or f"YouTube answered with HTTP {status} and no message",
        reasons=frozenset(
            reason
            for entry in [*_objects(envelope.get("errors")), *details]
            if isinstance(reason := entry.get("reason"), str)
        ),
        quota=_quota_metadata(details),
        retry_after=retry_after_of(headers),
    )


def _redacted(text: str, secret: str) -> str:
    # The key first: what follows could change a part of it and hide the rest.
    return plain_words(storable(text).replace(secret, "[key]"))


def plain_words(text: str) -> str:
    """Return what a source said as one line of at most 300 characters, without mark-up.

    Google's keys and the queries of URLs are left out.
    """
    plain = _API_KEY.sub("[key]", storable(text))
    plain = " ".join(_TAG.sub("", plain).split())
    return _URL_QUERY.sub(r"\1", plain)[:MAX_MESSAGE_CHARACTERS]


def _error_of(body: bytes) -> object:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document.get("error") if isinstance(document, dict) else None


def _objects(value: object) -> Iterator[dict[str, object]]:
    return (
        entry for entry in (value if isinstance(value, list) else []) if isinstance(entry, dict)
    )


def _quota_metadata(details: list[dict[str, object]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for detail in details:
        metadata = detail.get("metadata")
        if isinstance(metadata, dict):
            found |= {name: str(value) for name, value in metadata.items()}
    return found


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a source asks to wait, an hour at most; header names in lower case.

    A date counts from the answer's own Date, so no clock is needed.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), LONGEST_WAIT_SECONDS)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):  # the last for numbers without end
        return None
    return min(max(0.0, wait.total_seconds()), LONGEST_WAIT_SECONDS)
