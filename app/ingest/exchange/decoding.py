"""Text of files whose encoding nobody declared: UTF-8, or UTF-16 with a byte order mark."""

from __future__ import annotations

import codecs

from app.domain.errors import InvalidValueError

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode(content: bytes) -> str:
    """Return the text without its byte order mark.

    Bytes that are not UTF-8 become lone surrogates, which every parser refuses where they stand,
    so that one bad byte costs one line.

    Raises:
        InvalidValueError: it begins as UTF-16 and is not.
    """
    if not content.startswith(_UTF_16):
        return content.decode("utf-8-sig", "surrogateescape")
    try:
        return content.decode("utf-16")
    except UnicodeDecodeError:
        raise InvalidValueError("the file is marked as UTF-16, but is not") from None
