"""What tests of pages share: how a page is read and its forms are sent."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}
"""What a request has that comes from another machine."""


def shown(client: FlaskClient, path: str) -> str:
    return client.get(path).get_data(as_text=True)


def words(html: str) -> str:
    """The text of a page, with single blanks."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main.partition(">")[2])).split())


def send(client: FlaskClient, page: str, path: str, **form: str) -> TestResponse:
    """Send a form of a page."""
    token = re.search(r'name="csrf_token" value="(\w+)"', shown(client, page))
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **form})
