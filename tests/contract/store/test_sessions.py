"""Sessions of browsers, on every database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.auth.credentials import hashed
from app.auth.sessions import Sessions
from app.domain.errors import WrongPasswordError
from app.domain.sessions import IDLE, LIFE
from app.store.access_models import SessionRow
from tests.contract.store.tellings import NOW

if TYPE_CHECKING:
    from app.store.store import Store

PASSWORD = "Grün-42-Wiesenweg 🔥"
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


@dataclass
class House:
    """Processes over one store, at one time."""

    store: Store
    now: datetime = NOW

    def sessions(self, password: str = PASSWORD, *keys: bytes) -> Sessions:
        return Sessions(self.store, lambda: self.now, password, keys or (KEY,))

    def rows(self) -> list[tuple[object, ...]]:
        table = SessionRow.__table__.select()
        return self.store.read(lambda it: [tuple(row) for row in it._connection.execute(table)])


@pytest.fixture
def house(store: Store) -> House:
    return House(store)


def test_a_session_holds_in_every_process_until_it_is_closed(house: House) -> None:
    secret = house.sessions().open(PASSWORD)
    other = house.sessions()
    assert other.is_open(secret)
    for strange in ("", "nrb_", secret[:-1], secret + " ", secret.swapcase(), "\x00", "\udcff"):
        assert not other.is_open(strange)
    assert other.close(secret)
    assert not house.sessions().is_open(secret)
    assert not other.close(secret)


@pytest.mark.parametrize("given", ["", PASSWORD[:-1], PASSWORD + " ", PASSWORD.lower(), "\udcff"])
def test_only_the_password_opens_one(house: House, given: str) -> None:
    for password in (PASSWORD, ""):
        with pytest.raises(WrongPasswordError) as told:
            house.sessions(password).open(given)
        assert PASSWORD not in str(told.value)
    assert house.rows() == []


def test_a_login_ends_the_session_it_replaces_and_no_other(house: House) -> None:
    sessions = house.sessions()
    first, elsewhere = sessions.open(PASSWORD), sessions.open(PASSWORD)
    second = sessions.open(PASSWORD, replaced=first)
    assert [sessions.is_open(it) for it in (first, elsewhere, second)] == [False, True, True]
    assert len({first, elsewhere, second}) == 3


def test_all_sessions_end_when_the_password_changes_or_is_taken_away(house: House) -> None:
    secret = house.sessions().open(PASSWORD)
    assert not house.sessions(PASSWORD + "!").is_open(secret)
    assert not house.sessions("").is_open(secret)
    assert house.sessions().is_open(secret)


def test_sessions_outlive_a_key_that_is_being_replaced(house: House) -> None:
    secret = house.sessions().open(PASSWORD)
    assert house.sessions(PASSWORD, OTHER_KEY, KEY).is_open(secret)
    assert not house.sessions(PASSWORD, OTHER_KEY).is_open(secret)


def test_an_idle_session_ends_and_one_in_use_lives_on_to_its_last_day(house: House) -> None:
    sessions, moment = house.sessions(), timedelta(microseconds=1)
    used, idle = sessions.open(PASSWORD), sessions.open(PASSWORD)
    step = IDLE - timedelta(minutes=2)
    while house.now + step < NOW + LIFE:
        house.now += step
        assert sessions.is_open(used)
    assert not sessions.is_open(idle)
    house.now = NOW + LIFE - moment
    assert sessions.is_open(used)
    house.now += moment
    assert not sessions.is_open(used)


def test_a_session_is_over_after_its_idle_time_to_the_microsecond(house: House) -> None:
    sessions = house.sessions()
    secret = sessions.open(PASSWORD)
    house.now = NOW + IDLE
    assert not sessions.is_open(secret)
    house.now -= timedelta(microseconds=1)
    assert sessions.is_open(secret)


def test_what_is_over_is_forgotten_at_the_next_login(house: House) -> None:
    sessions = house.sessions()
    sessions.open(PASSWORD)
    house.now += IDLE
    sessions.open(PASSWORD)
    assert len(house.rows()) == 1


def test_neither_secret_nor_password_nor_anything_to_guess_it_by_is_stored(house: House) -> None:
    secret = house.sessions().open(PASSWORD)
    house.sessions(PASSWORD, OTHER_KEY).open(PASSWORD)
    first, second = house.rows()
    for kept in (secret, PASSWORD, hashed(PASSWORD)):
        assert kept not in repr((first, second))
    assert hashed(secret) in repr((first, second))
    assert first[1] != second[1], "the key is needed to try passwords"
