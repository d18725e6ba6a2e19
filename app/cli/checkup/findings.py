"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and will not for ever, or not as well as it could."""
    ERROR = "error"
    """The feed is not served, or nothing new comes into it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Args:
        code: what was looked at; stays the same between releases.
        level: how bad it is.
        detail: what was found, in one line without secrets.
        advice: what to do about it; empty if nothing.
    """

    code: str
    level: Level
    detail: str
    advice: str = ""


def well(code: str, detail: str) -> Finding:
    """Return that all is as it should be."""
    return Finding(code, Level.OK, detail)


def warning(code: str, detail: str, advice: str) -> Finding:
    """Return what should not stay so."""
    return Finding(code, Level.WARNING, detail, advice)


def error(code: str, detail: str, advice: str) -> Finding:
    """Return what keeps the feed from working."""
    return Finding(code, Level.ERROR, detail, advice)
