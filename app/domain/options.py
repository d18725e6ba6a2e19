"""What can be said of a watch, read from JSON: strict about types, bounded in everything. Pure.

No value is turned into another type, and what has no meaning here is refused by name, so that a
slip is told and not ignored.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from app.domain.errors import InvalidMemberError, InvalidValueError
from app.domain.filters import NO_FILTERS, Filters, Shorts
from app.domain.phrases import phrases_of
from app.domain.regions import REGIONS
from app.domain.videos import LiveState
from app.domain.watches import WatchOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from enum import StrEnum

T = TypeVar("T")
Choice = TypeVar("Choice", bound="StrEnum")

MAX_LABEL_CHARACTERS = 200
MAX_INTERVAL_SECONDS = 7 * 86_400
LEAST_WEIGHT, MOST_WEIGHT = 0.01, 100.0
"""A watch of weight 4 is polled twice as often as one of weight 1 that brings as much: polls go by
the square root. So these are a tenth as often and ten times as often."""

MAX_WORDS = 50
MAX_WORD_CHARACTERS = 100
MAX_DURATION_SECONDS = 7 * 86_400
MAX_LANGUAGES = 20
MAX_CATEGORIES = 50

_SEARCH_LANGUAGE = re.compile(r"[a-z]{2}|zh-Hans|zh-Hant", re.ASCII)
_LANGUAGE_RANGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}", re.ASCII)
_CATEGORY = re.compile(r"[0-9]{1,4}", re.ASCII)


def parse_options(members: Mapping[str, object]) -> WatchOptions:
    """Return options from the members of a JSON object.

    Raises:
        InvalidMemberError: one is unknown or not acceptable.
    """
    options = WatchOptions()
    for name, value in members.items():
        if name not in OPTIONS:
            raise InvalidMemberError(f"there is no option {name[:40]!r}", name, unknown=True)
        options.update({name: _under(name, OPTIONS[name], value)})  # type: ignore[misc]  # one by one
    return options


def parse_label(value: object) -> str:
    """Return a label: up to 200 characters on one line; empty stands for the watch's term.

    Raises:
        InvalidValueError: anything else.
    """
    text = _text(value).strip()
    if len(text) > MAX_LABEL_CHARACTERS:
        raise InvalidValueError(f"a label has at most {MAX_LABEL_CHARACTERS} characters")
    return text


def parse_flag(value: object) -> bool:
    """Return a truth value.

    Raises:
        InvalidValueError: anything else.
    """
    if not isinstance(value, bool):
        raise InvalidValueError("must be true or false")
    return value


def parse_min_interval(value: object) -> int | None:
    """Return the least seconds between two polls, up to a week; None: the tick.

    Raises:
        InvalidValueError: anything else. That it is no less than the tick is for who knows that.
    """
    return None if value is None else _whole(value, 1, MAX_INTERVAL_SECONDS)


def parse_weight(value: object) -> float:
    """Return a weight from 0.01 to 100.

    Raises:
        InvalidValueError: anything else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidValueError("must be a number")
    if LEAST_WEIGHT <= value <= MOST_WEIGHT:
        return float(value)
    raise InvalidValueError(f"must be a number from {LEAST_WEIGHT} to {MOST_WEIGHT:g}")


def parse_region(value: object) -> str | None:
    """Return a country by its two capital letters (ISO 3166-1); None leaves it to YouTube.

    Raises:
        InvalidValueError: anything else.
    """
    if value is not None and _text(value) not in REGIONS:
        raise InvalidValueError("must be a country by its two capital letters (ISO 3166-1)")
    return None if value is None else _text(value)


def parse_search_language(value: object) -> str | None:
    """Return what YouTube takes for relevanceLanguage (YouTube API docs): two letters (ISO 639-1).

    Chinese may also be `zh-Hans` or `zh-Hant`.

    Raises:
        InvalidValueError: anything else.
    """
    if value is not None and not _SEARCH_LANGUAGE.fullmatch(_text(value)):
        raise InvalidValueError("must be two small letters (ISO 639-1), zh-Hans or zh-Hant")
    return None if value is None else _text(value)


