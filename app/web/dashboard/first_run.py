"""The first run: what the feed shows while there is no video yet. It leads to the first watch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.errors import StoreUnavailableError
from app.web.dashboard.troubles import troubles
from app.web.scopes import may_operate
from app.web.services import services

if TYPE_CHECKING:
    from app.web.dashboard.troubles import Trouble

_NO_KEYS, _NO_WATCHES = "no_keys", "no_watches"

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class FirstRun:
    """How far somebody has come.

    Args:
        may_add: whether whoever looks may add watches.
        has_key: whether YouTube can be asked at all.
        names: of what is watched, the first of them.
        troubles: what keeps the first videos from coming, for who may do something about it.
    """

    may_add: bool
    has_key: bool
    names: tuple[str, ...]
    troubles: tuple[Trouble, ...]


def first_run(*, is_empty: bool) -> FirstRun | None:
    """Return what to show instead of an empty feed; None where there is a feed to be shown.

    Args:
        is_empty: that the first page of the feed of everything has no video.
    """
    if not is_empty:
        return None
    try:
        watches, is_operator = services().watching.list_all(), may_operate()
    except StoreUnavailableError:
        return None  # nobody knows whether this is the first run
    problems = services().readiness.check().problems
    # What is a step of the page itself needs no telling beside it.
    steps = {_NO_KEYS} if watches else {_NO_KEYS, _NO_WATCHES}
    return FirstRun(
        may_add=is_operator,
        has_key=all(it.code != _NO_KEYS for it in problems),
        names=tuple(watch.name() for watch in watches[:_MOST_NAMES]),
        troubles=tuple(troubles(it for it in problems if is_operator and it.code not in steps)),
    )
