from __future__ import annotations

import secrets

import pytest

from app.domain.errors import InvalidValueError
from app.domain.passwords import check_password, check_server_password

GOOD = "k7-Ww2q_Zp9x"


@pytest.mark.parametrize(
    "password",
    [
        *("", "s3cret", "short-s3c-1", "s3c" * 20, "aaaaaaaaaaaa", "101010101010"),
        *("my-password-s3c1", "Change_Me-s3c1!", "P.a.s.s.w.o.r.d-s3c", "newsreel-s3c-1"),
        *("s3cret-12\t34567", "please-change-this", "adminadmin2026", "test-test-test"),
        *("correct horse battery staple", "123456789012", "qwertyuiop1234", "<YOUR-PASSWORD>"),
    ],
)
def test_a_password_that_is_quickly_found_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(InvalidValueError) as refusal:
        check_password(password)
    assert "s3c" not in str(refusal.value)
    assert not password or password not in str(refusal.value)


@pytest.mark.parametrize("good", [GOOD, "Wiesenweg-42-grün", "p4ss phrase of mine"])
def test_a_password_may_be_any_text_that_is_not_quickly_found(good: str) -> None:
    check_password(good)


def test_random_passwords_are_taken() -> None:
    for _ in range(200):
        check_password(secrets.token_hex(8))
        check_password(secrets.token_urlsafe(12))


@pytest.mark.parametrize(
    "url",
    [
        "redis://redis:6379/0",
        "redis://:s3c@redis:6379/0",
        "rediss://redis:6379/0",
        "redis://10.0.0.7/0",
        "redis://[fd00::7]/0",
        "redis://0.0.0.0/0",
        "redis://localhost.example.org/0",
        "mysql+pymysql://news@db/news",
        "mysql+pymysql://news:change%2Dme-s3c1@db/news",
        "mysql+pymysql://news:s3c@db/news",
        "postgresql+psycopg://news:s3c@db/news",
    ],
)
def test_a_server_on_a_network_needs_a_password(url: str) -> None:
    with pytest.raises(InvalidValueError) as refusal:
        check_server_password(url)
    assert "s3c" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite:///var/newsreel.db",
        "redis://127.0.0.1:6379/0",
        "redis://localhost/0",
        "redis://[::1]/0",
        f"redis://:{GOOD}@redis/0",
        "rediss://redis/0?ssl_certfile=/run/redis.pem",
        "mysql+pymysql://news@db/news?ssl_cert=/run/db.pem",
        f"mysql+pymysql://news:{GOOD}@db/news?charset=utf8mb4",
        "mysql+pymysql://root@localhost/news",
        "postgresql+psycopg://news@db/news",
        "postgresql+psycopg://news@/news",
    ],
)
def test_other_servers_are_taken_as_they_are(url: str) -> None:
    check_server_password(url)
