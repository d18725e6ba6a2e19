"""What a file of watches says, entry by entry, before anything is done about it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError
from app.domain.options import MAX_LABEL_CHARACTERS
from app.domain.watches import WatchOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.domain.addresses import Target
    from app.domain.watches import WatchKind

MAX_ENTRIES = 10_000
"""Ten times the watches there can be; no account has so many subscriptions."""
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that a file wants watched.

    Args:
        where: its place in the file, for people: `line 3`, or `item 3` where lines mean nothing.
        kind: what is watched.
        term: the keyword, the channel's id, or its @handle where the file knows no id.
        options: what else the file says of it.
    """

    where: str
    kind: WatchKind
    term: str
    options: WatchOptions = field(default_factory=WatchOptions)

    @property
    def label(self) -> str:
        """What it is called; empty if the file does not say."""
        return self.options.get("label", "")


@dataclass(frozen=True, slots=True)
class Rejection:
    """An entry that cannot be watched.

    Args:
        where: as of an entry.
        text: what stands there, cut off where it is long.
        reason: a sentence for people.
    """

    where: str
    text: str
    reason: str


Item = Entry | Rejection


def reject(where: str, text: str, reason: object) -> Rejection:
    """Reject what stands there; the text is cut to what a person needs to find it."""
    return Rejection(where, text[:_SHOWN_CHARACTERS], str(reason))


def read_entry(where: str, text: str, parse: Callable[[str], Target], label: str = "") -> Item:
    """Read one entry; what `parse` refuses is rejected."""
    cleaned = clean_label(label)
    return read_watch(where, text, parse, {"label": cleaned} if cleaned else {})


def read_watch(
    where: str, text: str, parse: Callable[[str], Target], options: WatchOptions
) -> Item:
    """Read one entry whose options are known; what `parse` refuses is rejected."""
    try:
        kind, term = parse(text)
    except InvalidValueError as error:
        return reject(where, text, error)
    return Entry(where, kind, term, options)


def clean_label(text: str) -> str:
    """Return a label as it may be stored and shown: no control characters, not too long."""
    kept = (each for each in text if unicodedata.category(each) not in {"Cc", "Cs"})
    return "".join(kept).strip()[:MAX_LABEL_CHARACTERS].rstrip()
