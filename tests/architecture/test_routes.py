"""Every route says who may call it, and what is open to all is a short, known list."""

from collections.abc import Iterator

from werkzeug.routing import Rule

from app.auth.scopes import Scope
from app.web.factory import create_app
from app.web.scopes import declared_scope
from tests.unit.web.fakes import MemoryFeed, MemoryServices

HUB = "/websub/<token>"  # who knows its token is the hub, and what it posts is signed
OAUTH = {"/oauth/token", "/oauth/revoke"}  # who knows a client's secret is the client
LOGIN = {"/login", "/logout"}  # who knows the password is the operator
HELP = "/dashboard/help"  # it tells nothing of this service
PAGES = {HELP, "/docs", "/openapi.json", "/favicon.ico", "/assets/<digest>/<path:name>"}
OPEN_TO_ALL = {"/health", "/ready", *PAGES, HUB, *OAUTH, *LOGIN}
WRITING = {"POST", "PUT", "PATCH", "DELETE"}


def test_every_route_declares_its_scope() -> None:
    assert [rule.rule for rule, scope in _routes() if scope is None] == []


def test_only_known_routes_ask_for_nothing() -> None:
    assert {rule.rule for rule, scope in _routes() if scope is Scope.PUBLIC} == OPEN_TO_ALL


def test_a_right_to_read_is_no_right_to_write() -> None:
    reading = (Scope.PUBLIC, Scope.VIDEOS_READ)
    writable = {
        rule.rule for rule, scope in _routes() if scope in reading and _methods(rule) & WRITING
    }
    assert writable == {HUB, *OAUTH, *LOGIN}


def _routes() -> Iterator[tuple[Rule, Scope | None]]:
    app = create_app(MemoryServices(MemoryFeed()))
    for rule in app.url_map.iter_rules():
        yield rule, declared_scope(app.view_functions[rule.endpoint])


def _methods(rule: Rule) -> set[str]:
    return set(rule.methods or ())
