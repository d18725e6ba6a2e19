"""POST /oauth/token and POST /oauth/revoke: tokens for clients, and back (RFC 6749, RFC 7009).

Errors here have the form that those RFCs give them, which is what OAuth libraries read.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel, ConfigDict, Field

from app.auth.scopes import Scope
from app.domain.errors import AccessRefusedError, InvalidClientError, RateLimitedError
from app.web.api import oauth_schemas
from app.web.api.openapi import described_headers, responses
from app.web.callers import caller_address
from app.web.limits import costs
from app.web.parameters import Query
from app.web.replies import uncached_json
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response
    from pydantic.config import JsonDict

    from app.web.api.openapi import ResponseDocs
    from app.web.api.openapi_texts import JsonObject

oauth = APIBlueprint("oauth", __name__, tag="Access")

_GRANT = "client_credentials"


def _responses() -> ResponseDocs:
    usual = responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.SERVICE_UNAVAILABLE,
        headers=("Cache-Control",),
    )
    query = usual[HTTPStatus.BAD_REQUEST]["content"]
    form = {"application/json": _error(oauth_schemas.MISUSE)}
    return {
        **usual,
        HTTPStatus.BAD_REQUEST.value: {
            "description": "The request is not in order.",
            "content": {**query, **form} if isinstance(query, dict) else form,
        },
        HTTPStatus.UNAUTHORIZED.value: {
            "description": "That is no client of ours.",
            "headers": described_headers("WWW-Authenticate", "Cache-Control"),
            "content": {"application/json": _error(oauth_schemas.NO_CLIENT)},
        },
        HTTPStatus.TOO_MANY_REQUESTS.value: {
            "description": "Too many tries of this address.",
            "headers": described_headers("Retry-After", "Cache-Control"),
            "content": {"application/json": _error(oauth_schemas.SLOW_DOWN)},
        },
    }


def _error(example: dict[str, object]) -> JsonObject:
    named = f"#/components/schemas/{oauth_schemas.OAuthError.__name__}"
    return {"schema": {"$ref": named}, "example": example}


def _required(schema: JsonDict) -> None:
    """Document a parameter as required: the RFC has its own error for one that is missing."""
    schema.pop("default")
    schema["minLength"] = 1


def _form(*required: str) -> JsonDict:
    """Document a form: other members may be there, none of them twice."""
    return {"required": list(required), "additionalProperties": {"type": "string"}}


class _Credentials(BaseModel):
    """What may stand in the body of both; whatever else does is ignored, as the RFC wants it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    client_id: str = Field(default="", description="Unless in the Authorization header (Basic).")
    client_secret: str = Field(default="", description="Likewise.")


class TokenRequest(_Credentials):
    """What a client asks for."""

    model_config = ConfigDict(json_schema_extra=_form("grant_type"))

    grant_type: str = Field(
        default="",
        description=f"Always {_GRANT}.",
        examples=[_GRANT],
        json_schema_extra=_required,
    )
    scope: str = Field(
        default="",
        description="Scopes with blanks between; without it all that the client has.",
        examples=["videos:read"],
    )


class RevocationRequest(_Credentials):
    """Which token is to hold no more."""

    model_config = ConfigDict(json_schema_extra=_form("token"))

    token: str = Field(
        default="", description="An access token of this client.", json_schema_extra=_required
    )


class MisuseError(AccessRefusedError):
    """The request is not as the RFC has it."""

    code = "invalid_request"


class UnknownGrantError(AccessRefusedError):
    """There is one kind of grant here."""

    code = "unsupported_grant_type"


@oauth.post("/oauth/token")
@scope(Scope.PUBLIC)
@costs(1, fails_closed=True)
@oauth.input(Query, location="query", arg_name="query")
@oauth.input(TokenRequest, location="form", arg_name="wanted", example=oauth_schemas.TOKEN_REQUEST)
@oauth.output(oauth_schemas.Token, example=oauth_schemas.TOKEN)
@oauth.doc(operation_id="issue_token", responses=_responses())
def issue(query: Query, wanted: TokenRequest) -> Response:  # noqa: ARG001 - it takes no parameters
    """Give a client an access token (client credentials, RFC 6749).

    The client says who it is by HTTP Basic or in the form. The token holds for 15 minutes; send it
    as `Authorization: Bearer TOKEN`, and ask for the next one when it is over.
    """
    client_id, secret = _credentials(wanted)
    if not wanted.grant_type:
        raise MisuseError("grant_type is missing")
    if wanted.grant_type != _GRANT:
        raise UnknownGrantError(f"grant_type is to be {_GRANT}")
    granted = services().access.grants.issue(client_id, secret, wanted.scope)
    return _uncached(
        {
            "access_token": granted.token,
            "token_type": "Bearer",
            "expires_in": granted.life_seconds,
            "scope": " ".join(sorted(granted.scopes)),
        }
    )


@oauth.post("/oauth/revoke")
@scope(Scope.PUBLIC)
@costs(1, fails_closed=True)
@oauth.input(Query, location="query", arg_name="query")
@oauth.input(
    RevocationRequest, location="form", arg_name="wanted", example=oauth_schemas.REVOCATION_REQUEST
)
@oauth.output(oauth_schemas.Revoked, example=oauth_schemas.REVOKED)
@oauth.doc(operation_id="revoke_token", responses=_responses())
def revoke(query: Query, wanted: RevocationRequest) -> Response:  # noqa: ARG001 - as above
    """Let an access token hold no more, within seconds (RFC 7009).

    The client that it was given to says who it is as for a token. A token that does not hold anyway
    is answered alike.
    """
    client_id, secret = _credentials(wanted)
    if not wanted.token:
        raise MisuseError("token is missing")
    services().access.grants.revoke(client_id, secret, wanted.token, caller_address())
    return _uncached({"revoked": True})


@oauth.errorhandler(AccessRefusedError)
def _on_refusal(error: AccessRefusedError) -> Response:
    is_client = isinstance(error, InvalidClientError)
    status = HTTPStatus.UNAUTHORIZED if is_client else HTTPStatus.BAD_REQUEST
    response = _uncached({"error": error.code, "error_description": str(error)}, status)
    if is_client:
        response.headers["WWW-Authenticate"] = 'Basic realm="newsreel"'
    return response


@oauth.errorhandler(RateLimitedError)
def _on_limit(error: RateLimitedError) -> Response:
    response = _uncached(
        {"error": "slow_down", "error_description": str(error)}, HTTPStatus.TOO_MANY_REQUESTS
    )
    response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _credentials(given: _Credentials) -> tuple[str, str]:
    """Return the client's id and secret, from the one place where they are.

    Raises:
        MisuseError: they are in two places, or something is there twice.
        InvalidClientError: they are nowhere, or cannot be read.
    """
    if any(len(values) > 1 for _, values in request.form.lists()):
        raise MisuseError("a parameter is repeated")
    header = request.headers.get("Authorization")
    if header is None:
        if not given.client_id:
            raise InvalidClientError("the client did not say who it is")
        return given.client_id, given.client_secret
    client_id, secret = _basic(header)
    if given.client_secret or given.client_id not in ("", client_id):
        raise MisuseError("credentials are in the header or in the body, not in both")
    return client_id, secret


def _basic(header: str) -> tuple[str, str]:
    scheme, _, encoded = header.partition(" ")
    try:
        decoded = b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise InvalidClientError("the Authorization header is to be Basic")
    return client_id, secret


def _uncached(body: dict[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    response = uncached_json(body, status)
    response.headers["Pragma"] = "no-cache"  # as RFC 6749 (section 5.1) asks
    return response
