"""Two tickers whose statements interleave in any order give each due watch out once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from threading import Condition
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as sql_event

from app.domain.watches import WatchKind
from app.ingest.tail import LEASE
from app.store.database import Database
from app.store.store import Store
from tests.contract.store.tellings import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from app.domain.watches import Claim

WATCHES = 3
PATIENCE_SECONDS = 0.05
"""Whose turn it is may wait for a lock of the other, who then goes on out of turn."""


class Turns:
    """Whose statement is next; in any order when the list is at its end."""

    def __init__(self) -> None:
        self._next: list[int] = []
        self._changed = Condition()

    def plan(self, turns: Sequence[int]) -> None:
        self._next = list(turns)

    def take(self, who: int) -> None:
        with self._changed:
            if self._changed.wait_for(
                lambda: not self._next or self._next[0] == who, PATIENCE_SECONDS
            ):
                self._next = self._next[1:]
            self._changed.notify_all()


class Ticker:
    """A process that ticks, with a connection of its own."""

    def __init__(self, url: str, who: int, turns: Turns) -> None:
        self._database = Database(url, pool_size=1)
        self.store = Store(self._database)

        @sql_event.listens_for(self._database._writer, "before_cursor_execute")
        def wait(*_: object) -> None:
            turns.take(who)

    def claim(self, now: datetime, limit: int) -> list[Claim]:
        return self.store.write(lambda t: t.watches.claim_due(now, now + LEASE, limit))

    def close(self) -> None:
        self._database.dispose()


class Race:
    """Two tickers over the same watches; each run is an hour after the last."""

    def __init__(self, url: str) -> None:
        self.turns = Turns()
        self.tickers = [Ticker(url, who, self.turns) for who in range(2)]
        self.now = NOW

    def run(
        self, turns: Sequence[int], limits: Sequence[int], skews: Sequence[float]
    ) -> list[list[Claim]]:
        self.now += timedelta(hours=1)
        self.turns.plan(turns)
        clocks = [self.now + timedelta(seconds=skew) for skew in skews]
        with ThreadPoolExecutor(2) as threads:
            racing = [
                threads.submit(ticker.claim, clock, limit)
                for ticker, clock, limit in zip(self.tickers, clocks, limits, strict=True)
            ]
            return [each.result(20) for each in racing]

    def close(self) -> None:
        for ticker in self.tickers:
            ticker.close()


@contextmanager
def _race(url: str) -> Iterator[Race]:
    with closing(Race(url)) as race:
        store = race.tickers[0].store
        store.migrate()
        for term in ("bread", "boats", "chess"):
            store.write(
                lambda t, term=term: t.watches.add(  # type: ignore[misc] # mypy cannot infer a default's type
                    WatchKind.KEYWORD, term, now=NOW, read_until=NOW
                )
            )
        yield race


@pytest.fixture(scope="module", params=["mariadb", "postgresql"])
def race(request: pytest.FixtureRequest) -> Iterator[Race]:
    server = request.getfixturevalue(request.param)
    with server.fresh_database() as url, _race(url) as made:
        yield made


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    turns=st.lists(st.integers(0, 1), max_size=14),
    limits=st.tuples(st.integers(1, WATCHES), st.integers(1, WATCHES)),
    skews=st.tuples(st.floats(-5, 5), st.floats(-5, 5)),
)
def test_two_tickers_claim_each_due_watch_once(
    race: Race, turns: list[int], limits: tuple[int, int], skews: tuple[float, float]
) -> None:
    given_out = race.run(turns, limits, skews)
    event(f"given out by {sum(map(bool, given_out))} tickers")
    claimed = [claim.watch_id for claims in given_out for claim in claims]
    assert len(claimed) == len(set(claimed)), "a watch has two holders"
    assert set(claimed) >= set(range(1, max(limits) + 1)), "a due watch was given to nobody"
