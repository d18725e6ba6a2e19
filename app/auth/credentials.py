"""Secrets that are given out once, and the hashes by which they are known again.

They are 256 random bits, so a fast hash is enough: there is nothing to guess from.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

CLIENT_ID = "nrc_"
CLIENT_SECRET = "nrs_"  # noqa: S105 - what every secret begins with
FEED_TOKEN = "nrf_"  # noqa: S105 - as above
SESSION = "nrb_"

_RANDOM_BYTES = 32
_ID_BYTES = 16


def new_secret(prefix: str) -> str:
    """Return a secret of 256 random bits behind a prefix that says what it is."""
    return prefix + secrets.token_urlsafe(_RANDOM_BYTES)


def new_id(prefix: str = "") -> str:
    """Return a name of 128 random bits, which nobody is given twice."""
    return prefix + secrets.token_urlsafe(_ID_BYTES)


def hashed(secret: str) -> str:
    """Return the hash under which a secret is stored: SHA-256 in hex."""
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def matches(secret: str, *hashes: str) -> bool:
    """Tell whether a secret has one of these hashes, in the same time whichever it has."""
    given = hashed(secret)
    return any([hmac.compare_digest(given, one) for one in hashes])  # noqa: C419 - all are compared
