from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import orjson
import pytest

from app.domain.feeds import CacheState, Page
from app.web.api.examples import VIDEO
from tests.unit.web.dashboards import shown

if TYPE_CHECKING:
    from apiflask import APIFlask
    from flask.testing import FlaskClient

    from tests.unit.web.fakes import MemoryServices


HOSTILE = [
    "<script>alert(1)</script>",
    "</title></head><script>alert(1)</script>",
    "</small></li></ol><h1>x",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "//evil.example/",
    "<!--",
    "--><b>",
    "<![CDATA[<b>]]>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<style>@import'//evil.example'</style>",
    "<textarea><template><plaintext>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3c;b&#x3e;&amp;&bogus;",
    "{{ 7 * 7 }}{% raw %}${7*7}#{7*7}",
    "\u202e\u2066<b>",
    "\uff1cscript\uff1e",
    "a" * 5000,
]
"""What could be written into the title of a video or the name of a channel."""


def loaded(html: str) -> list[str]:
    """Every address the browser fetches by itself."""
    return re.findall(
        r'(?:<link rel="stylesheet" href|<script[^>]* src|<img[^>]* src)="([^"]+)"', html
    )


def test_the_newest_videos_are_links_to_youtube(client: FlaskClient) -> None:
    html = client.get("/").get_data(as_text=True)
    found = re.findall(r'class="title" href="https://www\.youtube\.com/watch\?v=([^"]+)"', html)
    assert found == [f"vid{99 - number:08}" for number in range(24)]


def test_older_videos_are_a_link_away(client: FlaskClient) -> None:
    html = unescape(client.get("/?limit=10&page=2").get_data(as_text=True))
    assert html.count('href="/?limit=10&page=3" rel="next"') == 1
    assert 'href="/?limit=10">1</a>' in html
    assert 'href="/?limit=10&page=2" aria-current="page">2</a>' in html
    assert 'rel="next"' not in client.get("/?limit=10&page=3").get_data(as_text=True)


def test_an_empty_feed_says_so(client: FlaskClient, services: MemoryServices) -> None:
    services.feed.positions.clear()
    assert "No videos here yet" in client.get("/?page=2").get_data(as_text=True)


def test_only_the_demo_has_a_banner(client: FlaskClient, services: MemoryServices) -> None:
    assert "simulated" not in client.get("/").get_data(as_text=True)
    services.demo = True
    assert "simulated" in client.get("/").get_data(as_text=True)


class Parsed(HTMLParser):
    """A page as a parser sees it: its elements with the names of their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", data))


@pytest.mark.parametrize("member", ["title", "channel_title", "channel_id", "video_id"])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_video_becomes_part_of_the_page(
    client: FlaskClient,
    services: MemoryServices,
    monkeypatch: pytest.MonkeyPatch,
    member: str,
    text: str,
) -> None:
    def page_of(video: dict[str, object]) -> Parsed:
        page = Page((orjson.dumps(video),), 1, 1, CacheState.HIT, 0, None, None)
        monkeypatch.setattr(services.feed, "page", lambda _request: page)
        return Parsed(client.get("/").get_data(as_text=True))

    usual, hostile = page_of({**VIDEO}), page_of({**VIDEO, member: text})
    assert hostile.elements == usual.elements
    for ours, theirs in zip(usual.addresses, hostile.addresses, strict=True):
        begins = "https://www.youtube.com/watch?v=", "/?channel_id="
        assert theirs == ours or (theirs.startswith(begins) and not re.search(r'[\s<>"&]', theirs))
    assert member.endswith("_id") or text in hostile.text


NOT_PICTURES = [
    *HOSTILE,
    "http://i.ytimg.com/a.jpg",
    "https://i.ytimg.com.evil.example/a.jpg",
    "https://evil.example/?https://i.ytimg.com/",
]


@pytest.mark.parametrize("address", NOT_PICTURES)
def test_a_picture_is_youtubes_or_none(
    client: FlaskClient, services: MemoryServices, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    video = {**VIDEO, "thumbnails": {"medium": {"url": address}}}
    page = Page((orjson.dumps(video),), 1, 1, CacheState.HIT, 0, None, None)
    monkeypatch.setattr(services.feed, "page", lambda _request: page)
    assert '<img src="https:' not in client.get("/").get_data(as_text=True)


@pytest.mark.parametrize("path", ["/", "/docs"])
@pytest.mark.parametrize("prefix", ["", "/newsreel"])
def test_everything_a_page_loads_is_served_here(
    client: FlaskClient, path: str, prefix: str
) -> None:
    html = client.get(path, environ_overrides={"SCRIPT_NAME": prefix}).get_data(as_text=True)
    addresses = loaded(html)
    assert addresses
    for address in (it for it in addresses if not it.startswith("https://i.ytimg.com/")):
        assert address.startswith(f"{prefix}/assets/")
        response = client.get(address.removeprefix(prefix))
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]


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


def test_no_form_of_a_foreign_page_or_without_its_token_is_taken(
    app: APIFlask, client: FlaskClient
) -> None:
    acts = {
        re.sub(r"<\w+>", "1", rule.rule)
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.rule.startswith("/dashboard")
    }
    assert len(acts) > 10
    token = re.search(r'name="csrf_token" value="(\w+)"', shown(client, "/dashboard/watches"))
    assert token is not None
    ours = {"csrf_token": token[1]}
    foreign = {"Origin": "https://evil.example"}
    for path in sorted(acts):
        assert str(client.post(path, data=ours, headers=foreign).location).startswith("/login?"), (
            path
        )
        assert client.post(path, data={}).status_code == 403, path
        assert client.post(path, data={**ours, "more": "1"}).status_code != 403, path
