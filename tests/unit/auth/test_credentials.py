from __future__ import annotations

from app.auth.credentials import CLIENT_SECRET, FEED_TOKEN, hashed, matches, new_id, new_secret


def test_a_secret_has_256_random_bits_behind_a_prefix() -> None:
    made = {new_secret(CLIENT_SECRET) for _ in range(100)}
    assert len(made) == 100
    assert {secret[:4] for secret in made} == {"nrs_"}
    assert {len(secret) for secret in made} == {4 + 43}  # 256 bits by 6 a character
    assert new_secret(FEED_TOKEN).startswith("nrf_")
    assert len({new_id() for _ in range(100)}) == 100


def test_a_secret_is_known_by_its_hash_and_only_whole() -> None:
    secret, other = new_secret(CLIENT_SECRET), new_secret(CLIENT_SECRET)
    assert matches(secret, hashed(secret), hashed(other))
    assert matches(secret, hashed(other), hashed(secret))
    for wrong in ("", secret[:-1], secret + "x", secret.swapcase(), hashed(secret), "\udcff"):
        assert not matches(wrong, hashed(secret), hashed(other))
