"""The audit log, on every database: what is noted is there if, and only if, the change is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.domain.audit import Action, Actor, AuditEntry, AuditQuery, client_name
from app.domain.logs import LogCursor
from tests.contract.store.tellings import LONG_AGO, NOW, add_watch

if TYPE_CHECKING:
    from app.store.store import Store, Transaction

PAUL = Actor(client_name("nrc_paul"), "2001:db8::7")
ADDED, REMOVED = Action.WATCH_ADDED, Action.WATCH_REMOVED


class ChangedMyMindError(Exception):
    pass


def note(store: Store, *subjects: str, action: Action = ADDED, seconds: int = 0) -> None:
    at = NOW + timedelta(seconds=seconds)

    def work(transaction: Transaction) -> None:
        for subject in subjects:
            transaction.note(action, subject, at)

    store.write(work)


def log(store: Store, **chosen: object) -> list[AuditEntry]:
    query = AuditQuery(**{"limit": 100, **chosen})  # type: ignore[arg-type]  # as named
    return store.read(lambda t: t.audit.list_around(query, query.limit))


def subjects(store: Store, **chosen: object) -> list[str]:
    return [entry.subject for entry in log(store, **chosen)]


def test_an_entry_comes_back_as_it_was_noted(store: Store) -> None:
    told: dict[str, object] = {"term": "ü🔥", "paused": None, "weight": 0.5, "words": ["a", "b"]}
    store.by(PAUL).write(lambda t: t.note(ADDED, "watch:1", NOW, **told))
    [entry] = log(store)
    assert entry == AuditEntry(entry.audit_id, NOW, PAUL, ADDED, "watch:1", told)


def test_a_line_of_the_log_says_the_same_once_it_is_committed(store: Store) -> None:
    with capture_logs() as lines:
        store.by(PAUL).write(lambda t: t.note(ADDED, "watch:1", NOW, term="news"))
    [entry], [line] = log(store), lines
    told = {name: line[name] for name in ("audit_id", "actor", "address", "action", "details")}
    assert told == {
        "audit_id": entry.audit_id,
        "actor": "client:nrc_paul",
        "address": "2001:db8::7",
        "action": "watch_added",
        "details": {"term": "news"},
    }


def test_what_is_not_committed_leaves_no_entry(store: Store) -> None:
    def work(transaction: Transaction) -> None:
        transaction.note(ADDED, "watch:1", NOW)
        raise ChangedMyMindError

    with capture_logs() as lines, pytest.raises(ChangedMyMindError):
        store.write(work)
    assert (log(store), lines) == ([], [])


def test_texts_are_cut_and_freed_of_what_looks_like_a_secret(store: Store) -> None:
    key = "AIza" + "k" * 35
    words = ["w"] * 51
    store.write(lambda t: t.note(ADDED, "watch:1", NOW, a="x" * 501, b=f"{key}\0", c=words))
    [entry] = log(store)
    assert entry.details == {"a": "x" * 500 + "…", "b": "***", "c": ["w"] * 50}


def test_filters_choose_by_who_by_what_and_by_what_to(store: Store) -> None:
    note(store, "watch:1", "watch:2")
    note(store.by(PAUL), "watch:1", action=REMOVED)
    assert subjects(store) == ["watch:1", "watch:2", "watch:1"]
    assert subjects(store, actor=PAUL.name) == subjects(store, action=REMOVED) == ["watch:1"]
    assert subjects(store, subject="watch:1") == ["watch:1", "watch:1"]
    assert subjects(store, subject="watch:1", actor="newsreel", action=REMOVED) == []


def test_a_cursor_leads_to_what_is_next_to_it_on_either_side(store: Store) -> None:
    note(store, *(f"watch:{number}" for number in range(5)))
    middle = log(store)[2].audit_id
    for newer, expected in ((False, ["watch:1"]), (True, ["watch:3"])):
        found = log(store, limit=1, cursor=LogCursor(middle, newer=newer))
        assert [entry.subject for entry in found] == expected


def test_pruning_goes_in_batches_from_the_oldest_and_leaves_what_is_young(store: Store) -> None:
    for seconds in (-3, -2, -1, 0, 1):
        note(store, f"watch:{seconds + 3}", seconds=seconds)
    assert [store.write(lambda t: t.audit.prune(NOW, 2)) for _ in range(3)] == [2, 1, 0]
    assert subjects(store) == ["watch:4", "watch:3"]


def test_an_entry_outlives_what_it_tells_of(store: Store) -> None:
    watch_id = add_watch(store).watch_id
    note(store, f"watch:{watch_id}")
    store.write(lambda t: t.watches.remove(watch_id, LONG_AGO))
    assert subjects(store) == [f"watch:{watch_id}"]
