"""Checks a body against the discovery document that google-api-python-client brings along."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import googleapiclient.discovery_cache

Json = dict[str, object]

DOCUMENT = Path(googleapiclient.discovery_cache.__path__[0]) / "documents" / "youtube.v3.json"
# Fields that real answers have and the document does not.
KNOWN_EXTRAS = {
    ("SearchResultSnippet", "publishTime"): "recorded since 2020, equal to publishedAt",
    ("ChannelContentDetails.relatedPlaylists", "likes"): "recorded, empty without a user",
}
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
LARGEST = {"int32": 2**31, "uint32": 2**32}


def load_schemas() -> dict[str, Json]:
    schemas: dict[str, Json] = json.loads(DOCUMENT.read_bytes())["schemas"]
    return schemas


class Schemas:
    """The document's schemas; `faults` lists what in a value does not fit one of them."""

    def __init__(self) -> None:
        self._schemas = load_schemas()

    def faults(self, name: str, value: object) -> list[str]:
        return list(self._object(name, self._schemas[name], value))

    def _object(self, path: str, schema: Json, value: object) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        properties = schema.get("properties", {})
        assert isinstance(properties, dict)
        for field, content in value.items():
            if field in properties:
                yield from self._value(f"{path}.{field}", properties[field], content)
            elif (path.rpartition(":")[2], field) not in KNOWN_EXTRAS:
                yield f"{path}: unknown field {field}"

    def _value(self, path: str, schema: Json, value: object) -> Iterator[str]:
        if "$ref" in schema:
            name = str(schema["$ref"])
            yield from self._object(f"{path}:{name}", self._schemas[name], value)
        elif type(value) is not TYPES[str(schema["type"])]:
            yield f"{path}: {value!r} is no {schema['type']}"
        elif isinstance(value, dict):
            yield from self._object(path, schema, value)
        elif isinstance(value, list):
            items = schema["items"]
            assert isinstance(items, dict)
            for number, item in enumerate(value):
                yield from self._value(f"{path}[{number}]", items, item)
        else:
            yield from _scalar(path, schema, value)


def _scalar(path: str, schema: Json, value: object) -> Iterator[str]:
    form = str(schema.get("format", ""))
    if form == "date-time":
        if not str(value).endswith("Z") or datetime.fromisoformat(str(value)).tzinfo is None:
            yield f"{path}: {value!r} is no time"
    elif form == "uint64":
        if not str(value).isdecimal():
            yield f"{path}: {value!r} is no count"
    elif form in LARGEST and not 0 <= int(str(value)) < LARGEST[form]:
        yield f"{path}: {value!r} is out of range"
    if "enum" in schema and value not in schema["enum"]:  # type: ignore[operator]  # a list in JSON
        yield f"{path}: {value!r} is not in {schema['enum']}"
