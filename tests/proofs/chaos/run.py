"""One chaos run: trouble after trouble, and what was seen of it."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.proofs.chaos.readers import Readers
from tests.proofs.chaos.site import TICK_SECONDS
from tests.proofs.chaos.troubles import Deck
from tests.proofs.replay import truth_of

if TYPE_CHECKING:
    from tests.e2e.site import Simulated
    from tests.proofs.chaos.site import ChaosSite

BACK_WITHIN_SECONDS = 30.0
_CALM_SECONDS = (1.0, 6.0)
_GIVE_UP_SECONDS = 180.0
_SETTLED_WITHIN_SECONDS = 900.0
"""Long, for a machine that is busy: second readings come after all newer ones."""

_COPIED_WITHIN_SECONDS = 60.0
EARNEST_MINUTES = 30.0
"""From here on a run has to have met enough videos and every trouble there is."""

LEAST_VIDEOS = 20_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run saw.

    Args:
        minutes: how long there was trouble.
        troubles: how many of each kind.
        unmet: the kinds there are that were not drawn.
        back: seconds after each trouble until ingest had stored, and a web served, what was
            published when it ended; with the trouble's words.
        shown: videos the simulator's search has shown.
        lost: ids of those that are not served.
        uncopied: ids of those that a copy by /changes lacks.
        doubled: ids that the feed has twice.
        invented: ids that the feed has and the simulator has not.
        faults: what readers saw that may not be.
        answers: how many answers of each status.
        walks: whole walks by cursor.
    """

    minutes: float
    troubles: Counter[str]
    unmet: set[str]
    back: list[tuple[float, str]]
    shown: int
    lost: list[str]
    uncopied: list[str]
    doubled: list[str]
    invented: list[str]
    faults: dict[str, str]
    answers: Counter[str]
    walks: int

    @property
    def late(self) -> list[tuple[float, str]]:
        """The troubles after which ingest took too long."""
        return [each for each in self.back if each[0] > BACK_WITHIN_SECONDS]

    def check(self) -> None:
        """Raise an AssertionError that names everything that did not hold."""
        wrong: dict[str, object] = {
            "lost": self.lost[:5],
            "not copied": self.uncopied[:5],
            "doubled": self.doubled[:5],
            "invented": self.invented[:5],
            "faults": self.faults,
            "late": self.late,
        }
        if self.minutes >= EARNEST_MINUTES:
            wrong["never met"] = sorted(self.unmet)
            wrong["too few videos"] = self.shown if self.shown < LEAST_VIDEOS else None
        told = {name: what for name, what in wrong.items() if what}
        assert not told, f"{told}; lost in all: {len(self.lost)}"


class ChaosRun:
    """Runs for a while.

    Args:
        site: runs already.
        youtube: the simulator itself, not by its proxy.
        seed: of the troubles.
    """

    def __init__(self, site: ChaosSite, youtube: Simulated, seed: int) -> None:
        self._site = site
        self._youtube = youtube
        self._random = random.Random(seed)
        self._deck = Deck(site, self._random)
        self._back: list[tuple[float, str]] = []
        self._troubles: Counter[str] = Counter()

    def run(self, minutes: float) -> Outcome:
        """Make trouble for so long, then wait until all is read, and hold it against the truth."""
        readers = Readers([site.url for site in self._site.sites])
        self._wait_until_back("the start")
        self._back.clear()
        readers.start()
        ends_at = time.monotonic() + 60 * minutes
        while time.monotonic() < ends_at:
            self._trouble()
            time.sleep(self._random.uniform(*_CALM_SECONDS))
        shown = self._settled()
        copied_by = time.monotonic() + _COPIED_WITHIN_SECONDS
        while not shown <= readers.copied and time.monotonic() < copied_by:
            time.sleep(1)
        readers.stop()
        served = self._site.sites[0].ids()
        truth = {str(video["video_id"]): video for video in truth_of(self._youtube.url)}
        shown -= {video_id for video_id in shown if truth[video_id]["deleted_at"] is not None}
        return Outcome(
            minutes=minutes,
            troubles=self._troubles,
            unmet=self._deck.kinds - self._troubles.keys(),
            back=self._back,
            shown=len(shown),
            lost=self._lost(shown, served),
            uncopied=sorted(shown - readers.copied),
            doubled=[video_id for video_id, times in Counter(served).items() if times > 1],
            invented=sorted(set(served) - truth.keys()),
            faults=readers.faults.seen,
            answers=readers.answers,
            walks=readers.walks,
        )

    def _trouble(self) -> None:
        trouble = self._deck.deal()
        self._troubles[trouble.what] += 1
        _say(f"{trouble}")
        with trouble.during():
            time.sleep(trouble.seconds)
        self._wait_until_back(str(trouble))

    def _wait_until_back(self, after: str) -> None:
        """Time how long a video takes that is published now."""
        began = time.monotonic()
        video_id = self._youtube.publish(f"after {after}")
        while not self._is_served(video_id):
            if time.monotonic() - began > _GIVE_UP_SECONDS:
                break
            time.sleep(0.3)
        took = time.monotonic() - began
        self._back.append((round(took, 1), after))
        _say(f"  back after {took:.1f} s")

    def _is_served(self, video_id: str) -> bool:
        return any(site.get(f"/videos/{video_id}").status == 200 for site in self._site.sites)

    def _lost(self, wanted: set[str], served: list[str]) -> list[str]:
        """Return what is not served.

        A walk takes a minute; what is moved up meanwhile, as a premiere that starts, it does not
        meet: so what it lacks is asked for by its id.
        """
        return [it for it in sorted(wanted - set(served)) if not self._is_served(it)]

    def _settled(self) -> set[str]:
        """Wait until what search has shown by now is served; return its ids."""
        wanted = self._youtube.shown()
        site = self._site.sites[0]
        gives_up_at = time.monotonic() + _SETTLED_WITHIN_SECONDS
        while time.monotonic() < gives_up_at:
            if site.total() >= len(wanted) and not self._lost(wanted, site.ids()):
                break
            time.sleep(TICK_SECONDS)
            wanted &= self._youtube.shown()  # without what was deleted meanwhile
        else:
            _say("it does not settle")
        return wanted


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()
