"""The OpenAPI document: what APIFlask generates from the routes, with its rough edges smoothed.

The routes say everything themselves (parameters, bodies, examples, headers, errors); this module
offers them the shared pieces and corrects the generated document. It describes, it decides nothing.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypedDict, cast

import orjson

from app.web.api.schemas import ErrorDocument
from app.web.errors import ERROR_OF_STATUS, MEDIA_TYPE, ErrorObject

if TYPE_CHECKING:
    from collections.abc import Iterator

JsonObject = dict[str, object]
ResponseDoc = dict[str, str | dict[str, JsonObject]]
ResponseDocs = dict[int | str, ResponseDoc]
ParameterDoc = TypedDict("ParameterDoc", {"name": str, "in": str, "schema": JsonObject})


class OperationDoc(TypedDict):
    """A method of a path, as far as it is touched here."""

    parameters: list[ParameterDoc]
    responses: dict[str, ResponseDoc]
    security: list[JsonObject]


class ComponentsDoc(TypedDict):
    """What operations refer to."""

    schemas: dict[str, JsonObject]
    headers: dict[str, JsonObject]
    securitySchemes: dict[str, JsonObject]


class ApiDoc(TypedDict):
    """An OpenAPI document, as far as it is touched here."""

    paths: dict[str, dict[str, OperationDoc]]
    components: ComponentsDoc


_SCHEMAS = "#/components/schemas/"

_HEADERS = {
    "ETag": ("Names these bytes; send it back as If-None-Match.", '"57-8f2c6a1b9d03-identity"'),
    "Cache-Control": ("How long a cache may keep the reply.", "public, max-age=5"),
    "Vary": ("What else the reply depends on.", "Accept-Encoding"),
    "Link": ("The pages around (RFC 8288).", '</videos?limit=10&page=2>; rel="next"'),
    "X-Cache": ("Where the page came from: hit, miss or stale.", "hit"),
    "Age": ("Seconds since a stale page was known to be right; else absent.", "12"),
    "X-Demo": ("1 when the videos are simulated; else absent.", "1"),
    "Location": ("Path of what was made.", "/watches/1"),
    "WWW-Authenticate": ("What to show (RFC 6750).", 'Bearer realm="newsreel"'),
    "Retry-After": ("Seconds to wait before asking again.", "5"),
    "RateLimit": (
        "Units left (r), and seconds until there are more (t).",
        '"address";r=1190;t=1',
    ),
    "RateLimit-Policy": (
        "Units there are (q), and seconds in which they flow back (w).",
        '"address";q=1200;w=60',
    ),
}

_ERRORS = {
    **ERROR_OF_STATUS,
    HTTPStatus.BAD_REQUEST: ErrorObject(
        "invalid_limit", "limit: Input should be less than or equal to 100", "limit"
    ),
    HTTPStatus.NOT_FOUND: ErrorObject("not_found", "There is no such video."),
    HTTPStatus.CONFLICT: ErrorObject(
        "duplicate_watch", "watch 1 is for it already", meta={"watch_id": 1}
    ),
    HTTPStatus.GONE: ErrorObject(
        "changes_forgotten", "deletions after the bookmark are forgotten: start anew at 0"
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: ErrorObject(
        "internal_error", "The service failed; its log tells more under 4f1d.", error_id="4f1d"
    ),
    HTTPStatus.BAD_GATEWAY: ErrorObject(
        "youtube_unavailable", "YouTube did not answer as it should."
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorObject(
        "nothing_to_serve", "Nothing can be read right now."
    ),
}

_PATH_PARAMETERS: dict[str, JsonObject] = {
    "video_id": {"description": "The video's id on YouTube.", "example": "a1B2c3D4e5F"},
    "channel_id": {
        "description": "The channel's id on YouTube: `UC` and 22 more characters.",
        "example": "UCa1B2c3D4e5F6g7H8i9J0kL",
    },
    "watch_id": {
        "description": "The id of the watch.",
        "example": 1,
        "schema": {"type": "integer", "minimum": 1},
    },
    "webhook_id": {
        "description": "The id of the webhook.",
        "example": 1,
        "schema": {"type": "integer", "minimum": 1},
    },
    "token": {
        "description": "The end of an address that the hub was given.",
        "example": "k3JqfX0v3cQm0H8m5sW1pZ7yT2uB9nLd",
    },
}


def responses(
    *errors: HTTPStatus,
    headers: tuple[str, ...],
    cached: bool = False,
    success: HTTPStatus = HTTPStatus.OK,
) -> ResponseDocs:
    """Describe what a route answers.

    Args:
        errors: besides 500, which goes without saying.
        headers: of a good answer.
        cached: whether 304 is an answer.
        success: the status of a good answer.
    """
    described: ResponseDocs = {status.value: _error(status) for status in errors}
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
        for name, (text, example) in _HEADERS.items()
    }
    for operation in _operations(document):
        for parameter in operation["parameters"]:
            _complete(parameter)
        responses = operation["responses"]
        responses["500"] = _error(HTTPStatus.INTERNAL_SERVER_ERROR)
        for response in responses.values():
            known = response.get("headers")
            response["headers"] = {
                **(known if isinstance(known, dict) else {}),
                **described_headers("X-Demo"),
            }
    return cast("JsonObject", document)


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


def _operations(document: ApiDoc) -> Iterator[OperationDoc]:
    for path in document["paths"].values():
        yield from path.values()


def _complete(parameter: ParameterDoc) -> None:
    """Put a parameter's description and example where readers and Swagger UI look for them."""
    about = cast("JsonObject", parameter)
    if parameter["in"] == "path":
        about.update(_PATH_PARAMETERS[parameter["name"]])
    schema = _without_null(parameter["schema"])
    schema.pop("title", None)
    if "description" in schema:
        about["description"] = schema.pop("description")
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


def _error(status: HTTPStatus) -> ResponseDoc:
    retry = ("Retry-After",) if status == HTTPStatus.SERVICE_UNAVAILABLE else ()
    return described_error(status, _ERRORS[status], headers=retry)


def described_error(
    status: HTTPStatus, error: ErrorObject, headers: tuple[str, ...] = ()
) -> ResponseDoc:
    """Describe an answer that is an error, with an example."""
    content: JsonObject = {
        "schema": {"$ref": _SCHEMAS + ErrorDocument.__name__},
        "example": {"errors": [error.as_json(status)]},
    }
    described: ResponseDoc = {"description": status.phrase, "content": {MEDIA_TYPE: content}}
    return {**described, "headers": described_headers(*headers)} if headers else described
