"""The kill proof: processes are killed with -9 over and over, and nothing is lost or doubled.

Each round makes the simulated YouTube publish a burst and kills something meanwhile: at a named
step of the ingest, or at any moment. What died is started again. At the end the feed is held
against the simulator's truth, the counts against the rows, the calls against the ledger.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.quota import Bucket
from tests.proofs.audit import Books, Calls, check_calls, check_feed
from tests.proofs.failpoints import STEPS, arm
from tests.proofs.traffic import HISTORY_VIDEOS, Traffic
from tests.waiting import until_it_holds, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.proofs.victims import Victims

VIDEOS = 5200
"""At least so many pass, whatever the number of kills."""

LEAST_BURST = 30
_REFRESHED_AT_ONCE = 120
_PROVOKED_AFTER_SECONDS = 4.0
_HIT_WITHIN_SECONDS = 40.0
_SETTLED_WITHIN_SECONDS = 90.0
_SERVED_WITHIN_SECONDS = 5.0
"""Each web process may serve a head that is a second old, and the machine is busy."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One round's kill.

    Args:
        victim: the name of what is killed.
        step: where it dies; None for any moment.
        passes: how often the step passes before.
        whole: all its processes die, or only the one that does the work.
    """

    victim: str
    step: str | None
    passes: int
    whole: bool


@dataclass(frozen=True, slots=True)
class Survived:
    """What a proof saw that held."""

    kills: Counter[str]
    steps: Counter[str]
    videos: int
    faults: int
    searches: Calls
    units: Calls
    seconds: float


def planned(victims: list[str], kills: int, rng: random.Random) -> list[Kill]:
    """Return a plan that visits steps in turn in three of four kills, in a shuffled order.

    With enough kills that is each step. The others come at any moment and take turns among the
    victims.
    """
    at_steps = kills * 3 // 4
    fetching, names = victims[0], cycle(reversed(victims))
    plan = [
        Kill(fetching, step, rng.randrange(3), rng.random() < 0.5)
        for step in islice(cycle(rng.sample(list(STEPS), len(STEPS))), at_steps)
    ]
    plan += [
        Kill(name, None, 0, name != fetching or rng.random() < 0.5)
        for name in islice(names, kills - at_steps)
    ]
    rng.shuffle(plan)
    return plan


class KillProof:
    """One run.

    Args:
        victims: what is killed; nothing of it runs yet.
        traffic: the YouTube it reads.
        books: its database.
        seed: of the plan.
        in_the_middle: done once, after half of the kills.
    """

    def __init__(
        self,
        victims: Victims,
        traffic: Traffic,
        books: Books,
        *,
        seed: int,
        in_the_middle: Callable[[], None] | None = None,
    ) -> None:
        self._victims = victims
        self._traffic = traffic
        self._books = books
        self._random = random.Random(seed)
        self._in_the_middle = in_the_middle or (lambda: None)

    def run(self, kills: int) -> Survived:
        """Kill so many times, then check everything.

        Raises:
            AssertionError: something was lost, doubled, miscounted or overspent, or a step was
                not reached.
        """
        started_at = time.monotonic()
        plan = planned(list(self._victims.commands), kills, self._random)
        burst = max(LEAST_BURST, (VIDEOS - HISTORY_VIDEOS) // kills)
        history = self._traffic.truth()
        self._victims.start()
        for number, kill in enumerate(plan):
            if number == kills // 2:
                self._in_the_middle()
            self._carry_out(kill, burst)
            self._books.check_coverage(history)
            self._victims.start()
        faults = self._traffic.end_of_trouble()
        videos = self._settle()
        self._victims.stop()
        self._books.check_rows(self._traffic.truth())
        return Survived(
            kills=Counter(kill.victim for kill in plan),
            steps=Counter(kill.step for kill in plan if kill.step is not None),
            videos=videos,
            faults=faults,
            searches=check_calls(self._books, self._traffic, Bucket.SEARCH),
            units=check_calls(self._books, self._traffic, Bucket.UNITS),
            seconds=time.monotonic() - started_at,
        )

    def _carry_out(self, kill: Kill, burst: int) -> None:
        if kill.step is None:
            self._kill_at_any_moment(kill, burst)
        else:
            self._kill_at(kill, kill.step, burst)

    def _kill_at_any_moment(self, kill: Kill, burst: int) -> None:
        before = self._calls()
        self._traffic.burst(burst)
        wait_until(lambda: self._calls() > before, _HIT_WITHIN_SECONDS, claim="it fetches")
        time.sleep(self._random.uniform(0, 0.5))  # the moment itself; nothing is waited for
        self._victims.kill(kill.victim, whole=kill.whole)

    def _kill_at(self, kill: Kill, step: str, burst: int) -> None:
        folder = self._victims.processes.folder
        hit = arm(folder, step, passes=kill.passes, whole=kill.whole)
        self._provoke(burst)
        provoked_at = time.monotonic()

        def died() -> bool:
            nonlocal provoked_at
            if time.monotonic() - provoked_at > _PROVOKED_AFTER_SECONDS:
                self._provoke(LEAST_BURST)
                provoked_at = time.monotonic()
            return hit.exists()

        wait_until(died, _HIT_WITHIN_SECONDS, claim=f"the process dies at {step!r}")
        if kill.whole:
            self._victims.expect_death(kill.victim)
        pid = int(hit.read_text())
        wait_until(lambda: not _lives(pid), claim=f"the process that came to {step!r} is dead")

    def _provoke(self, burst: int) -> None:
        """Give the ingest something of each kind to do."""
        self._traffic.burst(burst)
        self._books.make_refresh_due(_REFRESHED_AT_ONCE)

    def _settle(self) -> int:
        """Wait until all is read, without further trouble; check and count it."""
        self._victims.start_web()
        shown = len(self._traffic.truth())
        site = self._victims.site
        try:
            wait_until(
                lambda: site.total() >= shown and not self._books.incomplete(),
                _SETTLED_WITHIN_SECONDS,
                claim=f"all {shown} videos are served",
            )
        except AssertionError as error:
            error.add_note(f"{site.total()} are served\n{self._books.state()}")
            raise
        truth = self._traffic.truth()
        # One that two keywords find is served when the first has found it.
        until_it_holds(lambda: self._books.check_rows(truth), _SETTLED_WITHIN_SECONDS)
        return until_it_holds(lambda: check_feed(site, truth), _SERVED_WITHIN_SECONDS)

    def _calls(self) -> int:
        return sum(self._traffic.charged("search").values())


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # gone before, or between, open and read
        return False
    return state != "Z"
