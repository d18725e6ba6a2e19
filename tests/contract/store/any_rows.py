"""Rows for every table, made from the types of its columns alone, so that none is forgotten."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Double,
    Integer,
    SmallInteger,
    insert,
    text,
)

from app.store.models import Base
from app.store.types import Instant

NOW = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
TEXTS = ("plain", "Ünïcödé 日本語 🎬", "trailing ", "A\nline", 'it\'s 100 % \\ "quoted"', "")


def fill_every_table(
    connection: Connection, rows: int, known: Mapping[str, Collection[str]] | None = None
) -> None:
    """Puts rows into all tables; each row names rows of the same number.

    `known` names the columns by table, as code that knows no others would write them.
    """
    for table in Base.metadata.sorted_tables:
        if table.name == "feed_version":
            connection.execute(text("UPDATE feed_version SET seq = 77, pruned_seq = 3"))
        elif known is None or table.name in known:
            columns = [it for it in table.columns if known is None or it.name in known[table.name]]
            made = [_row(columns, number) for number in range(1, rows + 1)]
            connection.execute(insert(table), made)


def _row(columns: Sequence[Column[object]], number: int) -> dict[str, object]:
    return {column.name: _value(column, number) for column in columns}


def _value(column: Column[object], number: int) -> object:
    if column.nullable and number % 3 == 0:
        return None
    for kind, value in (
        (Boolean, number % 2 == 0),
        (Double, number / 7),
        (BigInteger | SmallInteger | Integer, number),
        (Instant, NOW + timedelta(days=number, microseconds=number)),
        (Date, date(2026, 1, 1) + timedelta(days=number)),
    ):
        if isinstance(column.type, kind):
            return value
    return _text(column, number)


def _text(column: Column[object], number: int) -> str:
    length = getattr(column.type, "length", None)
    if length is None:
        ascii_only = column.name in ("search_text", "seen")
        return f"t{number}" if ascii_only else TEXTS[number % len(TEXTS)]
    # Upper and lower case in turn: such keys are different ones.
    mark = "Aa"[number % 2]
    return f"{mark}{number:X}"[:length]
