"""The crashes proof: whatever crashes, what is stored is served soon (`ONLY=crashes`)."""

from __future__ import annotations

import signal
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from tests.proofs.chaos.site import ChaosSite, full_stack
from tests.proofs.failpoints import AS_SHIPPED, arm
from tests.proofs.report import Options, Proof
from tests.proofs.visibility import Visibility
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.e2e.site import Simulated

TIMES = 5
BURST = 5
TICK_SECONDS = 10
"""As shipped."""

SERVED_WITHIN_SECONDS = 2.0
SERVED_WITHIN_SECONDS_AFTER_CRASH = 15.0
_NOTHING = "nothing"
_COMMITTED = "worker, between commit and publication"
CRASHES = (_NOTHING, _COMMITTED, "worker", "Beat", "web", "Redis", "database")
_GIVE_UP_SECONDS = 180.0

_SECTION = """Run on {day}.

Result: each of {videos} videos was on the first page of both webs after its commit: within
{calm:.1f} s while nothing crashed (promised: {promised_calm:g} s), within {crashed:.1f} s when a
worker died between the two, or anything else crashed (promised: {promised:g} s).

The full stack as shipped, a tick every {tick} s: two webs, two workers, two Beats, MariaDB, Redis.
{burst} videos are published; as soon as one of them is stored, what is to crash is killed with all
its processes by SIGKILL and started again at once, as a supervisor does, {times} times each. The
worker also dies at the worst moment: its rows are committed and nobody was told of them. The
database and both webs are asked ten times a second; a video counts as served when both have it.

| crashed | videos | median s | longest s |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Line:
    """How long videos took from their commit to both webs while something crashed."""

    crashed: str
    seconds: tuple[float, ...]

    @property
    def promised(self) -> float:
        """Seconds."""
        calm = self.crashed == _NOTHING
        return SERVED_WITHIN_SECONDS if calm else SERVED_WITHIN_SECONDS_AFTER_CRASH

    def check(self) -> None:
        """Raise an AssertionError if it is not as promised."""
        assert max(self.seconds) <= self.promised, f"{self}"

    def __str__(self) -> str:
        middle, longest = median(self.seconds), max(self.seconds)
        return f"| {self.crashed} | {len(self.seconds)} | {middle:.1f} | {longest:.1f} |"


def _run(_options: Options, folder: Path) -> str:
    celery = ("-m", "tests.proofs.failpoints", AS_SHIPPED, "celery", "-A", "workers.celery_app")
    options = ("--rate", "0", "--match-all")
    with (
        full_stack(folder, *options, tick_seconds=TICK_SECONDS, celery=celery) as (site, youtube),
        closing(Visibility(site.database_url, site.sites)) as visibility,
    ):
        visibility.start()
        crashes = Crashes(site, youtube, visibility)
        crashes.warm_up()
        lines = [crashes.line(crashed) for crashed in CRASHES]
    for line in lines:
        line.check()
    return section(lines)


class Crashes:
    """Lets one thing crash at a time.

    Args:
        site: runs, its workers with failpoints.
        youtube: publishes nothing by itself.
        visibility: watches.
    """

    def __init__(self, site: ChaosSite, youtube: Simulated, visibility: Visibility) -> None:
        self._site = site
        self._youtube = youtube
        self._visibility = visibility

    def warm_up(self) -> None:
        """Wait until a first burst is served, so that everything runs."""
        self._wait_until_served(self._burst())

    def line(self, crashed: str) -> Line:
        """Crash so often and return how long the videos took."""
        seconds: list[float] = []
        for _ in range(TIMES):
            video_ids = self._with_a_crash(crashed)
            self._wait_until_served(video_ids)
            seconds += self._visibility.seconds(video_ids)
        line = Line(crashed, tuple(seconds))
        sys.stderr.write(f"{line}\n")
        return line

    def _with_a_crash(self, crashed: str) -> list[str]:
        if crashed == _COMMITTED:
            hit = arm(self._site.processes.folder, "committed", passes=0, whole=True)
            video_ids = self._burst()
            wait_until(hit.exists, _GIVE_UP_SECONDS, claim="a worker dies after its commit")
            self._supervise()
            return video_ids
        video_ids = self._burst()
        wait_until(lambda: self._visibility.is_stored(video_ids), _GIVE_UP_SECONDS)
        self._crash(crashed)
        return video_ids

    def _crash(self, crashed: str) -> None:
        match crashed:
            case "Redis":
                self._site.redis.kill()
                self._site.redis.start()
            case "database":
                self._site.database.kill()
                self._site.database.start()
            case "worker" | "Beat" | "web":
                self._site.signal(f"{crashed.lower()}1", signal.SIGKILL)
                self._supervise()
            case _:
                assert crashed == _NOTHING

    def _supervise(self) -> None:
        """Start again what died, once it is dead."""
        died = wait_until(self._dead, claim="what was killed is dead")
        for name in died:
            self._site.start(name)

    def _dead(self) -> list[str]:
        return [name for name, it in self._site.running.items() if it.returncode is not None]

    def _burst(self) -> list[str]:
        return [self._youtube.publish(f"{n} of {BURST}") for n in range(BURST)]

    def _wait_until_served(self, video_ids: list[str]) -> None:
        wait_until(
            lambda: self._visibility.are_served(video_ids),
            _GIVE_UP_SECONDS,
            claim="all are served",
        )


def section(lines: Sequence[Line]) -> str:
    """Return the text of the section."""
    introduction = _SECTION.format(
        day=datetime.now(UTC).date(),
        videos=sum(len(line.seconds) for line in lines),
        calm=max(lines[0].seconds),
        crashed=max(max(line.seconds) for line in lines[1:]),
        promised_calm=SERVED_WITHIN_SECONDS,
        promised=SERVED_WITHIN_SECONDS_AFTER_CRASH,
        tick=TICK_SECONDS,
        burst=BURST,
        times=TIMES,
    )
    return introduction + "\n".join(map(str, lines)) + "\n"


PROOF = Proof(
    name="crashes",
    heading="Crashes: what is stored is served soon, whatever crashes just then",
    run=_run,
)
