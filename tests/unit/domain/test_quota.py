from __future__ import annotations

from app.domain.quota import ApiKey, parse_keys


def test_keys_of_one_project_share_it_and_a_bare_key_is_a_project_of_its_own() -> None:
    one, two, bare = parse_keys(" p : one, p:two ,, bare")
    assert (one, two) == (ApiKey("one", "p"), ApiKey("two", "p"))
    assert (bare.secret, bare.project) == ("bare", bare.fingerprint)


def test_a_key_given_twice_counts_once() -> None:
    assert parse_keys("p:one,q:one") == (ApiKey("one", "p"),)


def test_no_keys_are_no_keys() -> None:
    assert parse_keys(" , ") == ()


def test_a_key_shows_its_fingerprint_and_never_itself() -> None:
    key = ApiKey("s3cret", "p")
    assert "s3cret" not in f"{key!r} {key} {[key]} {key.fingerprint}"
    assert key.fingerprint in repr(key)
    assert key.fingerprint != ApiKey("s3cret2", "p").fingerprint
