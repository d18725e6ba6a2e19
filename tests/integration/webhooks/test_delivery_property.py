"""Whatever fails or dies: every video arrives, in the order in which it came in.

Deaths are at every place where one can be: before it is sent, after the receiver has it but before
that is written down, and after that.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.domain.errors import UpstreamError
from app.sources.outgoing import Answer, Outgoing
from app.store.database import Database
from app.store.store import Store
from app.webhooks.delivering import Deliverer
from app.webhooks.keeping import Webhooks
from tests.contract.store.tellings import add_watch, record, video
from tests.unit.simulator.worlds import SettableClock

if TYPE_CHECKING:
    from collections.abc import Mapping


class Death(BaseException):
    """The process ends here."""


class Fate(Enum):
    """What becomes of a request."""

    ARRIVES = "arrives"
    IS_REFUSED = "is refused"
    IS_LOST = "is lost"
    ANSWER_IS_LOST = "arrives, its answer is lost"
    DIES_BEFORE = "the sender dies before it"
    DIES_AFTER = "the sender dies after it"


@dataclass
class Network(Outgoing):
    """The way to the receiver."""

    arrived: list[str] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)

    def check(self, url: str) -> None:
        """Everything may be asked."""

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        del url, headers
        fate = self.fates.pop(0) if self.fates else Fate.ARRIVES
        if fate is Fate.DIES_BEFORE:
            raise Death
        if fate is Fate.IS_LOST:
            raise UpstreamError("no usable answer")
        if fate is Fate.IS_REFUSED:
            return Answer(503, None)
        self.arrived += [item["video_id"] for item in orjson.loads(body)["videos"]]
        if fate is Fate.DIES_AFTER:
            raise Death
        if fate is Fate.ANSWER_IS_LOST:
            raise UpstreamError("no usable answer")
        return Answer(200, None)


class Deliveries(RuleBasedStateMachine):
    """One webhook of one watch, between an intake that goes on and a network that fails."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Database(f"sqlite:///{self.folder.name}/newsreel.db"))
        self.store.migrate()
        self.clock, self.network = SettableClock(), Network()
        self.webhooks = Webhooks(self.store, self.network, self.clock)
        self.deliverer = Deliverer(self.store, self.network, self.clock)
        self.watches = add_watch(self.store).watch_id, add_watch(self.store, "other").watch_id
        self.webhook_id = self.webhooks.add("https://example.org/", self.watches[0]).webhook_id
        self.came_in: list[str] = []
        self.given_out: list[int] = []
        self.faults = self.replays = 0

    @rule(numbers=st.lists(st.integers(0, 30), min_size=1, max_size=6), watch=st.integers(0, 1))
    def find(self, numbers: list[int], watch: int) -> None:
        """Store videos, some of them known already, perhaps to the other watch alone."""
        title = f"told at {self.clock.at}"
        found = {number: replace(video(number), title=title) for number in numbers}
        record(self.store, found.values(), self.watches[watch], self.clock.at)
        if watch == 0:
            new = sorted({it.video_id for it in found.values()} - set(self.came_in))
            self.came_in += self._by_seq(new)

    @rule(fates=st.lists(st.sampled_from(Fate), max_size=3), seconds=st.integers(1, 300))
    def tick(self, fates: list[Fate], seconds: int) -> None:
        self.clock.move(seconds)
        self.network.fates = list(fates)
        self.faults += sum(fate is not Fate.ARRIVES for fate in fates)
        self.given_out += self.deliverer.due()
        self._run_all()

    @rule(seconds=st.integers(1, 300))
    def give_out(self, seconds: int) -> None:
        """A tick whose tasks wait in the queue."""
        self.clock.move(seconds)
        self.given_out += self.deliverer.due()

    @rule()
    def give_out_twice(self) -> None:
        """A queue that repeats a task."""
        self.given_out += [self.webhook_id]

    @rule()
    def replay(self) -> None:
        self.clock.move(1)
        self.webhooks.replay(self.webhook_id, 0)
        self.replays += 1

    @invariant()
    def order_is_kept(self) -> None:
        """First arrivals are a beginning of what came in, whatever was repeated."""
        if hasattr(self, "came_in"):
            first = list(dict.fromkeys(self.network.arrived))
            assert first == self.came_in[: len(first)]

    def teardown(self) -> None:
        if not hasattr(self, "came_in"):
            return
        self.network.fates = []
        for _ in range(40):
            self.clock.move(3600)
            self.webhooks.change(self.webhook_id, pause=False)
            self.given_out += self.deliverer.due()
            self._run_all()
        assert list(dict.fromkeys(self.network.arrived)) == self.came_in
        if not self.faults and not self.replays:
            assert self.network.arrived == self.came_in
        self.store.dispose()
        self.folder.cleanup()

    def _run_all(self) -> None:
        while self.given_out:
            try:
                self.deliverer.run(self.given_out.pop(0))
            except Death:
                self.given_out.clear()

    def _by_seq(self, video_ids: list[str]) -> list[str]:
        stored = self.store.read(lambda t: [t.feed.find_video(it) for it in video_ids])
        return [it.video.video_id for it in sorted(filter(None, stored), key=lambda it: it.seq)]


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
