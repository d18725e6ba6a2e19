"""The scopes a token or session can carry. Which route needs which is said at the route."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """What a caller must be allowed to do; PUBLIC asks for nothing, whatever the settings."""

    PUBLIC = "public"
    VIDEOS_READ = "videos:read"
    VIDEOS_WRITE = "videos:write"
    WATCHES_WRITE = "watches:write"
    ADMIN = "admin"
