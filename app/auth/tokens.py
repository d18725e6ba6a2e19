"""Access tokens: signed here, verified here, and nowhere else (JWT, RFC 7519, RFC 8725, RFC 9068).

Pure: no store, no revocations. The algorithm is fixed, the keys are those of the settings, and what
a token says of its own algorithm or key only chooses among them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from app.auth.credentials import new_id
from app.auth.scopes import GRANTABLE, Scope
from app.domain.errors import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joserfc.jwk import GuestProtocol

    from app.domain.clock import Clock

LIFE_SECONDS = 15 * 60
LEEWAY_SECONDS = 10
"""How far the clocks of our processes may be apart."""

LEAST_KEY_BYTES = 32
LONGEST_TOKEN = 2048
ISSUER = "newsreel"
AUDIENCE = "newsreel-api"
TYPE = "at+jwt"

_ALGORITHMS = ("HS256",)
_FORM = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a token says that was verified.

    Args:
        token_id: its jti.
        client_id: to whom it was given.
        scopes: what it allows.
        expires_at: POSIX seconds.
    """

    token_id: str
    client_id: str
    scopes: frozenset[Scope]
    expires_at: float


class Tokens:
    """Signs with the first key, and takes what any of them signed.

    Args:
        keys: secrets of at least 32 bytes; more than one while they are being rotated.
        clock: the present.

    Raises:
        ValueError: there is no key, or one is too short.
    """

    def __init__(self, keys: Sequence[bytes], clock: Clock) -> None:
        if not keys or min(map(len, keys)) < LEAST_KEY_BYTES:
            raise ValueError(f"a key has at least {LEAST_KEY_BYTES} bytes")
        self._clock = clock
        self._keys = {key_id(key): OctKey.import_key(key) for key in keys}
        self._signing = key_id(keys[0])
        self._claims = jwt.JWTClaimsRegistry(
            now=self._now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            jti={"essential": True},
        )

    def issue(self, client_id: str, scopes: frozenset[Scope]) -> str:
        """Return a new token that lives for LIFE_SECONDS."""
        now = self._now()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": client_id,
            "client_id": client_id,
            "jti": new_id(),
            "iat": now,
            "exp": now + LIFE_SECONDS,
            "scope": " ".join(sorted(scopes)),
        }
        header = {"alg": _ALGORITHMS[0], "typ": TYPE, "kid": self._signing}
        return jwt.encode(header, claims, self._keys[self._signing], _ALGORITHMS)

    def verify(self, text: str) -> AccessToken:
        """Return what a token says if one of our keys signed it and it lives.

        Raises:
            InvalidTokenError: anything else.
        """
        if len(text) > LONGEST_TOKEN or _FORM.fullmatch(text) is None:
            raise InvalidTokenError("it is no token")
        try:
            token = jwt.decode(text, self._key_of, _ALGORITHMS)
            self._claims.validate(token.claims)
        except (JoseError, ValueError, TypeError, LookupError, RecursionError) as error:
            # Some are no errors of tokens: the library trusts a header to have the right types.
            raise InvalidTokenError(type(error).__name__) from None
        return _access(token)

    def is_alive(self, token: AccessToken) -> bool:
        """Tell whether a token that was verified is not expired yet."""
        return self._clock().timestamp() < token.expires_at + LEEWAY_SECONDS

    def _key_of(self, token: GuestProtocol) -> OctKey:
        key = self._keys.get(str(token.headers().get("kid")))
        if key is None:
            raise InvalidTokenError("no key of ours")
        return key

    def _now(self) -> int:
        return int(self._clock().timestamp())


def key_id(key: bytes) -> str:
    """Return the fingerprint by which a token names the key that signed it."""
    return sha256(b"newsreel kid " + key).hexdigest()[:12]


def _access(token: jwt.Token) -> AccessToken:
    claims = token.claims
    if token.header.get("typ") != TYPE:
        raise InvalidTokenError("it is a token for something else")
    if claims["exp"] - claims["iat"] > LIFE_SECONDS:
        raise InvalidTokenError("it lives too long")
    scopes = str(claims.get("scope", "")).split()
    return AccessToken(
        token_id=claims["jti"],
        client_id=claims["sub"],
        scopes=frozenset(scope for scope in GRANTABLE if scope in scopes),
        expires_at=claims["exp"],
    )
