"""The JSON bodies of /oauth, as the OpenAPI document describes them, and their examples."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from app.auth.tokens import LIFE_SECONDS
from app.web.api.schemas import Schema


class Token(Schema):
    """An access token that was given out (RFC 6749, section 5.1)."""

    access_token: str = Field(description="A secret: send it as `Authorization: Bearer ...`.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds it holds.")
    scope: str = Field(description="What it allows, with blanks between.")


class Revoked(Schema):
    """What is told of any token, as the RFC wants it; clients need not read it."""

    revoked: Literal[True]


class OAuthError(Schema):
    """An error as OAuth has it (RFC 6749, section 5.2)."""

    error: str
    error_description: str = Field(description="For people; may change.")


TOKEN_REQUEST: Final[dict[str, object]] = {
    "grant_type": "client_credentials",
    "scope": "videos:read",
    "client_id": "nrc_4f1d2c3b5a60",
    "client_secret": "nrs_Zc4m9dQeJ2vKq8sW5yBfL7hR3aXpN6iV",
}
TOKEN: Final[dict[str, object]] = {
    "access_token": "eyJ0eXAiOiJhdCtqd3QifQ.eyJzdWIiOiJucmNfMSJ9.c2lnbmF0dXJl",
    "token_type": "Bearer",
    "expires_in": LIFE_SECONDS,
    "scope": "videos:read watches:write",
}
REVOCATION_REQUEST: Final[dict[str, object]] = {
    "token": TOKEN["access_token"],
    "client_id": TOKEN_REQUEST["client_id"],
    "client_secret": TOKEN_REQUEST["client_secret"],
}
REVOKED: Final[dict[str, object]] = {"revoked": True}
MISUSE: Final[dict[str, object]] = {
    "error": "invalid_scope",
    "error_description": "this client has videos:read",
}
NO_CLIENT: Final[dict[str, object]] = {
    "error": "invalid_client",
    "error_description": "there is no such client, or that is not its secret",
}
SLOW_DOWN: Final[dict[str, object]] = {
    "error": "slow_down",
    "error_description": "too much was asked for: try again in 12 s",
}
