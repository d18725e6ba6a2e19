"""What-if answers: they change nothing, spend nothing, and add up."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from math import inf, isclose, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cache.memory import MemoryKeyIndex
from app.domain.errors import InvalidValueError
from app.domain.quota import Bucket, parse_keys
from app.domain.watches import Watch, WatchKind
from app.ingest.pacer import Pacer
from app.ingest.pacing import RESERVE, Load
from app.ingest.planning import Planning, Preview
from app.ingest.reserve import Reserve
from app.quota.ledger import Ledger
from app.quota.ring import KeyRing
from app.store.database import Database
from app.store.store import Store
from app.telemetry import Incidents, get_logger
from tests.unit.ingest.rig import Rig, before_noon, make_rig, new_database
from tests.unit.simulator.worlds import NOON, SettableClock

NewRig = Callable[..., Rig]

MOST = 12
DAY_SECONDS = 86_400.0
TICK = timedelta(seconds=10)


class RatedPacer(Pacer):
    """A pacer whose first watches bring so many videos a day."""

    rates: tuple[float, ...] = ()

    def loads(self) -> list[Load]:
        return [Load(n, rate / DAY_SECONDS) for n, rate in enumerate(self.rates, start=1)]


class Bench:
    """Planning over MOST watches of which a test sets the rates, and the day's calls."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(Database(new_database(folder)))
        for n in range(MOST):
            _add(self.store, WatchKind.KEYWORD, f"term {n}")

    def planning(self, rates: tuple[float, ...], limit: int) -> tuple[Planning, RatedPacer]:
        clock = SettableClock()
        ledger = Ledger(self.store, clock, {Bucket.SEARCH: limit, Bucket.UNITS: limit})
        ring = KeyRing(
            parse_keys("key"),
            index=MemoryKeyIndex(),
            ledger=ledger,
            store=self.store,
            clock=clock,
            incidents=Incidents(get_logger("test")),
        )
        lookback = timedelta(hours=1)
        pacer = RatedPacer(
            self.store,
            ring,
            ledger,
            Reserve(self.store, ring, clock),
            clock,
            tick=TICK,
            lookback=lookback,
            packs=False,
        )
        pacer.rates = rates
        return Planning(self.store, pacer), pacer


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = Bench(tmp_path_factory.mktemp("planning"))
    yield bench
    bench.store.dispose()


rates = st.lists(st.floats(0.01, 50_000), max_size=MOST).map(tuple)
new_rates = st.floats(0.01, 50_000)
limits = st.integers(1, 200_000)


@given(rates, new_rates, limits)
def test_the_calls_of_all_watches_are_the_free_calls_of_a_day(
    bench: Bench, others: tuple[float, ...], rate: float, limit: int
) -> None:
    planning, pacer = bench.planning(others, limit)
    preview = planning.preview("new", rate)
    before = pacer.full_day(pacer.loads())
    after = {other.watch.watch_id: other.after.calls_per_day for other in preview.others}
    unchanged = {
        watch_id: plan.calls * DAY_SECONDS / plan.interval.total_seconds()
        for watch_id, plan in before.items()
        if watch_id not in after and plan.interval is not None
    }
    calls = preview.cadence.calls_per_day + sum(after.values()) + sum(unchanged.values())
    free = (1 - RESERVE) * limit
    assert calls <= free * 1.000_001
    at_every_tick = preview.cadence.interval_seconds == TICK.total_seconds()
    assert at_every_tick or isclose(calls, free, rel_tol=1e-6)


@given(rates, new_rates, limits)
def test_a_new_watch_makes_no_other_faster(
    bench: Bench, others: tuple[float, ...], rate: float, limit: int
) -> None:
    planning, _ = bench.planning(others, limit)
    for other in planning.preview("new", rate).others:
        before, after = other.before.interval_seconds, other.after.interval_seconds
        assert before is not None
        assert after is not None
        assert before <= after


def test_a_second_watch_like_the_first_halves_its_calls(bench: Bench) -> None:
    planning, _ = bench.planning((10.0,), 100)
    preview = planning.preview("new", 10)
    [other] = preview.others
    assert other.watch.term == "term 0"
    assert isclose(other.before.calls_per_day, 90)
    assert isclose(other.after.calls_per_day, 45)
    assert isclose(preview.cadence.interval_seconds or 0, DAY_SECONDS / 45)
    assert isclose(preview.cadence.mean_delay_seconds or 0, DAY_SECONDS / 45 / 2)


