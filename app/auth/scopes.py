"""The scopes a token or session can carry. Which route needs which is said at the route."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from app.domain.errors import InvalidScopeError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Scope(StrEnum):
    """What a caller must be allowed to do; PUBLIC asks for nothing, whatever the settings."""

    PUBLIC = "public"
    VIDEOS_READ = "videos:read"
    VIDEOS_WRITE = "videos:write"
    WATCHES_WRITE = "watches:write"
    ADMIN = "admin"


GRANTABLE = tuple(scope for scope in Scope if scope is not Scope.PUBLIC)


def parse_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """Return scopes by their names.

    Raises:
        InvalidScopeError: there is no such scope to be granted.
    """
    wanted = frozenset(names)
    if not wanted.issubset(GRANTABLE):
        raise InvalidScopeError(f"the scopes are {', '.join(GRANTABLE)}")
    return frozenset(map(Scope, wanted))
