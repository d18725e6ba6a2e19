"""What routes say of their answers in the OpenAPI document: the pieces that they share.

It describes, it decides nothing. `document.py` makes the document of it.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NotRequired, TypedDict

from app.web.api.openapi_texts import ERRORS, HEADERS_OF_ERRORS, JsonObject
from app.web.api.schemas import ErrorDocument
from app.web.errors import MEDIA_TYPE, ErrorObject

if TYPE_CHECKING:
    from collections.abc import Mapping

ResponseDoc = dict[str, str | dict[str, JsonObject]]
ResponseDocs = dict[int | str, ResponseDoc]
ParameterDoc = TypedDict("ParameterDoc", {"name": str, "in": str, "schema": JsonObject})


class BodyDoc(TypedDict):
    """What an operation takes, by media type."""

    required: NotRequired[bool]
    content: dict[str, dict[str, JsonObject]]


class OperationDoc(TypedDict):
    """A method of a path, as far as it is touched here."""

    operationId: str
    parameters: list[ParameterDoc]
    responses: dict[str, ResponseDoc]
    security: list[JsonObject]
    requestBody: NotRequired[BodyDoc]


class ComponentsDoc(TypedDict):
    """What operations refer to."""

    schemas: dict[str, JsonObject]
    headers: dict[str, JsonObject]
    responses: dict[str, ResponseDoc]
    securitySchemes: dict[str, JsonObject]


class ApiDoc(TypedDict):
    """An OpenAPI document, as far as it is touched here."""

    paths: dict[str, dict[str, OperationDoc]]
    components: ComponentsDoc


SCHEMAS = "#/components/schemas/"
_NO_EXAMPLES: Mapping[HTTPStatus, ErrorObject] = {}


def responses(
    *errors: HTTPStatus,
    headers: tuple[str, ...],
    cached: bool = False,
    success: HTTPStatus = HTTPStatus.OK,
    examples: Mapping[HTTPStatus, ErrorObject] = _NO_EXAMPLES,
) -> ResponseDocs:
    """Describe what a route answers.

    Args:
        errors: besides those that any route may answer.
        headers: of a good answer.
        cached: whether 304 is an answer.
        success: the status of a good answer.
        examples: of errors, where the usual ones do not fit.
    """
    told = {**ERRORS, **examples}
    described: ResponseDocs = {
        status.value: described_error(status, told[status]) for status in (*errors, *examples)
    }
    described[success.value] = {"headers": described_headers(*headers)}
    if cached:
        described[304] = {
            "description": "What you have is what there is.",
            "headers": described_headers(*headers),
        }
    return described


def also(schema: str, example: object, *headers: str, status: HTTPStatus) -> ResponseDocs:
    """Describe another good answer of a route, whose body is of a schema that is known."""
    content: JsonObject = {"schema": {"$ref": SCHEMAS + schema}, "example": example}
    return {
        status.value: {
            "description": status.phrase,
            "content": {"application/json": content},
            "headers": described_headers(*headers),
        }
    }


def described_headers(*names: str) -> dict[str, JsonObject]:
    """Refer to what is said of these headers once for all."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def described_error(
    status: HTTPStatus, error: ErrorObject, headers: tuple[str, ...] = ()
) -> ResponseDoc:
    """Describe an answer that is an error, with an example and more headers than are usual."""
    content: JsonObject = {
        "schema": {"$ref": SCHEMAS + ErrorDocument.__name__},
        "example": {"errors": [error.as_json(status)]},
    }
    described: ResponseDoc = {"description": status.phrase, "content": {MEDIA_TYPE: content}}
    described["headers"] = described_headers(*headers, *HEADERS_OF_ERRORS.get(status, ()))
    return described