def test_without_a_rate_the_mean_of_the_watches_is_taken(bench: Bench) -> None:
    assert bench.planning((10.0, 30.0), 100)[0].preview("new").videos_per_day == pytest.approx(20)
    assert bench.planning((), 100)[0].preview("new").videos_per_day == pytest.approx(50)


def test_rates_are_reckoned_with_as_pacing_does_one_a_day_at_least(bench: Bench) -> None:
    planning, _ = bench.planning((0.0, 0.0), 100)
    assert planning.preview("new").videos_per_day == pytest.approx(1)
    assert planning.preview("new", 0.2).videos_per_day == pytest.approx(1)
    assert planning.preview("term 1").videos_per_day == pytest.approx(1)


def test_a_keyword_that_is_watched_costs_nothing_more(bench: Bench) -> None:
    planning, _ = bench.planning((10.0, 40.0), 100)
    preview = planning.preview("  term 1 ", 5000)
    assert preview.known
    assert preview.term == "term 1"
    assert preview.others == ()
    assert preview.videos_per_day == pytest.approx(40)
    assert preview.cadence.calls_per_day == pytest.approx(60)


def test_plenty_of_calls_slow_nothing_down(bench: Bench) -> None:
    preview = bench.planning((10.0, 40.0), 10_000_000)[0].preview("new", 10)
    assert preview.others == ()
    assert preview.cadence.interval_seconds == TICK.total_seconds()


@pytest.mark.parametrize("rate", [0.0, -1.0, 1_000_001.0, inf, -inf, nan])
def test_a_rate_that_cannot_be_is_refused(bench: Bench, rate: float) -> None:
    with pytest.raises(InvalidValueError, match="videos per day"):
        bench.planning((), 100)[0].preview("new", rate)


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "a\nb", "\ud800"])
def test_what_cannot_be_watched_cannot_be_planned(bench: Bench, text: str) -> None:
    with pytest.raises(InvalidValueError, match="keyword"):
        bench.planning((), 100)[0].preview(text)


def test_a_paused_watch_counts_as_new_and_a_channel_is_no_keyword(rig: Rig) -> None:
    paused = rig.watch("music")
    rig.services.watching.set_paused(paused.watch_id, paused=True)
    assert not rig.services.planning.preview("music").known
    channel = "UC" + "a" * 22
    _add(rig.services.store, WatchKind.CHANNEL, channel)
    assert not rig.services.planning.preview(channel).known


def test_without_keys_there_is_nothing_to_plan_with(new_rig: NewRig) -> None:
    rig = new_rig(youtube_api_keys="")
    rig.watch()
    preview = rig.services.planning.preview("new")
    cadence = preview.cadence
    assert (cadence.interval_seconds, cadence.mean_delay_seconds) == (None, None)
    assert (cadence.calls_per_day, preview.others) == (0, ())


def test_a_preview_comes_true_when_the_watch_is_added(new_rig: NewRig) -> None:
    rig = new_rig(before_noon(40), youtube_search_calls_per_day=100)
    rig.watch()
    rig.tick()
    preview = rig.services.planning.preview("new", 1)
    added = rig.watch("new")
    known = rig.services.planning.preview("new")
    assert known.known
    assert known.cadence == preview.cadence
    assert preview.others[0].watch.watch_id != added.watch_id


texts = st.text(max_size=20) | st.sampled_from(["title", "new"])


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A rig with watches, videos, ranges, spent calls and a log."""
    rig = make_rig(tmp_path_factory.mktemp("rig"), before_noon(70))
    rig.watch()
    rig.watch("other")
    rig.run_for(20)
    yield rig
    rig.services.close()


@given(texts, st.none() | st.floats())
def test_a_preview_changes_nothing_and_asks_nobody(
    watched: Rig, text: str, rate: float | None
) -> None:
    before, calls = _everything(watched), len(watched.calls)
    answers = [_answer(watched, text, rate) for _ in range(2)]
    assert answers[0] == answers[1]
    assert _everything(watched) == before
    assert len(watched.calls) == calls


def _answer(rig: Rig, text: str, rate: float | None) -> Preview | str:
    try:
        return rig.services.planning.preview(text, rate)
    except InvalidValueError as error:
        return str(error)


def _everything(rig: Rig) -> list[str]:
    """The whole database, as SQL."""
    connection = sqlite3.connect(rig.folder / "newsreel.db")
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def _add(store: Store, kind: WatchKind, term: str) -> Watch:
    return store.write(lambda t: t.watches.add(kind, term, now=NOON, read_until=NOON))[0]
