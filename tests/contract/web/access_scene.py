"""A service with clients, seen from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.auth.scopes import GRANTABLE, Scope
from app.bootstrap import Services, build_services
from app.settings import Settings
from app.web.factory import create_app
from tests.contract.web.conftest import clock
from tests.processes import SECRET_KEY
from tests.unit.web.documented import DocumentedClient

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

STRANGER = {"REMOTE_ADDR": "203.0.113.7", "HTTP_HOST": "news.example.org"}


@dataclass(frozen=True)
class Site:
    """One process of the service."""

    services: Services
    app: Flask

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def ask(self, path: str, token: str | None = None, method: str = "GET") -> TestResponse:
        """Ask from another machine."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.open(
            path, method=method, headers=headers, environ_overrides=STRANGER, buffered=True
        )

    def add_client(self, *scopes: Scope) -> tuple[str, str]:
        """Add a client named after its scopes; return its id and secret."""
        client, secret = self.services.access.clients.add(" ".join(scopes), frozenset(scopes))
        return client.client_id, secret

    def post(self, path: str, credentials: tuple[str, str], **form: str) -> TestResponse:
        """Ask as a client, from another machine."""
        headers = {"Authorization": basic(*credentials)}
        return self.client.post(path, data=form, headers=headers, environ_overrides=STRANGER)

    def token(self, *credentials: str) -> str:
        """Return a token for a client's id and secret."""
        client_id, secret = credentials
        reply = self.post("/oauth/token", (client_id, secret), grant_type="client_credentials")
        token: str = reply.get_json()["access_token"]
        return token

    def tokens(self) -> dict[Scope, str]:
        """Return a token for each scope, of a client that has no other."""
        return {scope: self.token(*self.add_client(scope)) for scope in GRANTABLE}


def basic(client_id: str, secret: str) -> str:
    """Return the header by which a client says who it is."""
    return "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()


def open_site(database_url: str, *, is_required: bool = True, is_embedded: bool = False) -> Site:
    """Build one process of the service over a database that is there."""
    settings = Settings(
        database_url=database_url,
        secret_key=SECRET_KEY,
        read_auth="required" if is_required else "public",
        rate_limit_per_minute=0,  # every route is asked within a minute
        client_rate_limit_per_minute=0,
    )
    services = build_services(settings, clock)
    app = create_app(services, trusts_this_machine=is_embedded)
    app.test_client_class = DocumentedClient
    return Site(services, app)
