"""Access tokens: what is refused. The wrong ones are made by a few lines of our own, not by the
library that reads them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from app.auth.scopes import Scope
from app.auth.tokens import (
    AUDIENCE,
    ISSUER,
    LEEWAY_SECONDS,
    LIFE_SECONDS,
    LONGEST_TOKEN,
    Tokens,
    key_id,
)
from app.domain.errors import InvalidTokenError

NOW = datetime(2026, 1, 2, 18, tzinfo=UTC)
KEY, OTHER = b"k" * 32, b"o" * 32
CLIENT = "nrc_1"
READ = frozenset({Scope.VIDEOS_READ})
AT = int(NOW.timestamp())
HEADER = {"typ": "at+jwt", "alg": "HS256", "kid": key_id(KEY)}
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": CLIENT,
    "jti": "token-1",
    "iat": AT,
    "exp": AT + LIFE_SECONDS,
    "scope": "videos:read",
}


class Times:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Times:
    return Times()


@pytest.fixture
def tokens(clock: Times) -> Tokens:
    return Tokens([KEY], clock)


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: object, claims: object, key: bytes = KEY, method: str = "sha256") -> str:
    content = f"{part(header)}.{part(claims)}"
    return f"{content}.{part(hmac.digest(key, content.encode(), method))}"


def with_header(**changed: object) -> str:
    return signed({**HEADER, **changed}, CLAIMS)


def with_claims(**changed: object) -> str:
    return signed(HEADER, {k: v for k, v in {**CLAIMS, **changed}.items() if v is not None})


GOOD = signed(HEADER, CLAIMS)
CONTENT, _, SIGNATURE = GOOD.rpartition(".")
PUBLIC_KEY = (
    b"-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK\n-----END PUBLIC KEY-----\n"
)

REFUSED = {
    "nothing": "",
    "one part": "a",
    "no signature": f"{CONTENT}.",
    "five parts, as encrypted ones have": f"{GOOD}.e30.e30",
    "no base64": f"{CONTENT}.ü",
    "a blank": f"{GOOD} ",
    "endless": f"{GOOD}{'A' * LONGEST_TOKEN}",
    "alg none": signed({**HEADER, "alg": "none"}, CLAIMS),
    "alg none and no signature": f"{part({**HEADER, 'alg': 'none'})}.{part(CLAIMS)}.",
    "alg None": with_header(alg="None"),
    "no alg": signed({"typ": "at+jwt", "kid": key_id(KEY)}, CLAIMS),
    "RS256 in the place of HS256": with_header(alg="RS256"),
    "a public key as HS256 secret": signed(HEADER, CLAIMS, PUBLIC_KEY),
    "HS512, rightly signed": signed({**HEADER, "alg": "HS512"}, CLAIMS, method="sha512"),
    "alg as a list": with_header(alg=["HS256"]),
    "no kid": signed({"typ": "at+jwt", "alg": "HS256"}, CLAIMS),
    "an unknown kid": with_header(kid="0123456789ab"),
    "a kid that is a path": with_header(kid="../../dev/null"),
    "a kid that is no text": with_header(kid={}),
    "another key under our kid": signed(HEADER, CLAIMS, OTHER),
    "an empty key": signed(HEADER, CLAIMS, b""),
    "a key in the header": signed({**HEADER, "jwk": {"kty": "oct", "k": "bw"}}, CLAIMS, OTHER),
    "something critical": with_header(crit=["exp"]),
    "critical what is no list": with_header(crit=1),
    "critical what is no text": with_header(crit=[1]),
    "critical what is nothing": with_header(crit=None),
    "another typ": with_header(typ="JWT"),
    "no typ": signed({"alg": "HS256", "kid": key_id(KEY)}, CLAIMS),
    "tampered claims": f"{part(HEADER)}.{part({**CLAIMS, 'scope': 'admin'})}.{SIGNATURE}",
    "tampered header": f"{part({**HEADER, 'x': 1})}.{part(CLAIMS)}.{SIGNATURE}",
    "tampered signature": f"{CONTENT}.{SIGNATURE.swapcase()}",
    "half a signature": GOOD[:-20],
    "no exp": with_claims(exp=None),
    "no iat": with_claims(iat=None),
    "no aud": with_claims(aud=None),
    "no iss": with_claims(iss=None),
    "no sub": with_claims(sub=None),
    "no jti": with_claims(jti=None),
    "an empty sub": with_claims(sub=""),
    "an empty jti": with_claims(jti=""),
    "a sub that is no text": with_claims(sub=1),
    "another aud": with_claims(aud="elsewhere"),
    "auds without ours": with_claims(aud=["elsewhere"]),
    "another iss": with_claims(iss="elsewhere"),
    "expired": with_claims(iat=AT - 600, exp=AT - LEEWAY_SECONDS),
    "from the future": with_claims(iat=AT + LEEWAY_SECONDS + 1, exp=AT + 600),
    "not valid yet": with_claims(nbf=AT + 60),
    "a life of a day": with_claims(exp=AT + 86_400),
    "an exp that is no number": with_claims(exp="tomorrow"),
    "an exp without end": signed(HEADER, b'{"exp": Infinity, "iat": 1}'),
    "claims that are no object": signed(HEADER, ["a"]),
    "claims that are no JSON": signed(HEADER, b"{"),
    "claims that are no text": signed(HEADER, b"\xff\xfe"),
    "claims nested without end": signed(HEADER, b"[" * 1_000),
    "a header that is no object": signed(["a"], CLAIMS),
    "a header that is no JSON": signed(b"\xff", CLAIMS),
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_token_that_is_not_wholly_in_order_is_refused(tokens: Tokens, text: str) -> None:
    with pytest.raises(InvalidTokenError):
        tokens.verify(text)


def test_the_token_that_the_wrong_ones_are_made_from_is_taken(tokens: Tokens) -> None:
    token = tokens.verify(GOOD)
    assert (token.client_id, token.token_id, token.scopes) == (CLIENT, "token-1", READ)


def test_what_is_issued_says_who_it_is_for_and_what_it_allows(tokens: Tokens) -> None:
    scopes = frozenset({Scope.ADMIN, Scope.WATCHES_WRITE})
    first, second = (tokens.verify(tokens.issue(CLIENT, scopes)) for _ in range(2))
    assert first.client_id == CLIENT
    assert first.scopes == scopes
    assert first.token_id != second.token_id


def test_what_is_issued_can_be_checked_by_anybody_with_the_key(tokens: Tokens) -> None:
    content, _, signature = tokens.issue(CLIENT, READ).rpartition(".")
    assert signature == part(hmac.new(KEY, content.encode(), hashlib.sha256).digest())
    header, claims = (json.loads(base64.urlsafe_b64decode(it + "==")) for it in content.split("."))
    assert header == HEADER
    assert {"iss", "aud", "sub", "jti", "iat", "exp", "scope", "client_id"} == set(claims)
    assert claims["exp"] - claims["iat"] == LIFE_SECONDS


def test_scopes_that_nobody_can_be_granted_allow_nothing(tokens: Tokens) -> None:
    assert tokens.verify(with_claims(scope="public everything admin")).scopes == {Scope.ADMIN}
    assert tokens.verify(with_claims(scope=None)).scopes == set()
    assert tokens.verify(with_claims(scope=["admin"])).scopes == set()


def test_a_token_ends_after_its_life_and_the_leeway(tokens: Tokens, clock: Times) -> None:
    text = tokens.issue(CLIENT, READ)
    token = tokens.verify(text)
    clock.now = NOW + timedelta(seconds=LIFE_SECONDS + LEEWAY_SECONDS - 1)
    assert tokens.is_alive(tokens.verify(text))
    clock.now += timedelta(seconds=1)
    assert not tokens.is_alive(token)
    with pytest.raises(InvalidTokenError):
        tokens.verify(text)


def test_a_clock_that_is_a_little_behind_takes_the_tokens_of_another(clock: Times) -> None:
    issued = Tokens([KEY], clock).issue(CLIENT, READ)
    behind = Tokens([KEY], lambda: NOW - timedelta(seconds=LEEWAY_SECONDS))
    assert behind.verify(issued).client_id == CLIENT


def test_keys_are_replaced_without_a_token_being_lost(clock: Times) -> None:
    before, between, after = (Tokens(keys, clock) for keys in ([OTHER], [KEY, OTHER], [KEY]))
    old = before.issue(CLIENT, READ)
    new = between.issue(CLIENT, READ)
    assert between.verify(old).client_id == CLIENT
    assert after.verify(new).client_id == CLIENT
    with pytest.raises(InvalidTokenError):
        after.verify(old)
    with pytest.raises(InvalidTokenError):
        before.verify(new)


@pytest.mark.parametrize("keys", [[], [b"k" * 31], [KEY, b"short"], [b""]])
def test_a_short_key_signs_nothing(keys: list[bytes], clock: Times) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Tokens(keys, clock)


def test_a_key_cannot_be_told_from_its_id() -> None:
    assert key_id(KEY) != key_id(OTHER)
    assert hashlib.sha256(KEY).hexdigest()[:12] != key_id(KEY)
