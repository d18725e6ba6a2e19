"""A process that polls: services with a clock of their own, which may die or wait at any step."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import Connection

from app.bootstrap import Services, build_services
from app.store.database import Database
from simulator.quota import Key
from tests.integration.ingest.witness import WatchedWire, Witness
from tests.unit.ingest.rig import Rig, WiredYouTube, settings

if TYPE_CHECKING:
    from app.domain.clock import Clock
    from app.domain.watches import Claim

T = TypeVar("T")

Interruption = Callable[[bool], None]
"""Called at every step, with whether a transaction is open."""


class Step(Protocol):
    """Told of every step."""

    def __call__(self, *, in_transaction: bool) -> None: ...


class Crash(BaseException):
    """The process dies here."""


class Worker:
    """One of the processes over the database of a rig.

    Its steps: a request leaves, its answer comes, a transaction is about to commit, it has.
    """

    def __init__(
        self, rig: Rig, database: Database, witness: Witness, keys: list[Key], **values: object
    ) -> None:
        self.skew = timedelta()
        self.values = values
        self.claims: list[Claim] = []
        self.died = 0
        self.interrupted = 0
        self._rig = rig
        self._database = SteppingDatabase(database, self._step, self.clock)
        self._interruption: Interruption = _nothing
        self._youtube = WiredYouTube(rig.simulator)
        self._wire = self._youtube.wire = WatchedWire(
            rig.simulator,
            witness,
            clock=self.clock,
            charged_at=lambda: self._database.wrote_at,
            projects={key.text: key.project for key in keys},
            step=lambda: self._step(in_transaction=False),
        )
        self.services = self._start()

    def clock(self) -> datetime:
        return self._rig.clock() + self.skew

    def tick(self) -> None:
        self.claims = []
        self.claims = self.services.ingest.tick()
        for claim in self.claims:
            self._wire.begin_run()
            self.services.ingest.run(claim)

    def refresh(self) -> None:
        for batch in self.services.refresher.due():
            self.services.refresher.run(batch)

    def share_a_search(self) -> None:
        """Make a packed poll for every watch."""
        self._wire.begin_run()
        watches = self.services.watching.list_all()
        self.services.packed.run([watch.watch_id for watch in watches])

    def restart(self) -> None:
        self.services.close()
        self.services = self._start()

    def dies_at(self, step: int, work: Callable[[], None]) -> None:
        """Work, die at that step if it comes so far, and start again."""
        left = [step]

        def die(_: bool) -> None:  # noqa: FBT001 - an Interruption
            left[0] -= 1
            if left[0] < 0:
                self.died += 1
                raise Crash

        with suppress(Crash):
            self._work(die, work)
        self.restart()

    def waits_at(self, step: int, work: Callable[[], None], meanwhile: Callable[[], None]) -> None:
        """Work; between two steps outside any transaction something else happens."""
        left = [step]

        def wait(in_transaction: bool) -> None:  # noqa: FBT001 - an Interruption
            left[0] -= not in_transaction
            if left[0] < 0 and not in_transaction:
                self._interruption = _nothing
                self.interrupted += 1
                meanwhile()

        self._work(wait, work)

    def _work(self, interruption: Interruption, work: Callable[[], None]) -> None:
        self._interruption = interruption
        try:
            work()
        finally:
            self._interruption = _nothing

    def _start(self) -> Services:
        own = settings(database_url=self._rig.database_url, **self.values)
        services = build_services(own, self.clock, self._youtube)
        services.store._primary = services.store._readers = self._database
        return services

    def _step(self, *, in_transaction: bool) -> None:
        self._interruption(in_transaction)


class SteppingDatabase(Database):
    """An open database with a step before each commit and one after it.

    It outlives the services over it: what SQLAlchemy compiled is kept, which is most of the time.
    """

    def __init__(self, database: Database, step: Step, clock: "Clock") -> None:
        vars(self).update(vars(database))
        self._step = step
        self._clock = clock
        self.wrote_at = clock()

    def write(self, work: Callable[[Connection], T]) -> T:
        def then_step(connection: Connection) -> T:
            result = work(connection)
            self._step(in_transaction=True)
            return result

        wrote_at = self._clock()
        result = super().write(then_step)
        self.wrote_at = wrote_at
        self._step(in_transaction=False)
        return result


def _nothing(_: bool) -> None:  # noqa: FBT001 - an Interruption
    return
