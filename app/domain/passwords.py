"""Which passwords are none: missing, short, or copied from a sample. No message repeats one.

The one rule for people's passwords and for those of servers.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

from app.domain.errors import InvalidValueError

LEAST_CHARACTERS = 12
LEAST_VARIETY = 6
"""Different characters; even 12 random digits have as many, but for one in a thousand."""

SAMPLES = (
    *("password", "passwort", "changeme", "changethis", "example", "letmein", "newsreel"),
    *("12345678", "abcd1234", "qwerty", "qwertz", "adminadmin", "admin1234", "administrator"),
    *("testtest", "correcthorse"),
)
"""What stands in guides, in lower case and without what is neither letter nor digit."""

_CLIENT_CERTIFICATES = ("ssl_cert", "ssl_certfile", "sslcert")
_FINDS_ITS_OWN = "postgresql+psycopg"
"""Its driver knows password files and the users of the system, of which a URL tells nothing."""


def check_password(text: str) -> None:
    """Refuse a password that is quickly found.

    Raises:
        InvalidValueError: it is short, monotonous, cannot be typed, or holds what stands in guides.
    """
    if not text.isprintable():
        raise InvalidValueError("a password has no control characters")
    if len(text) < LEAST_CHARACTERS or len(set(text)) < LEAST_VARIETY:
        raise InvalidValueError(f"a password has {LEAST_CHARACTERS} random characters or more")
    plain = "".join(filter(str.isalnum, text.lower()))
    if any(sample in plain for sample in SAMPLES):
        raise InvalidValueError("this password stands in guides: make a random one")


def check_server_password(url: str) -> None:
    """Refuse the address of a database or Redis that others can reach and take over.

    What listens on this machine alone is the operator's own affair.

    Args:
        url: of a server, a file, or empty.

    Raises:
        InvalidValueError: it names no password, or one that is quickly found.
    """
    parts = urlsplit(url)
    if not parts.hostname or _is_this_machine(parts.hostname):
        return
    if parts.password:
        check_password(unquote(parts.password))
        return
    has_certificate = any(name in _CLIENT_CERTIFICATES for name, _ in parse_qsl(parts.query))
    if parts.scheme != _FINDS_ITS_OWN and not has_certificate:
        raise InvalidValueError("a server on another machine needs a password")


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
