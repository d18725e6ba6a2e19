"""Text as it may be stored: everything YouTube sends except what no database can hold."""

from __future__ import annotations

import re

_NO_XML_CHARACTER = re.compile(r"[^\t\n\r -\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def storable(text: str) -> str:
    """Return `text` without NUL and with each lone surrogate replaced by U+FFFD.

    A surrogate pair given as two halves (as JSON escapes can do) becomes its character.
    """
    if text.isascii() and "\0" not in text:
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "")


def xml_storable(text: str) -> str:
    """Return `text` without what XML 1.0 cannot hold, not even escaped (its production `Char`)."""
    return _NO_XML_CHARACTER.sub("", text)
