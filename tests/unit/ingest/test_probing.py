"""A backend that hangs holds nobody up: it counts as away, and is asked once."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, cast

import pytest

from app.domain.feeds import ALL
from app.feed.reader import FeedReader
from app.ingest.clock_steps import NoClockCheck
from app.ingest.probing import Probe
from app.ingest.readiness import ReadinessCheck
from app.ingest.trouble import WriteTrouble
from app.telemetry import Incidents, get_logger
from tests.unit.feed.backends import Backends

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.quota.ring import KeyRing

SOON = 0.05


@pytest.fixture
def hung() -> Iterator[Event]:
    """Set when what hangs may go on."""
    event = Event()
    yield event
    event.set()


@pytest.fixture
def backends() -> Backends:
    return Backends()


@pytest.fixture
def check(backends: Backends) -> ReadinessCheck:
    incidents = Incidents(get_logger("test"))
    store, clock = backends.store, backends.clock
    return ReadinessCheck(
        store=store,
        cache=backends.cache,
        reader=FeedReader(store, backends.reader(), clock, incidents),
        ring=cast("KeyRing", None),  # is not asked while the database is away
        clock=clock,
        writes=WriteTrouble(store, clock, incidents),
        incidents=incidents,
        clock_check=NoClockCheck(store, clock),
    )


def test_a_database_that_hangs_is_away_for_all_who_ask_and_asked_once(
    backends: Backends, check: ReadinessCheck, hung: Event
) -> None:
    backends.store.meanwhile = hung.wait  # type: ignore[assignment]  # what it returns is not used
    for _ in range(3):
        state = check.check(SOON)
        assert [problem.code for problem in state.problems] == ["database_unavailable"]
        assert not state.serving
    assert backends.store.calls == 1


def test_while_the_database_hangs_a_kept_head_is_served(
    backends: Backends, check: ReadinessCheck, hung: Event
) -> None:
    backends.publish(ALL, 1)
    backends.store.meanwhile = hung.wait  # type: ignore[assignment] # hangs instead
    assert check.check(10 * SOON).serving


def test_a_cache_that_hangs_is_away(backends: Backends, check: ReadinessCheck, hung: Event) -> None:
    backends.store.failure = None
    backends.cache.meanwhile = hung.wait  # type: ignore[assignment] # hangs instead
    backends.store.meanwhile = hung.wait  # type: ignore[assignment] # hangs instead
    codes = {problem.code for problem in check.check(SOON).problems}
    assert codes == {"cache_unavailable", "database_unavailable"}


def test_a_process_without_threads_left_asks_again_once_it_has_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    probe = Probe("probe", lambda: "answer")
    with monkeypatch.context() as limited:
        limited.setattr(Thread, "start", _no_more_threads)
        with pytest.raises(RuntimeError):
            probe.begin().result(0)
    assert probe.begin().result(20) == "answer"


def _no_more_threads(_: Thread) -> None:
    raise RuntimeError("can't start new thread")
