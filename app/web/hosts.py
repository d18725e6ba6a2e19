"""Under which names the embedded service is read by browsers on its own machine.

A page of another site can make its own name point to this machine, and is then taken for a page of
ours: the browser lets it read every answer. It cannot change the name, so a name that is not ours
is answered nothing. Headers of proxies excuse nobody: such a page can send them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.web.errors import FOREIGN_HOST, error_response
from app.web.headers import add_security_headers
from app.web.representations import Answer

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

_LOCAL = "localhost"


@dataclass(frozen=True, slots=True)
class OwnNames:
    """The names that are ours besides addresses and `localhost`, which nobody can make point here.

    Args:
        public_url: by which people reach the service; empty if that is not known.
    """

    public_url: str = ""

    def turn_away(self, environ: WSGIEnvironment) -> Answer | None:
        """Refuse a request from this machine under a foreign name; waits for nothing.

        Programs may name no host at all; browsers always do.
        """
        host: str = environ.get("HTTP_HOST", "")
        if not host or not _is_foreign(environ.get("REMOTE_ADDR", ""), host, self.public_url):
            return None
        answer = _refusal()
        return answer._replace(body=[]) if environ["REQUEST_METHOD"] == "HEAD" else answer


def names_this_machine(host: str) -> bool:
    """Tell whether a Host header is a loopback address or `localhost`, at any port."""
    name = _name_in(host)
    return name == _LOCAL or is_loopback(name)


def is_loopback(address: str) -> bool:
    """Tell whether this is an address of the machine itself."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback


@lru_cache(maxsize=1024)
def _is_foreign(peer: str, host: str, public_url: str) -> bool:
    if not is_loopback(peer):
        return False
    name = _name_in(host)
    is_ours = name == _LOCAL or name.endswith(f".{_LOCAL}") or _is_address(name)
    return not (is_ours or (name and name == urlsplit(public_url).hostname))


def _name_in(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _refusal() -> Answer:
    response = add_security_headers(error_response(HTTPStatus.MISDIRECTED_REQUEST, FOREIGN_HOST))
    return Answer(response.status, response.headers.to_wsgi_list(), [response.get_data()])
