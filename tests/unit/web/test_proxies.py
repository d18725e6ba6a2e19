"""Whose address is believed: forged headers with no, one and two proxies in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.limits.limiter import Limiter
from app.limits.memory import MemoryBuckets
from app.web.factory import create_app
from app.web.proxies import Proxies, bucket_of

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices

CLIENT, PROXY, FORGED = "203.0.113.7", "10.0.0.2", "198.51.100.1"
TABLE = [
    # hops, peer, X-Forwarded-For, who asks
    (0, CLIENT, None, CLIENT),
    (0, CLIENT, FORGED, CLIENT),
    (0, CLIENT, "127.0.0.1", CLIENT),
    (1, PROXY, CLIENT, CLIENT),
    (1, PROXY, f"{FORGED}, {CLIENT}", CLIENT),
    (1, PROXY, f"{FORGED},{FORGED},{CLIENT}", CLIENT),
    (1, PROXY, f" {CLIENT} ", CLIENT),
    (1, PROXY, None, PROXY),
    (1, PROXY, "", PROXY),
    (2, PROXY, f"{CLIENT}, 10.0.0.3", CLIENT),
    (2, PROXY, f"{FORGED}, {CLIENT}, 10.0.0.3", CLIENT),
    (2, PROXY, f"{FORGED}, 127.0.0.1, {CLIENT}, 10.0.0.3", CLIENT),
    (2, PROXY, CLIENT, PROXY),  # it came round one of the two
]


def environ(peer: str, forwarded: str | None) -> dict[str, object]:
    header = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return {"REMOTE_ADDR": peer, **header}


@pytest.mark.parametrize(("hops", "peer", "forwarded", "expected"), TABLE)
def test_the_loop_believes_so_many_proxies_and_no_more(
    hops: int, peer: str, forwarded: str | None, expected: str
) -> None:
    assert Proxies(hops).address(environ(peer, forwarded)) == expected


@pytest.mark.parametrize(("hops", "peer", "forwarded", "expected"), TABLE)
def test_the_application_believes_the_same(
    services: MemoryServices, hops: int, peer: str, forwarded: str | None, expected: str
) -> None:
    stopped = MemoryBuckets(clock=lambda: 0)
    services.limiter = Limiter(per_address=5, per_client=5, local=stopped)
    client = create_app(services, proxy_hops=hops).test_client()
    for _ in range(5):
        client.get("/watches", environ_overrides=environ(peer, forwarded))
    weight = 60_000_000 // 5
    assert stopped.take(f"address:{bucket_of(expected)}", weight, 60_000_000)[0] is False


@pytest.mark.parametrize("hops", [1, 2])
@pytest.mark.parametrize("forged", ["garbage", '"', '"a', "1.2.3.4:80", "x" * 5000, "::1%1 ,\x01"])
def test_no_garbage_gives_a_client_a_fresh_bucket(
    services: MemoryServices, hops: int, forged: str
) -> None:
    services.limiter = Limiter(per_address=5, per_client=5)
    client = create_app(services, proxy_hops=hops).test_client()
    statuses = []
    for number in range(8):
        told = f"{forged}{number}" + ", 10.0.0.3" * (hops - 1)
        reply = client.get("/watches", environ_overrides=environ(PROXY, told))
        statuses.append(reply.status_code)
    assert statuses == [200] * 5 + [429] * 3


@pytest.mark.parametrize("hops", [0, 1, 2])
def test_whoever_comes_by_a_proxy_is_not_this_machine(services: MemoryServices, hops: int) -> None:
    client = create_app(services, trusts_this_machine=True, proxy_hops=hops).test_client()
    for forwarded in ("127.0.0.1", "127.0.0.1, 127.0.0.1", "::1, ::1, ::1"):
        reply = client.get("/quota", environ_overrides=environ("127.0.0.1", forwarded))
        assert reply.status_code == 401
    assert client.get("/quota").status_code == 200


def links(client: FlaskClient, **headers: str) -> str:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/videos", headers=sent).headers["Link"]


def test_a_prefix_is_the_proxys_to_tell_and_ready_pages_keep_it_apart(
    services: MemoryServices,
) -> None:
    client = create_app(services, proxy_hops=1).test_client()
    for _ in range(2):
        assert links(client).startswith("</videos?")
        assert links(client, X_Forwarded_Prefix="/news").startswith("</news/videos?")
        client.head("/videos", headers={"X-Forwarded-Prefix": "/other"})
        assert links(client, X_Forwarded_Prefix="/forged, /news").startswith("</news/videos?")
        assert len(services.feed.asked) == 4, "each was made once, and then ready"


@pytest.mark.parametrize(
    "told", ["/evil,", "/evil, ", ",/evil", '"/evil"', '"/evil', "/evil;x", "/"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_spelling_of_a_prefix_gets_into_the_pages_of_others(
    services: MemoryServices, method: str, told: str
) -> None:
    client = create_app(services, proxy_hops=1).test_client()
    for _ in range(2):
        client.open("/videos", method=method, headers={"X-Forwarded-Prefix": told})
        assert links(client).startswith("</videos?")


def test_without_proxies_nobody_tells_a_prefix(services: MemoryServices) -> None:
    client = create_app(services).test_client()
    for _ in range(2):
        assert links(client, X_Forwarded_Prefix="/forged").startswith("</videos?")


def test_no_header_says_which_host_it_is(services: MemoryServices) -> None:
    client = create_app(services, proxy_hops=1).test_client()
    told = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "81", "Forwarded": "for=x"}
    assert "evil" not in str(client.get("/videos", headers=told).headers)
