"""The mark by which every route says what it asks of its caller. Marks only; enforces nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.auth.scopes import Scope

ViewT = TypeVar("ViewT", bound="Callable[..., object]")

_MARK = "declared_scope"


def scope(needed: Scope) -> Callable[[ViewT], ViewT]:
    """Mark a view with the scope its callers need; survives decorators that use `wraps`."""

    def mark(view: ViewT) -> ViewT:
        view.__dict__[_MARK] = needed
        return view

    return mark


def declared_scope(view: Callable[..., object]) -> Scope | None:
    """Return the scope a view was marked with, None if it was forgotten."""
    declared: Scope | None = view.__dict__.get(_MARK)
    return declared
