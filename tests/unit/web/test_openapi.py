from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.auth.scopes import GRANTABLE, Scope
from app.web.api import (
    examples,
)
from app.web.factory import document_of
from app.web.scopes import declared_scope
from tests.processes import PROJECT
from tests.unit.web.documented import Json, problems, resolved

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask import Flask
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices


@pytest.fixture
def document(client: FlaskClient) -> Json:
    response = client.get("/openapi.json")
    assert response.content_type == "application/json"
    found: Json = response.get_json()
    return found


def named(schema: str) -> Json:
    return {"$ref": f"#/components/schemas/{schema}"}


def operations(document: Json) -> list[Json]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_the_document_is_valid_openapi_3_1(document: Json) -> None:
    assert str(document["openapi"]).startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_the_committed_copy_is_what_is_served(document: Json, app: APIFlask) -> None:
    committed = (PROJECT / "docs" / "openapi.json").read_text(encoding="utf-8")
    assert json.loads(committed) == document, "run `make openapi`"
    assert committed == document_of(app)


def test_every_api_route_is_described_and_nothing_else(document: Json, app: Flask) -> None:
    hidden = {
        "/",
        "/docs",
        "/openapi.json",
        "/favicon.ico",
        "/assets/{digest}/{name}",
        "/login",
        "/logout",
    }
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)) for rule in app.url_map.iter_rules()}
    hidden |= {route for route in routes if route.startswith("/dashboard/")}
    assert set(document["paths"]) == routes - hidden


def test_every_parameter_is_explained(document: Json) -> None:
    parameters = document["paths"]["/videos"]["get"]["parameters"]
    assert {parameter["name"] for parameter in parameters} == {
        "If-None-Match",
        *("page", "limit", "per_page", "page_size", "cursor"),
        *("watch", "keyword", "channel_id", "q"),
        *("published_after", "published_before", "min_duration", "max_duration", "live", "sort"),
    }
    for operation in operations(document):
        for parameter in operation["parameters"]:
            assert parameter["description"]
            assert parameter["schema"]["type"] in ("integer", "string")


def test_feeds_take_what_chooses_a_feed_and_a_limit(document: Json) -> None:
    for path in ("/feed.atom", "/feed.json"):
        parameters = {
            it["name"]: it["schema"] for it in document["paths"][path]["get"]["parameters"]
        }
        assert set(parameters) == {
            *("limit", "per_page", "page_size", "If-None-Match"),
            *("watch", "keyword", "channel_id", "token"),
        }
        assert "default" not in parameters["limit"]


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.json"])
def test_a_feed_is_documented_as_it_is_sent(document: Json, client: FlaskClient, path: str) -> None:
    response = client.get(path)
    documented = document["paths"][path]["get"]["responses"]["200"]
    assert list(documented["content"]) == [response.content_type]
    assert set(documented["headers"]) - set(response.headers.keys()) == {
        "Age",
        "X-Demo",
        "RateLimit",
        "RateLimit-Policy",
    }


def test_limits_and_defaults_stand_in_the_document(document: Json) -> None:
    parameters = document["paths"]["/videos"]["get"]["parameters"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters}
    assert schemas["limit"] == {"type": "integer", "minimum": 1, "maximum": 100}
    told = {parameter["name"]: parameter["description"] for parameter in parameters}
    assert told["limit"] == "Items on a page. Without it: 10."
    assert schemas["page"]["maximum"] == 1_000_000
    assert schemas["published_after"] == {"type": "string", "format": "date-time"}
    assert schemas["live"]["enum"] == ["none", "upcoming", "live", "completed"]
    assert schemas["sort"] == {"type": "string", "enum": ["newest", "oldest"], "default": "newest"}
    assert schemas["per_page"] == {"type": "integer", "minimum": 1, "maximum": 100}


def test_every_operation_describes_its_answers(document: Json) -> None:
    for operation in operations(document):
        assert operation["operationId"]
        assert "500" in operation["responses"]
        assert {"200", "201", "202", "204"} & set(operation["responses"])
        for status, response in zip(
            operation["responses"], map(resolved, operation["responses"].values()), strict=True
        ):
            assert response["description"]
            assert status in ("204", "304") or all(
                media["example"] for media in response["content"].values()
            )


def test_every_header_of_a_page_is_described(document: Json, client: FlaskClient) -> None:
    described = set(document["paths"]["/videos"]["get"]["responses"]["200"]["headers"])
    sent = set(client.get("/videos").headers.keys())
    everywhere = {
        *("Content-Type", "Content-Length", "Content-Security-Policy"),
        *("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy"),
    }
    assert described - sent == {"Age", "X-Demo", "RateLimit", "RateLimit-Policy"}
    assert sent - described == everywhere


