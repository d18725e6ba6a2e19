"""The OpenAPI document: what APIFlask generates from the routes, with its rough edges smoothed.

The routes say everything themselves (parameters, bodies, examples, headers, errors); this module
corrects the generated document and adds what holds for all of them. It decides nothing.
"""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import orjson

from app.web.api.openapi import SCHEMAS, described_error, described_headers
from app.web.api.openapi_texts import (
    ERRORS_EVERYWHERE,
    EXCLUDED_BY_OTHERS,
    FIGURES_OF_LIMITS,
    HEADERS,
    HEADERS_EVERYWHERE,
    IF_NONE_MATCH,
    MAKERS,
    OTHER_PARAMETERS,
    PATH_PARAMETERS,
    PUSH,
)
from app.web.api.schemas import ErrorDocument

if TYPE_CHECKING:
    from app.web.api.openapi import ApiDoc, OperationDoc, ParameterDoc, ResponseDoc
    from app.web.api.openapi_texts import JsonObject


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
    is_limited = str(HTTPStatus.TOO_MANY_REQUESTS.value) in operation["responses"]
    figures = FIGURES_OF_LIMITS if is_limited else ()
    for response in operation["responses"].values():
        known = cast("dict[str, JsonObject]", response.get("headers", {}))
        response["headers"] = {**known, **described_headers(*HEADERS_EVERYWHERE, *figures)}


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
        name = cast("str", media["schema"]["$ref"]).removeprefix(SCHEMAS)
        properties = document["components"]["schemas"][name]["properties"]
        for member in cast("dict[str, JsonObject]", properties).values():
            member.pop("default", None)


def _with_plain_names(document: ApiDoc) -> ApiDoc:
    """Rename nested models, which come out as `Parent.Child`, once per parent, to `Child`."""
    text = orjson.dumps(document).decode()
    for name in document["components"]["schemas"]:
        text = text.replace(f'"{SCHEMAS}{name}"', f'"{SCHEMAS}{_plain(name)}"')
    renamed: ApiDoc = orjson.loads(text)
    schemas = renamed["components"]["schemas"]
    renamed["components"]["schemas"] = {_plain(name): it for name, it in schemas.items()}
    return renamed


def _plain(name: str) -> str:
    return name.rpartition(".")[2]


def _schemas_of_errors() -> dict[str, JsonObject]:
    whole = ErrorDocument.model_json_schema(ref_template=SCHEMAS + "{model}")
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
