"""The form of a watch's options: what its fields hold, and which options they say.

Its fields are plain texts. What each option may be, the domain decides; what it refuses is told
under the field, which keeps what was typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.categories import CATEGORY_NAMES
from app.domain.errors import InvalidMemberError, InvalidValueError
from app.domain.options import parse_filters, parse_options
from app.domain.videos import LiveState
from app.domain.watches import WatchKind
from app.web.dashboard.words import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.domain.filters import Filters
    from app.domain.watches import Watch, WatchOptions

    Fields = Mapping[str, str]

TICKED = "yes"

_NUMBER = re.compile(r"[0-9]{1,4}([.,][0-9]{1,20})?", re.ASCII)
_LENGTH = re.compile(r"[0-9]{1,6}|([0-9]{1,3}:)?[0-9]{1,4}:[0-5][0-9]", re.ASCII)
_BETWEEN = re.compile(r"[\s,;]+")
_CATEGORY_FIELDS = {f"category_{each}": each for each in CATEGORY_NAMES}
_LIVE_FIELDS = {f"live_{each}": each for each in LiveState}


@dataclass(frozen=True, slots=True)
class FormRead:
    """What was typed.

    Args:
        options: all that the form says, as far as it can be.
        filters: those of them; None if they cannot be.
        problems: what is wrong, by the name of the field it stands under.
    """

    options: WatchOptions
    filters: Filters | None
    problems: Mapping[str, str]


def fields_of(watch: Watch) -> dict[str, str]:
    """Return what the form of a watch holds as it is; what is empty is left out."""
    filters = watch.filters
    others = [each for each in filters.categories if each not in CATEGORY_NAMES]
    fields = {
        "label": watch.label,
        "weight": str(watch.weight).removesuffix(".0"),
        "min_interval": _length_text(watch.min_interval_seconds),
        "region": watch.region or "",
        "language": watch.language or "",
        "follow": TICKED if watch.follow else "",
        "include_words": "\n".join(filters.include_words),
        "exclude_words": "\n".join(filters.exclude_words),
        "shortest": _length_text(filters.min_duration_seconds),
        "longest": _length_text(filters.max_duration_seconds),
        "shorts": filters.shorts.value,
        "languages": ", ".join(filters.languages),
        "other_categories": ", ".join(others),
        **{name: TICKED for name, state in _LIVE_FIELDS.items() if state in filters.live},
        **{name: TICKED for name, it in _CATEGORY_FIELDS.items() if it in filters.categories},
    }
    return {name: text for name, text in fields.items() if text}


def read_form(fields: Fields, kind: WatchKind) -> FormRead:
    """Return what the form says; a channel is not searched for, so it has fewer options."""
    problems: dict[str, str] = {}
    options: WatchOptions = {}
    for member, (name, convert) in _OPTIONS[kind].items():
        try:
            options.update(parse_options({member: convert(fields.get(name, ""))}))
        except InvalidValueError as error:
            problems[name] = _reason(error)
    filters = _read_filters(fields, problems)
    if filters is not None:
        options["filters"] = filters
    return FormRead(options, filters, problems)


def changed(options: WatchOptions, watch: Watch) -> WatchOptions:
    """Return those options that the form of the watch would not say if nobody had touched it."""
    untouched = read_form(fields_of(watch), watch.kind).options
    changes: WatchOptions = {}
    for name, value in options.items():
        if value != untouched.get(name):
            changes[name] = value  # type: ignore[literal-required]  # one of them
    return changes


def _read_filters(fields: Fields, problems: dict[str, str]) -> Filters | None:
    members: dict[str, object] = {}
    for member, (name, convert) in _FILTERS.items():
        try:
            members[member] = value = convert(fields)
            parse_filters({member: value})
        except InvalidValueError as error:
            problems[name] = _reason(error)
    if any(name in problems for name, _ in _FILTERS.values()):
        return None
    try:
        return parse_filters(members)
    except InvalidMemberError:  # each can be, but not together
        problems["longest"] = f"must be no less than the least length, {fields['shortest'].strip()}"
        return None


def _length_text(seconds: int | None) -> str:
    return "" if seconds is None else duration(seconds)


def _reason(error: InvalidValueError) -> str:
    """Return what is wrong, and with which of several."""
    index = error.path[-1] if isinstance(error, InvalidMemberError) else None
    return f"number {index + 1} {error}" if isinstance(index, int) else str(error)


def _flag(text: str) -> object:
    return text == TICKED


def _text(text: str) -> object:
    return text.strip()


def _text_or_none(text: str) -> object:
    return text.strip() or None


def _country(text: str) -> object:
    return text.strip().upper() or None


def _weight(text: str) -> object:
    written = text.strip() or "1"
    if not _NUMBER.fullmatch(written):
        raise InvalidValueError("must be a number, as in 2 or 0.5")
    return float(written.replace(",", "."))


def _seconds(text: str) -> int | None:
    """Read a length: `90`, `1:30` or `1:01:30`; None if the field is empty."""
    written = text.strip()
    if not written:
        return None
    if not _LENGTH.fullmatch(written):
        raise InvalidValueError("must be seconds or minutes:seconds, as in 90 or 1:30")
    seconds = 0
    for part in written.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds


def _lines(name: str) -> Callable[[Fields], object]:
    def read(fields: Fields) -> object:
        lines = (line.strip() for line in fields.get(name, "").splitlines())
        return [line for line in lines if line]

    return read


def _length(name: str) -> Callable[[Fields], object]:
    return lambda fields: _seconds(fields.get(name, ""))


def _several(fields: Fields, name: str) -> list[str]:
    return [each for each in _BETWEEN.split(fields.get(name, "")) if each]


def _ticked(fields: Fields, named: Mapping[str, str]) -> list[str]:
    return [value for name, value in named.items() if fields.get(name) == TICKED]


_COMMON: Mapping[str, tuple[str, Callable[[str], object]]] = {
    "label": ("label", _text),
    "min_interval_seconds": ("min_interval", _seconds),
}
_OPTIONS: Mapping[WatchKind, Mapping[str, tuple[str, Callable[[str], object]]]] = {
    WatchKind.CHANNEL: _COMMON,
    WatchKind.KEYWORD: {
        **_COMMON,
        "weight": ("weight", _weight),
        "region": ("region", _country),
        "language": ("language", _text_or_none),
        "follow": ("follow", _flag),
    },
}
"""By option: the field, and how its text becomes what JSON would say."""

_FILTERS: Mapping[str, tuple[str, Callable[[Fields], object]]] = {
    "include_words": ("include_words", _lines("include_words")),
    "exclude_words": ("exclude_words", _lines("exclude_words")),
    "min_duration_seconds": ("shortest", _length("shortest")),
    "max_duration_seconds": ("longest", _length("longest")),
    "live": ("live", lambda fields: _ticked(fields, _LIVE_FIELDS)),
    "shorts": ("shorts", lambda fields: fields.get("shorts") or "any"),
    "languages": ("languages", lambda fields: _several(fields, "languages")),
    "categories": (
        "other_categories",
        lambda fields: [
            *_ticked(fields, _CATEGORY_FIELDS),
            *_several(fields, "other_categories"),
        ],
    ),
}

FIELDS = (
    *{name: None for options in _OPTIONS.values() for name, _ in options.values()},
    *(name for name, _ in _FILTERS.values() if name != "live"),
    *_LIVE_FIELDS,
    *_CATEGORY_FIELDS,
)
"""The names of all fields."""
