"""nginx on a machine without containers: the same cache, beside what else the machine serves."""

from collections.abc import Iterator

import pytest

from tests.contract.deploy.edge import Edge, kept_for, open_edge
from tests.processes import PROJECT
from tests.servers.nginx import SHARED, MachineNginx
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def both() -> Iterator[Edge]:
    with open_edge(MachineNginx) as opened:
        yield opened


@pytest.fixture
def edge(both: Edge) -> Edge:
    both.upstream.start()
    both.upstream.asked.clear()
    return both


def test_a_page_comes_from_the_cache(edge: Edge) -> None:
    address = edge.new_page()

    first, second = edge.get(address), edge.get(address)

    assert [it.headers["X-Edge-Cache"] for it in (first, second)] == ["miss", "hit"]
    assert second.content == first.content
    assert edge.upstream.asked == {address: 1}


def test_pages_are_shown_while_the_service_restarts_and_else_an_error_of_ours(edge: Edge) -> None:
    address = edge.new_page()
    edge.upstream.rewrite = kept_for("public, max-age=1")
    before = edge.get(address)
    edge.upstream.stop()

    wait_until(lambda: edge.get(address).headers["X-Edge-Cache"] == "stale")
    assert edge.get(address).content == before.content
    unknown = edge.get(edge.new_page())
    assert (unknown.status_code, unknown.headers["Retry-After"]) == (503, "5")
    assert unknown.json()["errors"][0]["code"] == "unavailable"

    edge.upstream.start()
    wait_until(lambda: edge.get(address).headers["X-Edge-Cache"] != "stale")


def test_who_shows_who_they_are_goes_past_the_cache(edge: Edge) -> None:
    address = edge.new_page()
    edge.get(address)

    told = edge.get(address, cookie="newsreel=x").headers["X-Edge-Cache"]

    assert (told, edge.upstream.asked[address]) == ("bypass", 2)


def test_the_service_is_told_the_client_as_the_last_of_one_proxy(edge: Edge) -> None:
    edge.get(edge.new_page(), x_forwarded_for="192.0.2.7", x_forwarded_host="forged.example.org")

    told = edge.upstream.told
    assert told["HTTP_X_FORWARDED_FOR"] == "192.0.2.7, 127.0.0.1"
    assert told["HTTP_X_FORWARDED_PROTO"] == "http"
    assert "HTTP_X_FORWARDED_HOST" not in told


def test_metrics_are_not_for_the_outside(edge: Edge) -> None:
    assert edge.get("/metrics").status_code == 404
    assert not edge.upstream.asked


def test_other_sites_of_the_machine_are_left_as_they_are(edge: Edge) -> None:
    other = edge.get("/metrics", host="another.example.org")

    assert (other.status_code, other.text) == (200, "another")


def test_a_query_string_stays_out_of_the_log(edge: Edge) -> None:
    edge.get("/feed.atom?token=some-secret")

    wait_until(lambda: '"path":"/feed.atom"' in edge.nginx.log())
    assert "some-secret" not in edge.nginx.log()


@pytest.mark.parametrize("name", ["nginx.conf", "machine.conf"])
def test_both_have_their_rules_from_the_same_files(name: str) -> None:
    text = (PROJECT / "deploy/nginx" / name).read_text(encoding="utf-8")

    for path in SHARED:
        assert f"{path.name};" in text
    for rule in ("proxy_pass", "proxy_cache ", "location", "map ", "add_header"):
        assert rule not in text
