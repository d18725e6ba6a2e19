"""Column types that mean the same on SQLite, MySQL, MariaDB and PostgreSQL.

Instants are aware UTC outside and DATETIME(6) without a zone inside; ids and terms compare byte for
byte; text holds any Unicode scalar.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, DateTime, Integer, String, Text
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; SQLite only counts up a column called INTEGER."""


_REMEMBERED = 256
"""Conversions kept: the rows of a page share most of their instants."""


class _SqliteInstant(sqlite.DATETIME):
    """The digits SQLAlchemy writes, made three times as fast: a page of videos has hundreds."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:  # noqa: ARG002 - its signature
        """Return what writes an instant without a zone."""
        return _sqlite_digits


@lru_cache(maxsize=_REMEMBERED)
def _utc_digits(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("refusing to store an instant without an offset")
    return value.astimezone(UTC).replace(tzinfo=None)


@lru_cache(maxsize=_REMEMBERED)
def _sqlite_digits(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(" ", "microseconds")


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept in UTC with microseconds."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Ask MySQL for microseconds, which it does not keep unless told to."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_SqliteInstant())  # type: ignore[no-untyped-call] # SQLAlchemy says nothing of it
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - its signature
        """Turn an aware instant into UTC digits.

        Raises:
            ValueError: the instant has no offset.
        """
        return _utc_digits(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - its signature
        """Turn stored digits into an aware instant."""
        return None if value is None else value.replace(tzinfo=UTC)


def ascii_key(length: int) -> TypeEngine[str]:
    """An ASCII string that compares byte for byte (ids)."""
    binary = mysql.VARCHAR(length, charset="ascii", collation="ascii_bin")
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(binary, "mysql", "mariadb")
    )


def unicode_key(length: int) -> TypeEngine[str]:
    """A short Unicode string that compares byte for byte (terms)."""
    binary = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return (
        String(length)
        .with_variant(String(length, collation="C"), "postgresql")
        .with_variant(binary, "mysql", "mariadb")
    )


def long_text() -> TypeEngine[str]:
    """Unicode text without a practical limit."""
    return Text().with_variant(
        mysql.MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )


def ascii_text() -> TypeEngine[str]:
    """ASCII text without a practical limit that compares byte for byte."""
    return (
        Text()
        .with_variant(Text(collation="C"), "postgresql")
        .with_variant(mysql.MEDIUMTEXT(charset="ascii", collation="ascii_bin"), "mysql", "mariadb")
    )
