"""docs/errors.md tells of every code that a client can be answered with, and of no other."""

import ast
import json
import re
from collections.abc import Iterator, Mapping

from app.domain.errors import AccessRefusedError, InvalidTokenError, NewsreelError
from app.web import errors
from app.web.factory import create_app
from tests.architecture.source_tree import PROJECT, source_files
from tests.unit.web.fakes import MemoryFeed, MemoryServices

TEXT = (PROJECT / "docs" / "errors.md").read_text(encoding="utf-8")

BASES = {"conflict", "source_error", "access_denied"}  # errors raised are of a kind below
AT_THE_TERMINAL = {"duplicate_client"}  # raised by commands alone
ROWS_FOR_MANY = {"invalid_<name>", "http_<status>"}

Schema = Mapping[str, object]


def test_every_code_of_an_answer_is_explained() -> None:
    told = set(re.findall(r"^\| `([a-z_<>]+)` \|", TEXT, flags=re.MULTILINE))
    of_domain = {kind.code for kind in _answered()}
    named = {f"invalid_{name}" for name in _parameters_and_members()}
    answered = {*of_domain, *_of_keys(), *_of_error_objects(), *errors.CODE_OF_RULE.values()}
    answered |= {error["code"] for error in _of_nginx().values()}
    # `invalid_token` is also what a bearer is told, so it has a row of its own.
    assert told == answered - (named - {InvalidTokenError.code}) | ROWS_FOR_MANY


def test_a_code_stands_with_the_status_it_is_answered_with() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| ([0-9, ]+) \|", TEXT, flags=re.MULTILINE)
    told = {(code, status) for code, statuses in rows for status in statuses.split(", ")}
    for kind in _answered():
        status = next((status for of, status, _ in errors.REPLIES if issubclass(kind, of)), None)
        assert status is None or (kind.code, str(status.value)) in told
    assert {(error.code, str(it.value)) for it, error in errors.ERROR_OF_STATUS.items()} <= told


def test_nginx_says_what_the_service_would_say() -> None:
    ours = {str(it.value): error.as_json(it) for it, error in errors.ERROR_OF_STATUS.items()}
    for status, error in _of_nginx().items():
        if status == "default":
            assert ("unavailable", "503") in re.findall(
                r"^\| `(\w+)` \| (\d+) \|", TEXT, re.MULTILINE
            )
        else:
            assert {"status": status, **error} == ours[status]


def test_every_name_that_can_be_invalid_is_listed() -> None:
    _, _, listed = TEXT.partition("`invalid_<name>` is one of:\n")
    names = set(re.findall(r"`(\w+)`", listed.partition("\n\n")[0]))
    assert names == _parameters_and_members()


def _of_nginx() -> dict[str, dict[str, str]]:
    """Return nginx's own errors by status."""
    conf = (PROJECT / "deploy/nginx/newsreel-http.conf").read_text(encoding="utf-8")
    rows = re.findall(r"^ +(default|[0-9]{3}) '(\"code\": .*)';$", conf, flags=re.MULTILINE)
    return {status: json.loads(f"{{{members}}}") for status, members in rows}


def _answered() -> set[type[NewsreelError]]:
    """Return the errors that the web layer has an answer for, and OAuth's."""
    answered = (*(kind for kind, _, _ in errors.REPLIES), AccessRefusedError)
    left_out = BASES | AT_THE_TERMINAL | {NewsreelError.code}
    found = {kind for kind in _below(NewsreelError) if issubclass(kind, answered)}
    return {kind for kind in found if kind.code not in left_out}


def _below(kind: type[NewsreelError]) -> Iterator[type[NewsreelError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _of_keys() -> set[str]:
    """Why there is no usable key: each has a code of its own."""
    found = set(_first_arguments("NoUsableKeyError"))
    assert "SPENT" in found
    return found - {"SPENT"} | {"on_demand_spent"}


def _of_error_objects() -> set[str]:
    return {code for code in _first_arguments("ErrorObject") if code.islower()} - {"code"}


def _first_arguments(name: str) -> Iterator[str]:
    """Yield the first argument of every call, as it stands there: a text, or a name."""
    for file in source_files("app"):
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == name and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)
                elif isinstance(first, ast.Name):
                    yield first.id


def _parameters_and_members() -> set[str]:
    document = (
        create_app(MemoryServices(MemoryFeed())).test_client().get("/openapi.json").get_json()
    )
    operations = [it for path in document["paths"].values() for it in path.values()]
    queries = {
        each["name"]
        for operation in operations
        for each in operation["parameters"]
        if each["in"] == "query" and "." not in each["name"]
    }
    bodies = [
        media["schema"]["$ref"].rpartition("/")[2]
        for operation in operations
        for kind, media in operation.get("requestBody", {"content": {}})["content"].items()
        if kind == "application/json"
    ]
    members = {
        name for body in bodies for name in _members(document["components"]["schemas"][body])
    }
    return queries | members


def _members(schema: Schema) -> Iterator[str]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name, below in properties.items():
            yield name
            yield from _members(below)
