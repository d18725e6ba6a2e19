"""The database's own clock, and marks of the future, on every database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from app.domain.clock import system_clock
from tests.contract.store.tellings import NOW, add_watch, get_watch

if TYPE_CHECKING:
    from app.store.store import Store

HOURS = timedelta(hours=5)
MINUTE = timedelta(minutes=1)


def test_a_server_tells_its_time_and_a_file_has_none(store: Store) -> None:
    told = store.read(lambda transaction: transaction.clock_steps.now())
    if store.dialect == "sqlite":
        assert told is None
    else:
        assert told is not None
        assert abs(told - system_clock()) < MINUTE


def test_marks_of_the_future_are_found_and_taken_back(store: Store) -> None:
    ahead, right = add_watch(store, "ahead").watch_id, add_watch(store, "right").watch_id
    for watch_id, at in ((ahead, NOW + HOURS), (right, NOW)):
        store.write(lambda t, w=watch_id, at=at: t.watches.want(w, at))  # type: ignore[misc]  # defaults' types
        store.write(lambda t, w=watch_id, at=at: t.watches.note_access(w, at, at))  # type: ignore[misc]  # as above
    found = store.read(lambda t: t.clock_steps.list_ahead(NOW + MINUTE, NOW + MINUTE))
    assert [each.watch_id for each in found] == [ahead]
    store.write(lambda t: t.clock_steps.put_right(ahead, NOW))
    store.write(lambda t: t.clock_steps.end_waits(NOW))
    assert get_watch(store, ahead).wanted_at == NOW
    assert get_watch(store, ahead).last_accessed_at == NOW
    assert store.read(lambda t: t.clock_steps.list_ahead(NOW, NOW + MINUTE)) == []


def test_a_reader_under_a_clock_that_is_ahead_has_nothing_polled_anew(store: Store) -> None:
    """Web processes do not ask whether their clocks are right, and note readers each minute."""
    read = add_watch(store, "read").watch_id
    store.write(lambda t: t.watches.note_access(read, NOW + HOURS, NOW + HOURS))
    assert store.read(lambda t: t.clock_steps.list_ahead(NOW + MINUTE, NOW + MINUTE)) == []
