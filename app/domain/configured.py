"""A setting as it may be shown: no value here holds a secret or a part of one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Configured:
    """A setting of the running process.

    Args:
        name: of its variable.
        shown: its value in words, free of secrets; empty if it has none.
        is_default: whether that is what it is without being set.
    """

    name: str
    shown: str
    is_default: bool
