"""Watches, their filters and what new ones would cost, as the page of watches shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.addresses import parse_target
from app.domain.errors import InvalidValueError
from app.domain.filters import Shorts
from app.domain.watches import WatchKind
from app.web.dashboard import words
from app.web.dashboard.troubles import trouble_of
from app.web.replies import canonical_path
from app.web.services import services

if TYPE_CHECKING:
    from app.domain.filters import Filters
    from app.ingest.planning import Preview
    from app.ingest.watch_reports import WatchReport
    from app.web.dashboard.troubles import Trouble

_SHORTS = {Shorts.ONLY: "Shorts only", Shorts.WITHOUT: "no Shorts"}


@dataclass(frozen=True, slots=True)
class WatchLine:
    """A watch on the page.

    Args:
        report: how it is doing.
        address: of its own page.
        feed: of its videos.
        coverage: of its gaps.
        filters: in short.
        trouble: what ended its last poll.
    """

    report: WatchReport
    address: str
    feed: str
    coverage: str
    filters: tuple[str, ...]
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What it would cost to watch a text.

    Args:
        text: as it was typed.
        name: what would be watched.
        is_channel: whether it names a channel, which no preview is made of.
        preview: of a keyword.
        problem: why it can be no watch; then there is no preview.
    """

    text: str
    name: str = ""
    is_channel: bool = False
    preview: Preview | None = None
    problem: str = ""


def line_of(report: WatchReport) -> WatchLine:
    """Return what is shown of a watch."""
    watch = report.watch
    number = str(watch.watch_id)
    return WatchLine(
        report=report,
        address=canonical_path(f"/dashboard/watches/{number}", {}),
        feed=canonical_path("/", {"watch": number}),
        coverage=canonical_path("/dashboard/coverage", {"watch": number}),
        filters=tuple(filters_in_short(watch.filters)),
        trouble=None if watch.last_error is None else trouble_of(watch.last_error),
    )


def plan_for(text: str) -> Plan | None:
    """Return what watching a text would cost; None for a text of nothing.

    Raises:
        StoreUnavailableError: the database is away.
    """
    if not text.strip():
        return None
    try:
        kind, name = parse_target(text)
        if kind is WatchKind.CHANNEL:
            return Plan(text, name, is_channel=True)
        return Plan(text, name, preview=services().planning.preview(name))
    except InvalidValueError as error:
        return Plan(text, problem=str(error))


def filters_in_short(filters: Filters) -> list[str]:
    """Return what a watch wants of videos, a few words for each filter."""
    said = []
    if filters.include_words:
        said.append(f"with {', '.join(filters.include_words)}")
    if filters.exclude_words:
        said.append(f"without {', '.join(filters.exclude_words)}")
    if filters.min_duration_seconds is not None:
        said.append(f"{words.span(filters.min_duration_seconds)} or longer")
    if filters.max_duration_seconds is not None:
        said.append(f"{words.span(filters.max_duration_seconds)} or shorter")
    if filters.shorts is not Shorts.ANY:
        said.append(_SHORTS[filters.shorts])
    for name, values in (
        ("live state", [state.value for state in filters.live]),
        ("language", filters.languages),
        ("category", filters.categories),
    ):
        if values:
            said.append(f"{name} {', '.join(values)}")
    return said
