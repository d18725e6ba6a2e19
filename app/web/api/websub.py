"""GET and POST /websub/{token}: what YouTube's hub says to us.

Open to everybody, as a hub has no account; the address is unguessable, and a push is signed.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.auth.scopes import Scope
from app.domain.errors import NotFoundError
from app.web.api.openapi import responses
from app.web.errors import ErrorObject
from app.web.limits import costs
from app.web.request_limits import MAX_BODY_BYTES
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from app.web.api.openapi import ResponseDoc, ResponseDocs

websub = APIBlueprint("websub", __name__, tag="WebSub")

LONGEST_CHALLENGE = 1_000
_MOST_DIGITS = 9
_NOT_ASKED = {HTTPStatus.NOT_FOUND: ErrorObject("not_found", "nobody here asked for this")}
_TEXT = "text/plain; charset=utf-8"


def _described(what: str, example: str, *errors: HTTPStatus) -> ResponseDocs:
    described = responses(*errors, headers=("Cache-Control",), examples=_NOT_ASKED)
    text: ResponseDoc = {
        **described[HTTPStatus.OK],
        "description": what,
        "content": {_TEXT: {"schema": {"type": "string"}, "example": example}},
    }
    return {**described, HTTPStatus.OK.value: text}


@websub.get("/websub/<token>")
@scope(Scope.PUBLIC)
@costs(0.2)  # the hub comes for many channels from few addresses
@websub.doc(
    operation_id="confirm_subscription",
    responses=_described(
        "The challenge.", "4817294561", HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
def confirm(token: str) -> Response:
    """Confirm to the hub what it was asked for.

    `hub.mode`, `hub.topic`, `hub.challenge` and `hub.lease_seconds` are as the WebSub
    specification has them. Anything that was not asked for is not found.
    """
    asked = {name: request.args.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge")}
    if asked["mode"] == "denied":
        services().pushes.deny(token, asked["topic"])
        return _said("")
    if not 1 <= len(asked["challenge"]) <= LONGEST_CHALLENGE:
        raise NotFoundError("a confirmation has a challenge")
    services().pushes.confirm(token, asked["mode"], asked["topic"], _lease_seconds())
    return _said(asked["challenge"])


@websub.post("/websub/<token>")
@scope(Scope.PUBLIC)
@costs(0.2)
@websub.doc(
    operation_id="receive_push",
    responses=_described(
        "Taken, or ignored: a push with a wrong signature is answered like any other.",
        "ok",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
def receive(token: str) -> Response:
    """Take a push from the hub: the videos it names are asked about at the next tick."""
    body = request.get_data()
    if len(body) >= MAX_BODY_BYTES:  # cut off where its length was not given
        raise RequestEntityTooLarge
    services().pushes.receive(token, body, request.headers.get("X-Hub-Signature", ""))
    return _said("ok")


def _lease_seconds() -> int:
    digits = request.args.get("hub.lease_seconds", "0")
    return int(digits[:_MOST_DIGITS]) if digits.isascii() and digits.isdigit() else 0


def _said(text: str) -> Response:
    response = Response(text, content_type=_TEXT)
    response.headers["Cache-Control"] = "no-store"
    return response
