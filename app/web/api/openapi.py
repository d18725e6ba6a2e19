"""The OpenAPI document: what APIFlask generates from the routes, with its rough edges smoothed.

The routes say everything themselves (parameters, bodies, examples, headers, errors); this module
offers them the shared pieces and corrects the generated document. It describes, it decides nothing.
"""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, NotRequired, TypedDict, cast

import orjson

from app.web.api.openapi_texts import (
    ERRORS,
    ERRORS_EVERYWHERE,
    EXCLUDED_BY_OTHERS,
    HEADERS,
    HEADERS_EVERYWHERE,
    HEADERS_OF_ERRORS,
    IF_NONE_MATCH,
    MAKERS,
    OTHER_PARAMETERS,
    PATH_PARAMETERS,
    PUSH,
)
from app.web.api.schemas import ErrorDocument
from app.web.errors import MEDIA_TYPE, ErrorObject

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonObject = dict[str, object]
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


_SCHEMAS = "#/components/schemas/"
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
    content: JsonObject = {"schema": {"$ref": _SCHEMAS + schema}, "example": example}
    return {
        status.value: {
            "description": status.phrase,
            "content": {"application/json": content},
            "headers": described_headers(*headers),
        }
    }


def finish(generated: object) -> JsonObject:
    """Return the generated document, corrected and completed."""
    document = _with_plain_names(cast("ApiDoc", generated))
    document["components"]["schemas"].update(_schemas_of_errors())
    document["components"]["headers"] = {
        name: {"description": text, "schema": {"type": "string"}, "example": example}
        for name, (text, example) in HEADERS.items()
    }
    for path in document["paths"].values():
        for method, operation in path.items():
            _finish(operation)
            if method == "patch":
                _leave_out_defaults(document, operation)
    _link_what_is_made(document)
    _share_errors(document)
    return cast("JsonObject", document)


def _finish(operation: OperationDoc) -> None:
    for parameter in operation["parameters"]:
        _complete(parameter)
    more = OTHER_PARAMETERS.get(operation["operationId"], ())
    if "304" in operation["responses"]:
        more = (*more, IF_NONE_MATCH)
    operation["parameters"] += cast("tuple[ParameterDoc, ...]", more)
    if operation["operationId"] == "receive_push":
        operation["requestBody"] = {"content": cast("dict[str, dict[str, JsonObject]]", PUSH)}
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    for status, error in ERRORS_EVERYWHERE.items():
        described = described_error(status, error)
        operation["responses"].setdefault(str(status.value), described)
    for response in operation["responses"].values():
        known = cast("dict[str, JsonObject]", response.get("headers", {}))
        response["headers"] = {**known, **described_headers(*HEADERS_EVERYWHERE)}


def _link_what_is_made(document: ApiDoc) -> None:
    """Say which operations take the id that another one answers with."""
    operations = {
        operation["operationId"]: (path, operation)
        for path, of_path in document["paths"].items()
        for operation in of_path.values()
    }
    for maker, parameter in MAKERS.items():
        links: dict[str, JsonObject] = {
            name: {
                "operationId": name,
                "parameters": {parameter: f"$response.body#/{parameter}"},
            }
            for name, (path, _) in operations.items()
            if f"{{{parameter}}}" in path
        }
        operations[maker][1]["responses"]["201"]["links"] = links


def _share_errors(document: ApiDoc) -> None:
    """Say the error that most operations answer with a status once, and refer to it."""
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    shared = document["components"]["responses"] = {}
    for status in (it for it in HTTPStatus if it >= HTTPStatus.BAD_REQUEST):
        number, name = str(status.value), status.phrase.title().replace(" ", "")
        told = [it["responses"] for it in operations if number in it["responses"]]
        alike = Counter(_text(it[number]) for it in told)
        if len(told) > len(alike):
            usual = max(alike, key=alike.__getitem__)
            shared[name] = orjson.loads(usual)
            for each in told:
                if _text(each[number]) == usual:
                    each[number] = {"$ref": f"#/components/responses/{name}"}


def _text(response: ResponseDoc) -> bytes:
    return orjson.dumps(response, option=orjson.OPT_SORT_KEYS)


def _leave_out_defaults(document: ApiDoc, operation: OperationDoc) -> None:
    """Make clients send what they were given alone: what a patch leaves out stays as it is."""
    for media in operation["requestBody"]["content"].values():
        name = cast("str", media["schema"]["$ref"]).removeprefix(_SCHEMAS)
        properties = document["components"]["schemas"][name]["properties"]
        for member in cast("dict[str, JsonObject]", properties).values():
            member.pop("default", None)


def _with_plain_names(document: ApiDoc) -> ApiDoc:
    """Rename nested models, which come out as `Parent.Child`, once per parent, to `Child`."""
    text = orjson.dumps(document).decode()
    for name in document["components"]["schemas"]:
        text = text.replace(f'"{_SCHEMAS}{name}"', f'"{_SCHEMAS}{_plain(name)}"')
    renamed: ApiDoc = orjson.loads(text)
    schemas = renamed["components"]["schemas"]
    renamed["components"]["schemas"] = {_plain(name): it for name, it in schemas.items()}
    return renamed


def _plain(name: str) -> str:
    return name.rpartition(".")[2]


def _schemas_of_errors() -> dict[str, JsonObject]:
    whole = ErrorDocument.model_json_schema(ref_template=_SCHEMAS + "{model}")
    nested: dict[str, JsonObject] = whole.pop("$defs")
    return {**nested, ErrorDocument.__name__: whole}


def _complete(parameter: ParameterDoc) -> None:
    """Put a parameter's description and example where readers and Swagger UI look for them."""
    about = cast("JsonObject", parameter)
    if parameter["in"] == "path":
        about.update(PATH_PARAMETERS[parameter["name"]])
    schema = _without_null(parameter["schema"])
    schema.pop("title", None)
    if "description" in schema:
        about["description"] = schema.pop("description")
    if parameter["name"] in EXCLUDED_BY_OTHERS and "default" in schema:
        about["description"] = f"{about['description']} Without it: {schema.pop('default')}."
    examples = schema.pop("examples", None)
    if isinstance(examples, list):
        about["example"] = examples[0]
    about["schema"] = schema


def _without_null(schema: JsonObject) -> JsonObject:
    """Document an optional parameter as one that may be absent: no URL can hold a null."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    kept = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    given: JsonObject = next(choice for choice in choices if choice != {"type": "null"})
    return {**given, **kept}


def described_headers(*names: str) -> dict[str, JsonObject]:
    """Refer to what is said of these headers once for all."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def described_error(
    status: HTTPStatus, error: ErrorObject, headers: tuple[str, ...] = ()
) -> ResponseDoc:
    """Describe an answer that is an error, with an example and more headers than are usual."""
    content: JsonObject = {
        "schema": {"$ref": _SCHEMAS + ErrorDocument.__name__},
        "example": {"errors": [error.as_json(status)]},
    }
    described: ResponseDoc = {"description": status.phrase, "content": {MEDIA_TYPE: content}}
    described["headers"] = described_headers(*headers, *HEADERS_OF_ERRORS.get(status, ()))
    return described