def parse_filters(value: object) -> Filters:
    """Return filters from a JSON object, or from null for none; members may be left out.

    Raises:
        InvalidMemberError: a member is unknown or not acceptable.
        InvalidValueError: not an object.
    """
    if value is None:
        return NO_FILTERS
    if not isinstance(value, dict):
        raise InvalidValueError("must be an object")
    for name in value:
        if name not in _FILTERS:
            raise InvalidMemberError(f"there is no filter {str(name)[:40]!r}", name, unknown=True)
    given = {name: _under(name, _FILTERS[name], value[name]) for name in value}
    filters = replace(NO_FILTERS, **given)  # type: ignore[arg-type]  # each by its own parser
    least, most = filters.min_duration_seconds, filters.max_duration_seconds
    if least is not None and most is not None and least > most:
        raise InvalidMemberError(f"must be {least} or more", "max_duration_seconds")
    return filters


def filters_members(filters: Filters) -> dict[str, object]:
    """Return filters as the members of a JSON object, all of them."""
    return {name: _plain(getattr(filters, name)) for name in _FILTERS}


def options_members(options: WatchOptions) -> dict[str, object]:
    """Return options as the members of a JSON object, those that are given."""
    members: dict[str, object] = dict(options)
    if "filters" in options:
        members["filters"] = filters_members(options["filters"])
    return members


def write_filters(filters: Filters) -> str | None:
    """Return filters as canonical JSON; None if there are none."""
    if filters == NO_FILTERS:
        return None
    return json.dumps(
        filters_members(filters), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _words(value: object) -> tuple[str, ...]:
    return _several(value, _word, MAX_WORDS)


def _word(value: object) -> str:
    text = _text(value).strip()
    if not 1 <= len(text) <= MAX_WORD_CHARACTERS:
        raise InvalidValueError(f"must have 1 to {MAX_WORD_CHARACTERS} characters")
    if not phrases_of(text):
        raise InvalidValueError("must have a letter, a digit or a symbol to look for")
    return text


def _duration(value: object) -> int | None:
    return None if value is None else _whole(value, 0, MAX_DURATION_SECONDS)


def _live(value: object) -> tuple[LiveState, ...]:
    return _several(value, lambda each: _one_of(LiveState, each), len(LiveState))


def _shorts(value: object) -> Shorts:
    return _one_of(Shorts, value)


def _languages(value: object) -> tuple[str, ...]:
    wanted = "must be a language as in en, en-GB or zh-Hant (BCP 47)"
    return _several(value, lambda each: _matching(_LANGUAGE_RANGE, each, wanted), MAX_LANGUAGES)


def _categories(value: object) -> tuple[str, ...]:
    wanted = 'must be the id of a category: digits, as in "10"'
    return _several(value, lambda each: _matching(_CATEGORY, each, wanted), MAX_CATEGORIES)


def _under(name: str, parse: Callable[[object], T], value: object) -> T:
    """Parse a member; what is wrong with it is told under its name."""
    try:
        return parse(value)
    except InvalidMemberError as error:
        raise InvalidMemberError(str(error), name, *error.path, unknown=error.unknown) from None
    except InvalidValueError as error:
        raise InvalidMemberError(str(error), name) from None


def _several(value: object, parse: Callable[[object], T], most: int) -> tuple[T, ...]:
    """Return what a list holds, each value once."""
    if not isinstance(value, list) or len(value) > most:
        raise InvalidValueError(f"must be a list of at most {most}")
    parsed: dict[T, None] = {}
    for index, each in enumerate(value):
        try:
            parsed[parse(each)] = None
        except InvalidValueError as error:
            raise InvalidMemberError(str(error), index) from None
    return tuple(parsed)


def _one_of(kind: type[Choice], value: object) -> Choice:
    try:
        return kind(_text(value))
    except ValueError:
        names = ", ".join(kind)
        raise InvalidValueError(f"must be one of {names}") from None


def _matching(pattern: re.Pattern[str], value: object, wanted: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidValueError(wanted)
    return value


def _whole(value: object, least: int, most: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise InvalidValueError(f"must be a whole number from {least} to {most}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValueError("must be a string")
    categories = set(map(unicodedata.category, value))
    if "Cs" in categories or "Cc" in categories:
        raise InvalidValueError("must be valid Unicode text without control characters")
    return value


OPTIONS: Mapping[str, Callable[[object], object]] = {
    "label": parse_label,
    "paused": parse_flag,
    "min_interval_seconds": parse_min_interval,
    "weight": parse_weight,
    "region": parse_region,
    "language": parse_search_language,
    "filters": parse_filters,
    "follow": parse_flag,
}

_FILTERS: Mapping[str, Callable[[object], object]] = {
    "include_words": _words,
    "exclude_words": _words,
    "min_duration_seconds": _duration,
    "max_duration_seconds": _duration,
    "live": _live,
    "shorts": _shorts,
    "languages": _languages,
    "categories": _categories,
}
