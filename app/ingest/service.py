"""Ingest as processes use it: a tick that gives claims out, and a run per claim.

The embedded ticker and the Celery tasks call the same two methods. Trouble with the database is
told once, not at every tick, and trouble with its writes apart from that with its reads; everything
else about a poll stands in its watch.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from app.domain.errors import (
    CacheUnavailableError,
    LeaseLostError,
    NewsreelError,
    PollCrashedError,
    StoreUnavailableError,
)
from app.ingest.clock_steps import CLOCK_DIFFERS
from app.telemetry import bound_ids, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from app.cache.base import Ticks
    from app.domain.clock import Clock
    from app.domain.watches import Claim, Watch
    from app.feed.publisher import FeedPublisher
    from app.ingest.channel_runner import ChannelRunner
    from app.ingest.claims import Claims
    from app.ingest.clock_steps import ClockCheck, ClockSteps
    from app.ingest.flag import Flag
    from app.ingest.giving_back import GivingBack
    from app.ingest.runner import Runner
    from app.ingest.trouble import PollTrouble, WriteTrouble
    from app.ingest.upkeep import Upkeep
    from app.ingest.watching import Watching
    from app.telemetry import Incidents

CLAIMS_PER_TICK = 50
"""How many watches one tick gives out; more would wait in the queue until their leases end."""


class Log(Protocol):
    """What grows and is pruned."""

    def prune(self) -> None:
        """Drop some of what is outdated, if it is time; raises StoreUnavailableError."""


class Ingest:
    """Runs ticks and polls; any number of processes may do so at once."""

    def __init__(
        self,
        *,
        claims: Claims,
        giving_back: GivingBack,
        clock_check: ClockCheck,
        clock_steps: ClockSteps,
        runner: Runner,
        channel_runner: ChannelRunner,
        publisher: FeedPublisher,
        watching: Watching,
        upkeep: Upkeep,
        logs: Sequence[Log],
        keywords: Sequence[str],
        channels: Sequence[str],
        seeded: Flag,
        stopping: Flag,
        incidents: Incidents,
        write_trouble: WriteTrouble,
        poll_trouble: PollTrouble,
        ticks: Ticks,
        clock: Clock,
    ) -> None:
        self._claims = claims
        self._giving_back = giving_back
        self._clock_check = clock_check
        self._clock_steps = clock_steps
        self._runner = runner
        self._channel_runner = channel_runner
        self._publisher = publisher
        self._watching = watching
        self._upkeep = upkeep
        self._logs = logs
        self._keywords = keywords
        self._channels = channels
        self._seeded = seeded
        self._stopping = stopping
        self._incidents = incidents
        self._write_trouble = write_trouble
        self._poll_trouble = poll_trouble
        self._ticks = ticks
        self._clock = clock
        self._log = get_logger(__name__)

    def tick(self, limit: int = CLAIMS_PER_TICK) -> list[Claim]:
        """Put right what is behind, then claim what is due: at most `limit` claims.

        Nothing is claimed while our clock is not the database's.
        """
        try:
            if not self._has_right_time():
                return []
            self._publisher.repair()  # reads
        except StoreUnavailableError as error:
            self._incidents.begin(error.code, str(error))
            return []
        self._incidents.end(StoreUnavailableError.code)
        try:
            self._seed()
            self._clock_steps.put_right()
            for log in self._logs:
                log.prune()
            self._upkeep.run()
            claims = self._claims.due(limit)
        except StoreUnavailableError as error:
            self._write_trouble.begin(error)
            return []
        with suppress(CacheUnavailableError):  # `repair` has told of it
            self._ticks.mark(self._clock())
        if claims:
            self._log.info("ticked", watch_ids=[claim.watch_id for claim in claims])
        return claims

    def stop(self) -> None:
        """Let the polls under way end soon; nothing of them is lost."""
        self._stopping.set()

    def run(self, claim: Claim) -> None:
        """Poll for a claim; without a database it is given back as soon as there is one again.

        A fault of ours costs the watch a wait like any other trouble, and stands in it.
        """
        with bound_ids(watch_id=claim.watch_id, fence=claim.fence):
            self._run(claim)

    def let_go(self, claims: Iterable[Claim]) -> None:
        """Give claims back that nobody could be sent for."""
        self._giving_back.at_once(claims)

    def _run(self, claim: Claim) -> None:
        begun_at = self._clock()
        try:
            if self._has_right_time():
                self._poll(claim)
            else:  # for another process
                self._giving_back.at_once([claim])
        except StoreUnavailableError as error:
            self._write_trouble.begin(error)
            self._giving_back.when_it_can(claim, begun_at)
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is logged whole
            self._give_up(claim, fault)
        else:
            self._write_trouble.end()

    def _has_right_time(self) -> bool:
        if self._clock_check.agrees():
            self._incidents.end(CLOCK_DIFFERS)
            return True
        apart = self._clock_check.apart().total_seconds()
        self._incidents.begin(CLOCK_DIFFERS, f"our clock is {apart:+.0f} s from the database's")
        return False

    def _poll(self, claim: Claim) -> None:
        if self._channel_runner.is_for(claim):
            self._channel_runner.run(claim)
        else:
            self._runner.run(claim)

    def _give_up(self, claim: Claim, fault: Exception) -> None:
        crash = PollCrashedError(f"a fault of Newsreel's own ({type(fault).__name__}); see its log")
        self._poll_trouble.begin(claim.watch_id, crash.code, str(crash), cause=fault)
        try:
            self._claims.give_up(claim, crash)
        except LeaseLostError:
            return  # whoever has it now will meet the fault, too
        except StoreUnavailableError as error:
            self._write_trouble.begin(error)

    def _seed(self) -> None:
        """Add the configured keywords and channels that are not watched yet, once per start.

        Not once per process: workers are replaced while they run, and a watch that was removed
        meanwhile must not come back.
        """
        if self._seeded.is_set():
            return
        for keyword in self._keywords:
            self._add("keyword", keyword, self._watching.add_keyword)
        for channel in self._channels:
            self._add("channel", channel, self._watching.add_channel)
        self._seeded.set()

    def _add(self, kind: str, text: str, add: Callable[[str], tuple[Watch, bool]]) -> None:
        try:
            watch, is_new = add(text)
        except StoreUnavailableError:
            raise  # the next tick tries all of them again
        except NewsreelError as error:
            self._log.error(f"{kind}_refused", **{kind: text[:50]}, detail=str(error))
            return
        if is_new:
            self._log.info("watch_added", watch_id=watch.watch_id, term=watch.term)
