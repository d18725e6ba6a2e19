"""What a tick sends, and that it sends nothing to a queue that nobody takes from."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from kombu.exceptions import OperationalError
from structlog.testing import capture_logs

from app.domain.errors import CacheUnavailableError
from app.domain.watches import Claim
from app.ingest.jobs import JobKind, job
from tests.processes import PROJECT
from workers import tasks
from workers.celery_app import app
from workers.logs import QUEUE_UNAVAILABLE
from workers.scheduler import message_waits
from workers.tasks import MOST_WAITING, tick

if TYPE_CHECKING:
    from collections.abc import Mapping


class Waiting:
    """A queue of a given length, or one that is away."""

    def __init__(self) -> None:
        self.fetches: int | None = 0

    def lengths(self) -> Mapping[str, int]:
        if self.fetches is None:
            raise CacheUnavailableError("away")
        return {"tick": 0, "fetch": self.fetches}


class Ingest:
    """Has a watch that is always due."""

    def __init__(self) -> None:
        self.ticks = 0
        self.due = [Claim(7, 3)]
        self.let_gone: list[Claim] = []

    def tick(self, limit: int = 1000) -> list[Claim]:
        self.ticks += 1
        return self.due[:limit]

    def let_go(self, claims: list[Claim]) -> None:
        self.let_gone += claims


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def ingest() -> Ingest:
    return Ingest()


@pytest.fixture
def sent(
    monkeypatch: pytest.MonkeyPatch, waiting: Waiting, ingest: Ingest
) -> list[tuple[object, ...]]:
    """What ticks send, instead of sending it."""
    found: list[tuple[object, ...]] = []
    jobs = {JobKind.SCOUT: job(lambda: [None], lambda _: None)}
    made = SimpleNamespace(queues=waiting, ingest=ingest, jobs=jobs, messages={})
    monkeypatch.setitem(app.__dict__, "services", made)
    for task in (tasks.fetch, tasks.JOBS[JobKind.SCOUT]):
        monkeypatch.setattr(task, "apply_async", lambda given, **_: found.append(given))
    return found


def test_a_queue_that_nobody_takes_from_is_sent_nothing_until_it_is_taken_again(
    sent: list[tuple[object, ...]], waiting: Waiting, ingest: Ingest
) -> None:
    with capture_logs() as logs:
        for length in (MOST_WAITING, MOST_WAITING + 1, MOST_WAITING + 1, 0):
            waiting.fetches = length
            tick()
    assert sent == [(7, 3), (None,)] * 2
    assert ingest.ticks == 4, "what else a tick does goes on"
    told = [(log["event"], log["code"]) for log in logs]
    assert told == [("incident_began", "queue_full"), ("incident_ended", "queue_full")]


@pytest.mark.usefixtures("sent")
def test_watches_that_nobody_could_be_sent_for_are_due_at_once(
    monkeypatch: pytest.MonkeyPatch, ingest: Ingest
) -> None:
    ingest.due = [Claim(1, 1), Claim(2, 1), Claim(3, 1)]

    def send(given: tuple[int, int], **_: object) -> None:
        if given == (2, 1):
            raise OperationalError("the queue left")

    monkeypatch.setattr(tasks.fetch, "apply_async", send)
    with pytest.raises(OperationalError):
        tick()
    assert ingest.let_gone == [Claim(2, 1), Claim(3, 1)]


def test_the_alert_on_a_full_queue_stays_below_where_ticks_stop_filling_it() -> None:
    rules = (PROJECT / "deploy/monitoring/alerts.yml").read_text(encoding="utf-8")
    (told,) = re.findall(r"expr: newsreel_queue_messages\{.*\} > (\d+)$", rules, re.MULTILINE)
    assert int(told) <= MOST_WAITING / 2
    guide = (PROJECT / "docs/monitoring.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `NewsreelQueueGrows` .*$", guide, re.MULTILINE)
    assert re.findall(r"\d+", row) == [told, str(MOST_WAITING)]


def test_a_length_that_nobody_tells_keeps_no_tick_from_sending(
    sent: list[tuple[object, ...]], waiting: Waiting
) -> None:
    waiting.fetches = None
    tick()
    assert sent == [(7, 3), (None,)]


def test_a_queue_that_still_has_the_last_message_is_no_longer_away() -> None:
    with capture_logs() as logs:
        app.incidents.begin(QUEUE_UNAVAILABLE, "refused")
        message_waits.send(sender=None)
    assert [log["event"] for log in logs] == ["incident_began", "incident_ended"]
