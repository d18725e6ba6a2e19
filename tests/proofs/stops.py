"""The proof of stopping: SIGTERM over and over under load, and everything ends in good order.

Each round publishes a burst, waits until it is being fetched and served, and asks one service to
end at any moment of it. What ended is started again. At the end the books are held against the
simulator's truth, as after kills.
"""

from __future__ import annotations

import random
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.quota import Bucket
from tests.proofs.audit import check_calls, check_feed
from tests.proofs.stop_readers import Readers
from tests.waiting import until_it_holds, wait_until

if TYPE_CHECKING:
    from tests.processes import ChildProcess
    from tests.proofs.audit import Books
    from tests.proofs.traffic import Traffic
    from tests.proofs.victims import Victims

ENDS_WITHIN_SECONDS = 30.0
"""What is promised; docker-compose.yml waits for longer before it kills."""

BURST = 30
_AT_WORK_WITHIN_SECONDS = 60.0
_SETTLED_WITHIN_SECONDS = 120.0
_SERVED_WITHIN_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Stops:
    """How one service ended, each time.

    Args:
        service: its name.
        seconds: from SIGTERM to the end of its last process.
        statuses: exit statuses other than 0.
        left: how often processes were left behind.
        answers: requests that were answered meanwhile.
        faults: requests that were taken and not answered, in words.
    """

    service: str
    seconds: list[float]
    statuses: list[int]
    left: int
    answers: int
    faults: list[str]

    def check(self) -> None:
        """Hold it against what is promised.

        Raises:
            AssertionError: it did not end in time, or not in good order, or left a reader waiting.
        """
        assert not self.statuses, f"{self.service} ended with {self.statuses}"
        assert not self.left, f"{self.service} left processes behind {self.left} times"
        longest = max(self.seconds)
        assert longest <= ENDS_WITHIN_SECONDS, f"{self.service} took {longest:.1f} s"
        told = "\n".join(self.faults[:10])
        assert not self.faults, f"{self.service}: {len(self.faults)} without answer:\n{told}"


class StopProof:
    """One run.

    Args:
        victims: what is asked to end; nothing of it runs yet.
        traffic: the YouTube it reads.
        books: its database.
        seed: of the moments.
    """

    def __init__(self, victims: Victims, traffic: Traffic, books: Books, *, seed: int) -> None:
        self._victims = victims
        self._traffic = traffic
        self._books = books
        self._random = random.Random(seed)

    def run(self, stops: int) -> tuple[list[Stops], int]:
        """Stop each service so many times; return how they ended, and the videos served at the end.

        Raises:
            AssertionError: something was lost, doubled or miscounted. How services ended is told by
                `Stops.check`.
        """
        history = self._traffic.truth()
        self._victims.start()
        wait_until(self._victims.site.answers, _AT_WORK_WITHIN_SECONDS, claim="it serves")
        ended = [self._stop_often(name, stops) for name in self._victims.commands]
        self._books.check_coverage(history)
        self._traffic.end_of_trouble()
        videos = self._settle()
        self._victims.stop()
        for bucket in Bucket:
            check_calls(self._books, self._traffic, bucket)
        return ended, videos

    def _stop_often(self, name: str, stops: int) -> Stops:
        ended = Stops(name, [], [], 0, 0, [])
        left = 0
        with Readers(int(self._victims.env["PORT"])) as readers:
            for _ in range(stops):
                self._wait_for_work(readers)
                left += self._stop(name, ended)
                self._victims.start()
                self._wait_for_handler(self._victims.running[name])
        answers = readers.answers
        unhandled = [str(status) for status in answers if status >= 500 and status != 503]
        faults = readers.faults + [f"status {status}" for status in unhandled]
        return Stops(name, ended.seconds, ended.statuses, left, answers.total(), faults)

    def _wait_for_work(self, readers: Readers) -> None:
        """Return at some moment of fetching and serving."""
        calls, answers = self._calls(), readers.answers.total()
        self._traffic.burst(BURST)
        wait_until(
            lambda: self._calls() > calls and readers.answers.total() > answers,
            _AT_WORK_WITHIN_SECONDS,
            claim="it fetches and serves",
        )
        time.sleep(self._random.uniform(0, 0.5))  # the moment itself; nothing is waited for

    def _stop(self, name: str, ended: Stops) -> bool:
        """Ask a service to end; tell whether it left processes behind."""
        process = self._victims.running[name]
        asked_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status = process.wait(3 * ENDS_WITHIN_SECONDS)
        ended.seconds.append(time.monotonic() - asked_at)
        if status != 0:
            ended.statuses.append(status)
        return bool(process.survivors())

    def _wait_for_handler(self, process: ChildProcess) -> None:
        """Wait until a process that was started obeys SIGTERM by itself (Beat tells nobody)."""
        wait_until(lambda: _handles(process.pid, signal.SIGTERM), _AT_WORK_WITHIN_SECONDS)

    def _settle(self) -> int:
        site, truth = self._victims.site, self._traffic.truth()
        wait_until(
            lambda: site.total() >= len(truth) and not self._books.incomplete(),
            _SETTLED_WITHIN_SECONDS,
            claim=f"all {len(truth)} videos are served",
        )
        until_it_holds(lambda: self._books.check_rows(truth), _SETTLED_WITHIN_SECONDS)
        return until_it_holds(lambda: check_feed(site, truth), _SERVED_WITHIN_SECONDS)

    def _calls(self) -> int:
        return self._traffic.charged("search").total()


def _handles(pid: int, which: signal.Signals) -> bool:
    """Tell whether a process has a handler for a signal (proc_pid_status(5))."""
    try:
        with open(f"/proc/{pid}/status") as status:  # noqa: PTH123 - one line of many
            caught = next(line for line in status if line.startswith("SigCgt:"))
    except (FileNotFoundError, ProcessLookupError):
        return False
    return bool(int(caught.split()[1], 16) >> (which - 1) & 1)
