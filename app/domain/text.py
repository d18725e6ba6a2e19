"""Text as it may be stored: everything YouTube sends except what no database can hold."""

from __future__ import annotations


def storable(text: str) -> str:
    """Return `text` without NUL and with each lone surrogate replaced by U+FFFD.

    A surrogate pair given as two halves (as JSON escapes can do) becomes its character.
    """
    if text.isascii() and "\0" not in text:
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "")
