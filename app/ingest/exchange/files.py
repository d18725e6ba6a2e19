"""From a file of any supported kind to its entries, within bounds that no file can break.

What a file is, its content says; only `.csv` in its name settles that it is a table and no list.
"""

from __future__ import annotations

from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from app.domain.errors import InvalidValueError
from app.ingest.exchange import archives
from app.ingest.exchange.csv_subscriptions import find_layout, read_csv
from app.ingest.exchange.decoding import decode
from app.ingest.exchange.entries import MAX_ENTRIES
from app.ingest.exchange.json_lists import read_json
from app.ingest.exchange.lists import read_list
from app.ingest.exchange.opml import read_opml

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from app.ingest.exchange.entries import Item

MAX_BYTES = 16 * 2**20
"""Ten thousand subscriptions in the wordiest of the formats."""


def buffered(file: BinaryIO) -> BinaryIO:
    """Make a pipe seekable: an archive is read from its end.

    Raises:
        InvalidValueError: too much comes out of it.
    """
    return file if file.seekable() else BytesIO(_read_whole(file))


def read_file(file: BinaryIO, name: str, most_bytes: int = MAX_BYTES) -> list[Item]:
    """Read all entries of a file; either all of them are returned or it is refused.

    Args:
        file: at its beginning, seekable.
        name: its name, whose ending may settle what it is.
        most_bytes: no more of it are held, and of an archive no more of what it unpacks to.

    Raises:
        InvalidValueError: too large, or not what can be read.
    """
    if archives.is_archive(file):
        found = archives.read_subscriptions(file, most_bytes)
        return _bounded(item for inner, content in found for item in _read(content, inner))
    return _bounded(_read(_read_whole(file, most_bytes), name))


def _read_whole(file: BinaryIO, most_bytes: int = MAX_BYTES) -> bytes:
    content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise InvalidValueError(f"the file has more than {most_bytes // 2**20} MiB")
    return content


def _read(content: bytes, name: str) -> Iterator[Item]:
    text = decode(content)
    first = text.lstrip()[:1]
    if first == "<":
        return read_opml(content)
    if first in {"[", "{"}:
        return read_json(text)
    layout = find_layout(text)
    if layout is not None:
        return read_csv(text, layout)
    if name.lower().endswith(".csv"):
        raise InvalidValueError("no column of this table holds channel ids")
    if "\0" in text:
        raise InvalidValueError("not text, nor another kind of file that can be read")
    return read_list(text)


def _bounded(items: Iterator[Item]) -> list[Item]:
    taken = list(islice(items, MAX_ENTRIES + 1))
    if len(taken) > MAX_ENTRIES:
        raise InvalidValueError(f"more than {MAX_ENTRIES:,} entries")
    return taken
