"""Who is limited by what, what is told of it, and what each request costs."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import pytest

from app.auth.scopes import Scope
from app.cache.redis import connect
from app.cache.redis_buckets import RedisBuckets
from app.domain.feeds import CacheState
from app.limits.limiter import ALL_CREDENTIALS_PER_MINUTE, CREDENTIALS_PER_MINUTE, Limiter
from app.limits.memory import MemoryBuckets
from app.web.factory import create_app
from app.web.headers import API_POLICY
from app.web.limits import declared_cost, with_parameters
from app.web.ready_replies import glance
from app.web.request_limits import MAX_BODY_BYTES
from tests.architecture.source_tree import PROJECT
from tests.processes import free_port
from tests.unit.web.fakes import MemoryServices
from tests.unit.web.test_ready_replies import parsed

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from app.web.read_layer import ReadLayer


STRANGER = "203.0.113.7"
FIGURES = re.compile(r'"(?P<name>[a-z-]+)";r=(?P<left>\d+);t=(?P<until>\d+)')
DOCUMENT = PROJECT / "docs" / "limits.md"
BRACES = str.maketrans("{}", "<>")


def limited(services: MemoryServices, per_address: int = 5) -> FlaskClient:
    """A service where an address has 5 units and a client 8, and no time passes."""
    stopped = MemoryBuckets(clock=lambda: 0)
    services.limiter = Limiter(per_address=per_address, per_client=8, local=stopped)
    return create_app(services, trusts_this_machine=True).test_client()


def ask(
    client: FlaskClient,
    path: str = "/watches",
    address: str = STRANGER,
    method: str = "GET",
    **headers: str,
) -> TestResponse:
    return client.open(
        path,
        method=method,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        environ_overrides={"REMOTE_ADDR": address},
        buffered=True,
    )


def let_through(client: FlaskClient, address: str = STRANGER, **headers: str) -> int:
    replies = [ask(client, address=address, **headers) for _ in range(20)]
    return sum(reply.status_code != HTTPStatus.TOO_MANY_REQUESTS for reply in replies)


def test_an_address_that_asks_too_much_is_told_when_to_come_back(
    services: MemoryServices,
) -> None:
    client = limited(services)
    assert let_through(client) == 5
    refused = ask(client)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "12")
    assert refused.content_type == "application/vnd.api+json"
    [error] = refused.get_json(force=True)["errors"]
    assert (error["code"], error["status"]) == ("rate_limited", "429")
    assert refused.headers["Cache-Control"] == "no-store"
    assert refused.headers["RateLimit"] == '"address";r=0;t=12'
    assert let_through(client, "203.0.113.8") == 5, "another address has its own"


def test_every_reply_of_ones_own_tells_what_is_left(services: MemoryServices) -> None:
    client = limited(services)
    for left in (4, 3, 2):
        reply = ask(client)
        assert reply.headers["RateLimit-Policy"] == '"address";q=5;w=60'
        told = FIGURES.fullmatch(reply.headers["RateLimit"])
        assert told is not None
        assert (told["name"], int(told["left"])) == ("address", left)
    assert FIGURES.fullmatch(ask(client, "/nothing").headers["RateLimit"]), "errors tell it, too"


@pytest.mark.parametrize(("path", "state"), [("/videos", "HIT"), ("/videos", "MISS")])
def test_what_a_shared_cache_may_keep_tells_nobodys_figures(
    services: MemoryServices, path: str, state: str
) -> None:
    services.feed.cache = CacheState[state]
    reply = ask(limited(services), path)
    assert (reply.status_code, reply.headers["Cache-Control"][:6]) == (200, "public")
    assert "RateLimit" not in reply.headers


def test_a_page_that_is_kept_for_all_readers_tells_nobodys_figures(
    services: MemoryServices,
) -> None:
    services.access.reads_are_open = False
    services.access.allowed = {"t": frozenset({Scope.VIDEOS_READ})}
    client = limited(services)
    hit, ready = (ask(client, "/videos", Authorization="Bearer t") for _ in range(2))
    assert hit.headers["Cache-Control"] == ready.headers["Cache-Control"]
    assert ready.headers["Cache-Control"].startswith("private")
    assert "RateLimit" not in hit.headers
    assert "RateLimit" not in ready.headers
    services.feed.cache = CacheState.MISS
    own = ask(client, "/videos?page=2", Authorization="Bearer t")
    assert own.headers["RateLimit-Policy"].startswith('"client"')


def test_a_token_has_its_clients_bucket_wherever_it_comes_from(services: MemoryServices) -> None:
    services.access.allowed = {"t": frozenset({Scope.VIDEOS_READ})}
    client = limited(services)
    assert let_through(client, Authorization="Bearer t") == 8
    assert let_through(client, "203.0.113.9", Authorization="Bearer t") == 0
    assert let_through(client) == 5, "what the client has asked for is not its address's"
    assert let_through(client, Authorization="Bearer of-nobody") == 0, "a bad token counts as none"


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7:4711", "203.0.113.7", True),
        ("[2001:db8:1:2::1]:4711", "2001:db8:1:2::9", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "garbage", True),
    ],
)
def test_a_host_with_many_addresses_has_one_bucket(
    services: MemoryServices, one: str, other: str, *, is_shared: bool
) -> None:
    client = limited(services)
    assert let_through(client, one) == 5
    assert let_through(client, other) == (0 if is_shared else 5)


def test_this_machine_is_not_limited_but_what_a_proxy_hands_on_is(
    services: MemoryServices,
) -> None:
    client = limited(services)
    assert let_through(client, "127.0.0.1") == 20
    assert let_through(client, "127.0.0.1", X_Forwarded_For="127.0.0.1") == 5
    ready = [ask(client, "/videos", "127.0.0.1").status_code for _ in range(1000)]
    assert set(ready) == {200}


def test_probes_cost_nothing(services: MemoryServices) -> None:
    client = limited(services)
    let_through(client)
    for path in ("/health", "/ready"):
        reply = ask(client, path)
        assert (reply.status_code, "RateLimit" in reply.headers) == (200, False)


def test_what_is_not_there_costs_as_much_as_what_is(services: MemoryServices) -> None:
    client = limited(services)
    statuses = [ask(client, f"/nothing/{number}").status_code for number in range(6)]
    assert statuses == [404] * 5 + [429]


def test_ready_pages_are_cheap_and_not_free(services: MemoryServices) -> None:
    client = limited(services, per_address=1)
    statuses = [ask(client, "/videos").status_code for _ in range(400)]
    assert 250 <= statuses.count(200) < 300, "one was made, 250 a unit are ready"
    assert set(statuses[300:]) == {429}
    refused = ask(client, "/videos")
    assert refused.headers["Retry-After"] == "1"
    assert refused.get_json(force=True)["errors"][0]["code"] == "rate_limited"
    assert refused.headers["Content-Security-Policy"] == API_POLICY
    head = ask(client, "/videos", method="HEAD")
    assert (head.status_code, head.data) == (429, b"")
    assert ask(client, "/videos", "203.0.113.8").status_code == 200


def test_a_foreign_page_has_no_more_of_this_machine_than_a_stranger(
    services: MemoryServices,
) -> None:
    client = limited(services)
    foreign = {"Sec_Fetch_Site": "cross-site"}
    replies = [ask(client, address="127.0.0.1", **foreign).status_code for _ in range(8)]
    assert replies == [200] * 5 + [429] * 3
    assert ask(client, address="127.0.0.1", Sec_Fetch_Site="same-origin").status_code == 200
    assert ask(client, address="127.0.0.1").status_code == 200


def test_in_the_loop_a_flood_of_ready_pages_is_refused_by_its_connections_address(
    services: MemoryServices,
) -> None:
    app = limited(services, per_address=1).application
    layer = cast("ReadLayer", app.wsgi_app)
    ask(app.test_client(), "/videos")

    def statuses(sent: str) -> list[str]:
        environ = glance(parsed(sent))
        assert environ is not None
        answers = [layer.ready(environ) for _ in range(500)]
        return [answer.status[:3] for answer in answers if answer]

    plain = "GET /videos HTTP/1.1\r\nHost: localhost\r\n{}\r\n"
    forged = plain.format("X-Forwarded-For: 198.51.100.1\r\n")
    assert 200 < statuses(forged).count("429") <= 250, "250 are a unit"
    assert "429" not in statuses(plain.format("")), "this machine is not limited"


@pytest.mark.parametrize(
    ("query", "times"),
    [
        ({}, 1),
        ({"page": "1", "limit": "100"}, 1),
        ({"page": "2"}, 3),
        ({"cursor": "x"}, 3),
        ({"q": "boats"}, 10),
        ({"live": "live"}, 10),
        ({"live": "", "q": ""}, 1),
        ({"add": "boats"}, 10),
        ({"q": "boats", "cursor": "x"}, 10),
        ({"q": "boats", "page": "9"}, 30),
    ],
)
def test_a_search_and_a_page_further_down_cost_more(query: dict[str, str], times: float) -> None:
    assert with_parameters(2, query) == 2 * times


def test_a_costly_request_takes_more(services: MemoryServices) -> None:
    client = limited(services, per_address=100)
    left = [ask(client, path).headers for path in ("/stats", "/watches?page=2", "/watches?%71=x")]
    told = [FIGURES.fullmatch(headers["RateLimit"]) for headers in left]
    assert [int(it["left"]) for it in told if it] == [97, 94, 84]


def test_what_is_too_large_is_counted_as_well(services: MemoryServices) -> None:
    client = limited(services, per_address=1)
    sent = {"data": b"x" * (MAX_BODY_BYTES + 1), "environ_overrides": {"REMOTE_ADDR": STRANGER}}
    assert [client.post("/plan", **sent).status_code for _ in range(2)] == [413, 429]


def test_secrets_are_guarded_in_the_form_that_oauth_has(services: MemoryServices) -> None:
    client = limited(services, per_address=0)
    for path in ("/oauth/token", "/oauth/revoke"):
        for _ in range(CREDENTIALS_PER_MINUTE // 2):
            assert ask(client, path, method="POST").status_code in (400, 401)
    refused = ask(client, "/oauth/token", method="POST")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert refused.get_json()["error"] == "slow_down"
    assert refused.headers["RateLimit-Policy"] == '"credentials";q=60;w=60'
    assert ask(client, "/watches").status_code == 200


def test_a_flood_from_many_networks_keeps_nobody_from_a_token_or_the_login(
    services: MemoryServices,
) -> None:
    client = limited(services, per_address=0)
    stranger = {"REMOTE_ADDR": "203.0.113.7"}
    for number in range(ALL_CREDENTIALS_PER_MINUTE + 1):
        flood = {"REMOTE_ADDR": f"2001:db8:0:{number % 250:x}::1"}
        client.post("/oauth/token", environ_overrides=flood)
    for path, status in (("/oauth/token", 401), ("/login", 403)):
        assert client.post(path, environ_overrides=stranger).status_code == status


def test_without_redis_reads_are_answered_and_secrets_are_not_tried(
    services: MemoryServices,
) -> None:
    away = RedisBuckets(connect(f"redis://127.0.0.1:{free_port()}/0"))
    services.limiter = Limiter(away, per_address=5, per_client=5)
    client = create_app(services).test_client()
    for path in ("/oauth/token", "/oauth/revoke"):
        closed = ask(client, path, method="POST")
        assert (closed.status_code, closed.headers["Retry-After"]) == (503, "5")
        assert closed.get_json(force=True)["errors"][0]["code"] == "limiter_unavailable"
    assert let_through(client) == 5


def test_the_documents_table_has_every_route_that_does_not_cost_one() -> None:
    app = create_app(MemoryServices())
    marked = {
        (method, rule.rule, f"{declared_cost(app.view_functions[rule.endpoint]):g}")
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if declared_cost(app.view_functions[rule.endpoint]) != 1
    }
    rows = re.findall(r"^\| `([A-Z]+) (/\S*)` \| ([\d.]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert {(method, path.translate(BRACES), cost) for method, path, cost in rows} == marked
