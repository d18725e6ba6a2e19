"""Trouble as pages show it: what is wrong, since when, what it means and what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.web.dashboard.advice import advice_on

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from app.domain.alerts import Alert
    from app.domain.watches import Problem
    from app.web.dashboard.advice import Advice


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is or was wrong.

    Args:
        code: which trouble.
        detail: what was noted of it, for people.
        advice: what it means and what to do; None for a code nobody here knows.
        since: when it began; None where it was the matter of a moment.
    """

    code: str
    detail: str
    advice: Advice | None
    since: datetime | None = None

    @property
    def title(self) -> str:
        """A heading: of an unknown code the code itself."""
        return self.advice.title if self.advice else self.code


@dataclass(frozen=True, slots=True)
class ToldTrouble:
    """Trouble the operator is told of, and how far that has come."""

    trouble: Trouble
    state: str
    at: datetime | None


def trouble(code: str, detail: str, since: datetime | None = None) -> Trouble:
    """Return a code and its detail with the advice on it."""
    return Trouble(code, detail, advice_on(code), since)


def trouble_of(problem: Problem) -> Trouble:
    """Return a problem with the advice on it."""
    return trouble(problem.code, problem.detail, problem.since)


def troubles(problems: Iterable[Problem]) -> list[Trouble]:
    """Return problems with the advice on them."""
    return [trouble_of(it) for it in problems]


def told_trouble(alert: Alert) -> ToldTrouble:
    """Return an alert with what was told of it."""
    told = trouble(alert.code, alert.detail, alert.since)
    if alert.failing_since is not None:
        return ToldTrouble(told, "could not be told since", alert.failing_since)
    if alert.ended_at is not None:
        return ToldTrouble(told, "over, which is told once it stays so; ended", alert.ended_at)
    if alert.told_at is not None:
        return ToldTrouble(told, "told", alert.told_at)
    return ToldTrouble(told, "new: told once it is certain", None)
