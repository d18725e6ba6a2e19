"""States of keys, on every database: the last word counts, but the operator's is the last."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.quota import KeyState, KeyStatus
from tests.contract.store.tellings import NOW

if TYPE_CHECKING:
    from app.store.store import Store

COOLING = KeyStatus("0123456789ab", "p", KeyState.COOLING, "slow", NOW, NOW + timedelta(minutes=1))
DISABLED = replace(COOLING, state=KeyState.DISABLED, reason="expired", until=NOW)
HELD = replace(COOLING, state=KeyState.HELD, reason="by hand", until=None)


def _put(store: Store, *statuses: KeyStatus) -> None:
    for status in statuses:
        store.write(lambda t, status=status: t.keys.put(status))  # type: ignore[misc]  # its default


def _clear(store: Store, *, held: bool = False) -> None:
    store.write(lambda transaction: transaction.keys.clear(COOLING.fingerprint, held=held))


def _all(store: Store) -> list[KeyStatus]:
    return list(store.read(lambda transaction: transaction.keys.list_all()).values())


@pytest.mark.parametrize("status", [COOLING, DISABLED, HELD], ids=lambda status: status.state)
def test_a_state_comes_back_as_it_was_put(store: Store, status: KeyStatus) -> None:
    _put(store, status)
    assert _all(store) == [status]


@pytest.mark.parametrize("later", [DISABLED, HELD], ids=lambda status: status.state)
def test_a_later_state_takes_the_place_of_the_one_before(store: Store, later: KeyStatus) -> None:
    _put(store, COOLING, later)
    assert _all(store) == [later]


def test_what_comes_of_a_call_under_way_does_not_free_a_held_key(store: Store) -> None:
    _put(store, HELD, COOLING)
    assert _all(store) == [HELD]
    _clear(store)
    assert _all(store) == [HELD]


def test_the_operator_frees_a_key_whatever_its_state(store: Store) -> None:
    for status in (COOLING, DISABLED, HELD):
        _put(store, status)
        _clear(store, held=True)
        assert _all(store) == []


def test_a_call_that_works_frees_a_key_that_is_not_held(store: Store) -> None:
    _put(store, DISABLED)
    _clear(store)
    assert _all(store) == []
