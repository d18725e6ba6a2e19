"""Subscriptions as Google Takeout writes them since 2021: CSV, its header in the user's language.

Shape (recorded exports): a header, then `id,http://www.youtube.com/channel/id,title` a row. The
header is translated, so columns are known by what stands in them; spreadsheets that saved the file
again may have changed the order of columns and the delimiter.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import TYPE_CHECKING

from app.domain.addresses import parse_address
from app.domain.channels import is_channel_id
from app.domain.errors import InvalidValueError
from app.domain.watches import WatchKind
from app.ingest.exchange.entries import read_entry, reject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.ingest.exchange.entries import Item

_SAMPLE_ROWS = 100
_DELIMITERS = ",;\t"
_ID = re.compile(r"UC[A-Za-z0-9_-]{22}", re.ASCII)
_ID_WITH_ADDRESS = re.compile(
    r'(UC[A-Za-z0-9_-]{22})"?[,;\t]"?https?://(www\.)?youtube\.com/channel/\1', re.ASCII
)
"""What tells subscriptions from the other tables of a Takeout, some of which hold channels too."""

Row = list[str]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a table keeps what is wanted of it; columns count from 0."""

    delimiter: str
    channel: int
    title: int | None


def is_subscriptions(head: str) -> bool:
    """Tell whether the beginning of a table is that of Takeout's subscriptions."""
    return _ID_WITH_ADDRESS.search(head) is not None


def find_layout(text: str) -> Layout | None:
    """Find the column of channel ids by its content; None if there is none beside another one."""
    for delimiter in _DELIMITERS:
        sample = list(_sample(text, delimiter))
        ids = Counter(n for row in sample for n, cell in enumerate(row) if _is_id(cell))
        if ids:
            [(channel, _)] = ids.most_common(1)
            return Layout(delimiter, channel, _title_column(sample, channel))
    return None


def read_csv(text: str, layout: Layout) -> Iterator[Item]:
    """Read a table; a first row without an id is its header.

    Raises:
        InvalidValueError: it is not CSV from some line on, or a cell holds the rows after it.
    """
    for number, row in _rows(text, layout.delimiter):
        if not any(cell.strip() for cell in row):
            continue
        if any(len(cell.splitlines()) > 1 and _ID.search(cell) for cell in row):
            raise InvalidValueError(f"line {number}: a quotation mark is opened and not closed")
        where, cell = f"line {number}", _cell(row, layout.channel)
        if number == 1 and not _is_id(cell):
            continue
        if not cell:
            yield reject(where, layout.delimiter.join(row), "the column of channel ids is empty")
        else:
            yield read_entry(where, cell, _parse_channel, _cell(row, layout.title))


def _parse_channel(text: str) -> tuple[WatchKind, str]:
    kind, term = parse_address(text)
    if kind is not WatchKind.CHANNEL:
        raise InvalidValueError("this is the address of a search, not of a channel")
    return kind, term


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, Row]]:
    """Give each row with the number of the line it begins on."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InvalidValueError(f"line {begins}: not CSV: {error}") from None


def _sample(text: str, delimiter: str) -> Iterator[Row]:
    """Give the first rows that have more than one column."""
    with suppress(InvalidValueError):  # it may be no table at all: a list has lines of any length
        for _, row in islice(_rows(text, delimiter), _SAMPLE_ROWS):
            if len(row) > 1:
                yield row


def _title_column(sample: Sequence[Row], channel: int) -> int | None:
    """Choose the first column that holds something other than ids and addresses."""
    rows = [row for row in sample if _is_id(_cell(row, channel))]  # without the header
    texts = Counter(
        n
        for row in rows
        for n, cell in enumerate(row)
        if n != channel and cell.strip() and "://" not in cell
    )
    return min((n for n, cells in texts.items() if 2 * cells > len(rows)), default=None)


def _cell(row: Row, column: int | None) -> str:
    return row[column].strip() if column is not None and column < len(row) else ""


def _is_id(cell: str) -> bool:
    return is_channel_id(cell.strip())
