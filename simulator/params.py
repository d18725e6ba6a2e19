"""Reads the query parameters of one call the way YouTube does, or answers 400.

It knows the forms of values, not what they select.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from simulator import errors

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def names(text: str) -> frozenset[str]:
    """A set of names from a text with blanks between them."""
    return frozenset(text.split())


# Accepted by every Google API (discovery document, top-level parameters).
STANDARD = names(
    "$.xgafv access_token alt callback fields key oauth_token prettyPrint quotaUser uploadType "
    "upload_protocol"
)
MAX_IDS = 50
_RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class Params:
    """The parameters of one call; `known` are the names its method takes besides STANDARD."""

    def __init__(self, values: Mapping[str, Sequence[str]], known: Collection[str]) -> None:
        self._values = values
        for name in values:
            if name not in known and name not in STANDARD:
                raise errors.invalid_argument(
                    f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query '
                    f"parameter. Field '{name}' could not be found in request message."
                )

    def text(self, name: str) -> str:
        """The last value given, or an empty string."""
        values = self._values.get(name)
        return values[-1] if values else ""

    def choice(self, name: str, allowed: Collection[str], default: str) -> str:
        """One of `allowed`."""
        value = self.text(name) or default
        if value not in allowed:
            raise errors.invalid_argument()
        return value

    def number(self, name: str, default: int, largest: int) -> int:
        """A whole number of 0..largest."""
        text = self.text(name)
        if not text:
            return default
        if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or int(text) > largest:
            raise errors.invalid_argument(
                f"Invalid value '{text}'. Values must be within the range: [0, {largest}]"
            )
        return int(text)

    def instant(self, name: str) -> datetime | None:
        """An RFC 3339 time with an offset (without one YouTube answers 400)."""
        text = self.text(name)
        if not text:
            return None
        found = _RFC_3339.fullmatch(text)
        if found is None:
            raise errors.invalid_argument()
        day, clock, fraction, offset = found.groups()
        try:
            whole = datetime.fromisoformat(f"{day}T{clock}{offset.upper()}")
        except ValueError:
            raise errors.invalid_argument() from None
        return whole + timedelta(microseconds=int((fraction or ".")[1:7].ljust(6, "0")))

    def several(self, name: str) -> list[str]:
        """Values of a repeated or comma-separated parameter, each once, in order."""
        values = (item.strip() for value in self._values.get(name, ()) for item in value.split(","))
        return list(dict.fromkeys(value for value in values if value))

    def ids(self, name: str) -> list[str]:
        """At most 50 ids."""
        ids = self.several(name)
        if len(ids) > MAX_IDS:
            raise errors.invalid_argument()
        return ids

    def parts(self, allowed: Collection[str]) -> set[str]:
        """The parts asked for; at least one is required."""
        parts = self.several("part")
        if not parts:
            raise errors.bad_parameter(
                "missingRequiredParameter", "Missing required parameter: part", "part"
            )
        for part in parts:
            if part not in allowed:
                raise errors.bad_parameter("unknownPart", f"'{part}'", "part")
        return set(parts)
