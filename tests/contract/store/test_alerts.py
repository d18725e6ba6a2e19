"""Alerts on every kind of database: of many processes one tells, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from app.alerts.alerting import Alerts
from app.alerts.reporting import AlertReports
from app.domain.alerts import CERTAIN_AFTER, Alert
from app.domain.watches import Problem
from tests.contract.store.tellings import NOW
from tests.unit.simulator.worlds import SettableClock

if TYPE_CHECKING:
    from app.domain.alerts import Message
    from app.store.store import Store

MINUTE = timedelta(minutes=1)
TROUBLE = Problem("quota_exhausted", NOW, "nothing is left")


@dataclass
class Trouble:
    """What is wrong, as a test wants it."""

    problems: list[Problem] = field(default_factory=list)

    def look(self, _known: object) -> dict[str, Problem]:
        return {problem.code: problem for problem in self.problems}


@dataclass
class Ways:
    """Two ways to the operator; the first `broken` messages are not taken by either."""

    sent: list[Message] = field(default_factory=list)
    broken: int = 0
    count: int = 2
    half_broken: bool = False

    def send(self, message: Message) -> list[str]:
        self.sent.append(message)
        if self.broken:
            self.broken -= 1
            return ["no. 1", "no. 2"]
        return ["no. 1"] if self.half_broken else []

    @property
    def titles(self) -> list[str]:
        return [message.title.removeprefix("Newsreel: ") for message in self.sent]


@dataclass
class Operator:
    """Processes that share a store, and what reaches the operator."""

    store: Store
    trouble: Trouble = field(default_factory=Trouble)
    ways: Ways = field(default_factory=Ways)
    clock: SettableClock = field(default_factory=lambda: SettableClock(NOW))

    def process(self) -> Alerts:
        return Alerts(self.store, self.trouble, self.ways, self.clock)  # type: ignore[arg-type]  # a stand-in for what it looks at

    def tick(self, process: Alerts, after: timedelta = MINUTE) -> None:
        self.clock.at += after
        for code in process.due():
            process.run(code)

    def begin(self) -> None:
        """Let trouble be noticed, and last until it is certain."""
        self.trouble.problems = self.trouble.problems or [TROUBLE]
        assert self.process().due() == []
        self.clock.at += CERTAIN_AFTER

    def alerts(self) -> list[Alert]:
        return self.store.read(lambda t: t.alerts.list_all())


@pytest.fixture
def operator(store: Store) -> Operator:
    return Operator(store)


def test_trouble_is_told_once_when_it_begins_and_once_when_it_ends(operator: Operator) -> None:
    process = operator.process()
    operator.trouble.problems = [TROUBLE]
    for _ in range(10):
        operator.tick(process)
    assert operator.ways.titles == ["quota exhausted"]
    assert "nothing is left" in operator.ways.sent[0].body
    operator.trouble.problems = []
    for _ in range(10):
        operator.tick(process)
    assert operator.ways.titles == ["quota exhausted", "quota exhausted is over"]
    assert [message.good for message in operator.ways.sent] == [False, True]
    assert operator.alerts() == []


def test_neither_many_processes_nor_a_restart_say_it_twice(operator: Operator) -> None:
    operator.trouble.problems = [TROUBLE]
    for _ in range(3):
        for process in (operator.process(), operator.process()):
            operator.tick(process, timedelta(0))
        operator.clock.at += MINUTE
    assert operator.ways.titles == ["quota exhausted"]


def test_processes_that_notice_at_the_same_moment_say_it_once(operator: Operator) -> None:
    operator.trouble.problems = [TROUBLE, replace(TROUBLE, code="data_stale")]
    operator.begin()
    processes = [operator.process() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        given_out = list(pool.map(lambda process: process.due(), processes))
    assert sorted(code for codes in given_out for code in codes) == [
        "data_stale",
        "quota_exhausted",
    ]


def test_trouble_that_comes_back_at_once_was_never_over(operator: Operator) -> None:
    process = operator.process()
    operator.begin()
    for _ in range(5):
        operator.trouble.problems = [TROUBLE]
        operator.tick(process)
        operator.trouble.problems = []
        operator.tick(process)
        operator.tick(process)
    assert operator.ways.titles == ["quota exhausted"]


def test_trouble_that_comes_back_after_its_end_is_told_anew(operator: Operator) -> None:
    process = operator.process()
    for problems in ([TROUBLE], [], [TROUBLE], []):
        operator.trouble.problems = problems
        for _ in range(7):
            operator.tick(process)
    assert operator.ways.titles == ["quota exhausted", "quota exhausted is over"] * 2


def test_two_troubles_are_two_alerts(operator: Operator) -> None:
    one, other = (replace(TROUBLE, code=f"key_disabled:{name}") for name in ("aaa", "bbb"))
    process = operator.process()
    for problems in ([one], [one, other], [other]):
        operator.trouble.problems = problems
        for _ in range(7):
            operator.tick(process)
    assert operator.ways.titles == ["key disabled", "key disabled", "key disabled is over"]


def test_what_nobody_took_is_sent_again_with_waits_that_double(operator: Operator) -> None:
    operator.begin()
    process = operator.process()
    operator.ways.broken = 4
    minutes = []
    for minute in range(20):
        before = len(operator.ways.sent)
        operator.tick(process)
        minutes += [minute] * (len(operator.ways.sent) - before)
    assert minutes == [0, 1, 2, 4, 8]


def test_one_way_that_works_is_enough(operator: Operator) -> None:
    process = operator.process()
    operator.trouble.problems = [TROUBLE]
    operator.ways.half_broken = True
    for _ in range(5):
        operator.tick(process)
    assert operator.ways.titles == ["quota exhausted"]


def test_what_was_over_before_anybody_heard_of_it_is_not_told(operator: Operator) -> None:
    operator.begin()
    process = operator.process()
    operator.ways.broken = 1
    operator.tick(process)
    operator.trouble.problems = []
    for _ in range(10):
        operator.tick(process)
    assert len(operator.ways.sent) == 1
    assert operator.alerts() == []


def test_what_a_crash_cut_short_is_sent_again(operator: Operator) -> None:
    operator.begin()
    assert operator.process().due() == ["quota_exhausted"]  # and killed before it ran
    operator.tick(operator.process())
    assert operator.ways.sent == []
    operator.tick(operator.process(), 2 * MINUTE)
    assert operator.ways.titles == ["quota exhausted"]


def test_trouble_that_ends_while_it_is_told_has_its_end_told(operator: Operator) -> None:
    operator.begin()
    process = operator.process()
    codes = process.due()
    operator.trouble.problems = []
    operator.tick(operator.process(), timedelta(0))  # another process sees the end first
    for code in codes:
        process.run(code)
    for _ in range(10):
        operator.tick(process)
    assert operator.ways.titles == ["quota exhausted", "quota exhausted is over"]


def test_without_a_way_to_tell_nothing_is_written(operator: Operator) -> None:
    operator.ways.count = 0
    operator.trouble.problems = [TROUBLE]
    assert operator.process().due() == []
    assert operator.alerts() == []


def test_trouble_is_looked_for_once_a_minute(operator: Operator) -> None:
    process = operator.process()
    operator.begin()
    assert process.due() == ["quota_exhausted"]
    operator.trouble.problems = [replace(TROUBLE, code="data_stale")]
    operator.clock.at += MINUTE - timedelta(seconds=1)
    assert process.due() == []
    assert [alert.code for alert in operator.alerts()] == ["quota_exhausted"]
    operator.clock.at += timedelta(seconds=1)
    process.due()
    assert len(operator.alerts()) == 2


def test_trouble_of_a_moment_is_not_told(operator: Operator) -> None:
    process = operator.process()
    operator.trouble.problems = [TROUBLE]  # as after hours without us, until the first poll
    operator.tick(process)
    operator.trouble.problems = []
    for _ in range(10):
        operator.tick(process)
    assert operator.ways.sent == []
    assert operator.alerts() == []


def test_a_clock_that_is_set_back_ends_no_looking(operator: Operator) -> None:
    process = operator.process()
    operator.clock.at += timedelta(days=30)
    assert process.due() == []
    operator.clock.at -= timedelta(days=30)
    operator.trouble.problems = [TROUBLE]
    for _ in range(5):
        operator.tick(process)
    assert operator.ways.titles == ["quota exhausted"]


def test_what_was_told_is_reported_with_the_kinds_of_ways(operator: Operator) -> None:
    process = operator.process()
    operator.trouble.problems = [TROUBLE]
    for _ in range(5):
        operator.tick(process)
    report = AlertReports(operator.store, ["mailto", "slack"]).report()
    assert report.channels == ("mailto", "slack")
    assert [(it.code, it.told_at is not None) for it in report.alerts] == [(TROUBLE.code, True)]


def test_everything_of_an_alert_is_kept(operator: Operator) -> None:
    whole = Alert(
        "code:x",
        "Ünïcode 🎉" * 99,
        NOW,
        NOW,
        NOW + MINUTE,
        NOW,
        datetime.max.replace(tzinfo=NOW.tzinfo, year=2100),
    )
    operator.store.write(lambda t: t.alerts.put(whole))
    operator.store.write(lambda t: t.alerts.put(whole))
    assert operator.alerts() == [whole]
