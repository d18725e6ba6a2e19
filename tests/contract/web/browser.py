"""A browser as tests use one: it keeps cookies, follows nothing, and says where it comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

OUTSIDE = "203.0.113.7"
WATCHES = "/dashboard/watches"
_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')


@dataclass
class Browser:
    """Somebody at `origin`, which is what the address bar shows."""

    client: FlaskClient
    origin: str = "https://news.example.org"
    address: str = OUTSIDE
    prefix: str = ""

    @staticmethod
    def of(app: Flask, origin: str = "https://news.example.org", address: str = OUTSIDE) -> Browser:
        return Browser(app.test_client(), origin, address)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, headers=headers, environ_overrides=self._environ())

    def post(self, path: str, form: dict[str, str], **headers: str) -> TestResponse:
        """Send a form as a page of ours does; headers given take the place of the usual."""
        own = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        return self.client.post(
            path, data=form, headers=own | headers, environ_overrides=self._environ()
        )

    def token(self, path: str = "/login") -> str:
        """Return the token of a page's forms."""
        found = _TOKEN.search(self.get(path).get_data(as_text=True))
        assert found is not None
        return found[1]

    def plant(self, name: str, value: str) -> None:
        """Put a cookie into this browser."""
        self.client.set_cookie(name, value, domain=self.origin.partition("://")[2])

    def log_in(self, password: str) -> TestResponse:
        return self.post("/login", {"csrf_token": self.token(), "password": password})

    @property
    def cookies(self) -> dict[str, str]:
        kept = self.client._cookies or {}
        return {cookie.key: cookie.value for cookie in kept.values()}

    def _environ(self) -> dict[str, str]:
        scheme, _, host = self.origin.partition("://")
        return {
            "REMOTE_ADDR": self.address,
            "HTTP_HOST": host,
            "wsgi.url_scheme": scheme,
            "SCRIPT_NAME": self.prefix,
        }
