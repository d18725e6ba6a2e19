"""What a moderator says of a video: that nobody is to see it, and why."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class HiddenVideo:
    """That a video is hidden, whether it is stored at present or not.

    Args:
        video_id: which.
        note: why, in the moderator's words; may be empty.
        hidden_by: the name of who hid it (`Actor.name`).
        hidden_at: when.
        title: as it is stored now; None if it is not.
    """

    video_id: str
    note: str
    hidden_by: str
    hidden_at: datetime
    title: str | None = None


def parse_note(text: str) -> str:
    """Return a note without blanks around it: up to 500 characters on one line.

    Raises:
        InvalidValueError: longer, with control characters, or with lone surrogates.
    """
    note = text.strip()
    if len(note) > LONGEST_NOTE:
        raise InvalidValueError(f"a note has at most {LONGEST_NOTE} characters")
    if {"Cs", "Cc"} & set(map(unicodedata.category, text)):
        raise InvalidValueError("must be valid Unicode text without control characters")
    return note