def test_examples_obey_their_schemas(document: Json) -> None:
    for operation in operations(document):
        answers = map(resolved, operation["responses"].values())
        taken = operation.get("requestBody", {})
        shown = [
            (media["schema"], media["example"])
            for described in (taken, *answers)
            for media in described.get("content", {}).values()
        ]
        shown += [
            (it["schema"], it["example"]) for it in operation["parameters"] if "example" in it
        ]
        assert [problems(*each) for each in shown] == [[]] * len(shown)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/videos", "VideoList"),
        ("/videos?page=9", "VideoList"),
        ("/videos/vid00000099", "Item"),
        ("/channels/UCa1B2c3D4e5F6g7H8i9J0kL/videos", "ChannelVideoList"),
        ("/channels/dQw4w9WgXcQ/videos", "ErrorDocument"),
        ("/feed.json", "JsonFeed"),
        ("/feed.json?watch=1&limit=1", "JsonFeed"),
        ("/changes", "Changes"),
        ("/fetches", "FetchList"),
        ("/audit", "AuditList"),
        ("/coverage", "CoverageList"),
        ("/quota", "Quota"),
        ("/watches", "WatchList"),
        ("/watches/1", "WatchDetails"),
        ("/watches/1/videos?limit=3", "VideoList"),
        ("/webhooks", "WebhookList"),
        ("/webhooks?page=2", "WebhookList"),
        ("/webhooks/1", "Webhook"),
        ("/webhooks/1/deliveries", "DeliveryList"),
        ("/webhooks/2", "ErrorDocument"),
        ("/stats", "Stats"),
        ("/stats?watch=1&by=day", "Stats"),
        ("/watches/2", "ErrorDocument"),
        ("/health", "Health"),
        ("/ready", "Readiness"),
        ("/videos?page=x", "ErrorDocument"),
        ("/videos/nope", "ErrorDocument"),
    ],
)
def test_answers_obey_the_document(client: FlaskClient, path: str, schema: str) -> None:
    assert problems(named(schema), client.get(path).get_json()) == []


def test_what_a_plan_takes_and_answers_obeys_the_document(
    document: Json, client: FlaskClient
) -> None:
    operation = document["paths"]["/plan"]["post"]
    content = operation["requestBody"]["content"]["application/json"]
    assert content["example"] == examples.PLAN_REQUEST
    assert content["schema"] == {"$ref": "#/components/schemas/PlanRequest"}
    assert {"400", "403", "413", "415", "503"} <= set(operation["responses"])
    answer = client.post("/plan", json=content["example"]).get_json()
    assert problems(named("Plan"), answer) == []
    refused = client.post("/plan", json={"keyword": 5}).get_json()
    assert problems(named("ErrorDocument"), refused) == []
    for wrong in (
        {},
        {"keyword": 5},
        {"keyword": "a", "videos_per_day": 0},
        {"keyword": "a", "x": 1},
    ):
        assert problems(named("PlanRequest"), wrong)


def test_an_item_has_every_field_of_the_contract_and_no_other() -> None:
    assert problems(named("Item"), {**examples.VIDEO, "extra": 1})
    for name in examples.VIDEO:
        assert problems(named("Item"), {k: v for k, v in examples.VIDEO.items() if k != name})


def test_errors_are_documented_as_they_are_sent(
    document: Json, client: FlaskClient, services: MemoryServices
) -> None:
    services.feed.broken = RuntimeError()
    response = client.get("/videos")
    documented = resolved(document["paths"]["/videos"]["get"]["responses"]["500"])
    assert list(documented["content"]) == [response.content_type]
    assert problems(named("ErrorDocument"), response.get_json()) == []
    assert documented["description"] == HTTPStatus.INTERNAL_SERVER_ERROR.phrase


def test_no_schema_is_there_twice(document: Json) -> None:
    assert not [name for name in document["components"]["schemas"] if "." in name]


def test_paths_hold_below_any_prefix(document: Json) -> None:
    assert document["servers"] == [{"url": "."}]


def test_every_operation_names_the_scope_that_its_route_asks_for(
    document: Json, app: Flask
) -> None:
    assert {"oauth2"} == set(document["components"]["securitySchemes"])
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule))
        needed = declared_scope(app.view_functions[rule.endpoint])
        for method, operation in document["paths"].get(path, {}).items():
            if method.upper() not in (rule.methods or ()):
                continue
            named = [it["oauth2"] for it in operation.get("security", []) if it]
            assert named == ([] if needed is Scope.PUBLIC else [[needed]])
            assert ("401" in operation["responses"]) == (bool(named) or "/oauth/" in path)


def test_reading_needs_no_token_unless_the_operator_wants_one(document: Json) -> None:
    assert {} in document["paths"]["/videos"]["get"]["security"]
    assert {} not in document["paths"]["/quota"]["get"]["security"]


def test_authorize_in_docs_finds_the_token_below_any_prefix(document: Json) -> None:
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "oauth/token"  # /docs and this document stand beside it
    assert set(flow["scopes"]) == {scope.value for scope in GRANTABLE}
    form = document["paths"]["/oauth/token"]["post"]["requestBody"]["content"]
    assert list(form) == ["application/x-www-form-urlencoded"]
