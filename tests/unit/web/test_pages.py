from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import orjson
import pytest

from app.domain.feeds import CacheState, Page
from app.web.api.examples import VIDEO

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from app.domain.feeds import PageRequest
    from tests.unit.web.fakes import MemoryServices


def loaded(html: str) -> list[str]:
    """Every address the browser fetches by itself."""
    return re.findall(
        r'(?:<link rel="stylesheet" href|<script[^>]* src|<img[^>]* src)="([^"]+)"', html
    )


def test_the_newest_videos_are_links_to_youtube(client: FlaskClient) -> None:
    html = client.get("/").get_data(as_text=True)
    found = re.findall(r'href="https://www\.youtube\.com/watch\?v=([^"]+)"', html)
    assert found == [f"vid{99 - number:08}" for number in range(10)]


def test_older_videos_are_a_link_away(client: FlaskClient) -> None:
    html = client.get("/?page=2").get_data(as_text=True)
    assert unescape(html).count('href="/?limit=10&page=3" rel="next"') == 1
    assert unescape(html).count('href="/?limit=10&page=1" rel="prev"') == 1
    assert 'rel="next"' not in client.get("/?page=3").get_data(as_text=True)


def test_an_empty_feed_says_so(client: FlaskClient, services: MemoryServices) -> None:
    services.feed.positions.clear()
    assert "No videos here yet" in client.get("/").get_data(as_text=True)


def test_only_the_demo_has_a_banner(client: FlaskClient, services: MemoryServices) -> None:
    assert "simulated" not in client.get("/").get_data(as_text=True)
    services.demo = True
    assert "simulated" in client.get("/").get_data(as_text=True)


def test_text_of_a_video_stays_text(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = {
        **VIDEO,
        "title": "<script>alert(1)</script>",
        "channel_title": '"><img src=x>',
        "published_at": '"><b>',
        "video_id": '"><i>&javascript:',
    }
    page = Page((orjson.dumps(hostile),), 1, 1, CacheState.HIT, 0, None, None)

    def one_page(_request: PageRequest) -> Page:
        return page

    monkeypatch.setattr(services.feed, "page", one_page)
    html = client.get("/").get_data(as_text=True)
    assert not re.search(r"<script|<img|<b>|<i>", html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize("path", ["/", "/docs"])
@pytest.mark.parametrize("prefix", ["", "/newsreel"])
def test_everything_a_page_loads_is_served_here(
    client: FlaskClient, path: str, prefix: str
) -> None:
    html = client.get(path, environ_overrides={"SCRIPT_NAME": prefix}).get_data(as_text=True)
    addresses = loaded(html)
    assert addresses
    for address in addresses:
        assert address.startswith(f"{prefix}/static/")
        with client.get(address.removeprefix(prefix)) as response:
            assert response.status_code == 200
            assert "max-age=3600" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_no_page_has_inline_script_or_style(client: FlaskClient, path: str) -> None:
    html = client.get(path).get_data(as_text=True)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", html)


@pytest.mark.parametrize("prefix", ["", "/newsreel"])
def test_a_page_leads_feed_readers_to_its_feeds(client: FlaskClient, prefix: str) -> None:
    html = client.get("/", environ_overrides={"SCRIPT_NAME": prefix}).get_data(as_text=True)
    found = re.findall(r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', html)
    assert found == [
        ("application/atom+xml", f"{prefix}/feed.atom"),
        ("application/feed+json", f"{prefix}/feed.json"),
    ]
    for content_type, address in found:
        assert client.get(address.removeprefix(prefix)).content_type == content_type


def test_the_docs_name_the_document_below_the_prefix(client: FlaskClient) -> None:
    html = client.get("/docs", environ_overrides={"SCRIPT_NAME": "/newsreel"})
    assert 'data-document="/newsreel/openapi.json"' in html.get_data(as_text=True)
