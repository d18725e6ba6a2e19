"""GET /audit: who changed what, for the operator."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from apiflask import APIBlueprint
from pydantic import Field, WithJsonSchema

from app.auth.scopes import Scope
from app.domain.audit import LONGEST_ACTOR, LONGEST_SUBJECT, Action, AuditQuery
from app.domain.clock import format_instant
from app.web.api import audit_schemas as schemas
from app.web.api.openapi import responses
from app.web.log_lists import LogQuery, log_reply
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from flask import Response

    from app.domain.audit import AuditEntry

audit = APIBlueprint("audit", __name__, tag="Audit")

_PATH = "/audit"
_NAME = r"^[\x21-\x7e]+$"


class AuditListQuery(LogQuery):
    """Which entries, and which page of them."""

    actor: Annotated[str, Field(max_length=LONGEST_ACTOR, pattern=_NAME)] | None = Field(
        default=None, description="Only what this one did.", examples=["this-machine"]
    )
    action: (
        Annotated[Action, WithJsonSchema({"type": "string", "enum": [it.value for it in Action]})]
        | None
    ) = Field(default=None, description="Only acts of this kind.")
    subject: Annotated[str, Field(max_length=LONGEST_SUBJECT, pattern=_NAME)] | None = Field(
        default=None, description="Only what was done to this.", examples=["watch:1"]
    )


@audit.get(_PATH)
@scope(Scope.ADMIN)
@audit.input(AuditListQuery, location="query", arg_name="query")
@audit.output(schemas.AuditList, example=schemas.AUDIT_LIST)
@audit.doc(
    operation_id="list_audit",
    responses=responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.SERVICE_UNAVAILABLE,
        headers=("Cache-Control", "Link"),
    ),
)
def list_audit(query: AuditListQuery) -> Response:
    """List what people and programs changed here, newest first.

    An entry is there if, and only if, the change is. Entries are forgotten after AUDIT_DAYS. Pages
    are led through by cursor only.
    """
    page = services().audit_log.page(
        AuditQuery(
            limit=query.page_length,
            cursor=query.place,
            actor=query.actor,
            action=query.action,
            subject=query.subject,
        )
    )
    return log_reply(_PATH, query, page, [_item(entry) for entry in page.lines])


def _item(entry: AuditEntry) -> dict[str, object]:
    return {
        "audit_id": entry.audit_id,
        "at": format_instant(entry.at),
        "actor": entry.actor.name,
        "address": entry.actor.address,
        "action": entry.action,
        "subject": entry.subject,
        "details": entry.details,
    }
