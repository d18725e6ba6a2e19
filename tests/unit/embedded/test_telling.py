"""The scheduler of the embedded mode tells others, and nobody who is told holds it up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.alerts.apprise_sender import AppriseSender
from app.domain.watches import Problem
from app.embedded.ticker import Ticker
from tests.contract.sources.wire_server import raw
from tests.integration.webhooks.receiver import Receiver, receiver
from tests.unit.ingest.rig import Rig, before_noon, ids_of, make_rig
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.domain.alerts import Message


@pytest.fixture
def target() -> Iterator[Receiver]:
    with receiver() as running:
        yield running


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = make_rig(
        tmp_path, before_noon(3), keywords="title", outgoing_allow="127.0.0.1", alert_urls="x://y"
    )
    yield made
    made.services.close()


@pytest.fixture
def ticker(rig: Rig) -> Iterator[Ticker]:
    running = Ticker(rig.services, 1)
    yield running
    running.stop()


def test_what_a_poll_finds_reaches_a_webhook(rig: Rig, ticker: Ticker, target: Receiver) -> None:
    rig.services.webhooks.add(target.url)
    ticker.start()
    wait_until(lambda: target.bodies)
    assert sorted(target.videos()[0]) == sorted(ids_of(before_noon(3)))


def test_a_receiver_that_does_not_answer_holds_no_poll_up(
    rig: Rig, ticker: Ticker, target: Receiver
) -> None:
    for _ in range(8):
        rig.services.webhooks.add(target.url)
    held = threading.Event()
    target.on_arrival = lambda: held.wait(10)
    ticker.start()
    wait_until(lambda: target.server.requests)
    rig.watch("harbour")
    wait_until(lambda: rig.services.store.read(lambda t: t.watches.get(2)).last_success_at)
    assert not held.is_set()
    held.set()


def test_trouble_is_told(rig: Rig, ticker: Ticker, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    trouble = {"data_stale": Problem("data_stale", rig.clock(), "old")}
    monkeypatch.setattr(rig.services.alerts._noticing, "look", lambda _known: trouble)

    def send(_self: AppriseSender, message: Message) -> list[str]:
        told.append(message.title)
        return []

    monkeypatch.setattr(AppriseSender, "send", send)
    ticker.start()
    wait_until(lambda: rig.services.store.read(lambda t: t.alerts.list_all()))
    rig.clock.move(120)
    wait_until(lambda: told)
    assert told == ["Newsreel: data stale"]


def test_a_fault_of_ours_in_telling_is_logged_and_ends_nothing(
    rig: Rig, ticker: Ticker, target: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.services.webhooks.add(target.url)
    target.answers = [raw(b"")]

    def crash(*_arguments: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(rig.services.deliverer, "_deliver", crash, raising=True)
    monkeypatch.setattr(rig.services.alerts, "due", lambda: ["data_stale"])
    monkeypatch.setattr(rig.services.alerts, "run", crash)
    with capture_logs() as logs:
        ticker.start()
        wait_until(lambda: {"alert", "deliver"} <= {log.get("kind") for log in logs})
    assert ticker._thread.is_alive()
