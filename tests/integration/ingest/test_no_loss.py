"""Scripts of arrivals, faults, crashes and outages of keys: when they are over and time has passed,
everything that YouTube showed is stored, once."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.feeds import ALL
from simulator.faults import KINDS
from simulator.quota import KEY_STATES, Key
from simulator.video import Event
from tests.unit.ingest.rig import Call, Rig, before_noon, make_rig
from tests.unit.simulator.worlds import video

T = TypeVar("T")
Step = Callable[[Rig], object]

LOOKBACK_SECONDS = 900
HISTORY = 130  # videos of the hours before the watch began, long past the look-back
KEYS = [Key("a", "p"), Key("b", "p"), Key("c", "q")]


class Crash(BaseException):
    """The process dies here."""


def _publish(count: int, age: int, lag: int, gap: float) -> Step:
    """Videos of the last minutes, shown by search at most a look-back after their publication."""

    def step(rig: Rig) -> None:
        now = rig.clock().replace(microsecond=0)
        first = len(rig.simulator.api.world.arrived(0, 100_000)) + 1
        for number in range(count):
            at = now - timedelta(seconds=int(age * (lag == 0) + number * gap))
            shown_at = max(now, at) + timedelta(seconds=lag)
            new = video(first + number)
            new = replace(new, published_at=at, added_at=at, visible_at=shown_at)
            rig.publish(Event(now, new))

    return _named(step, f"publish {count} of {age} s ago, shown after {lag} s, gap {gap}")


def _fault(kind: str, method: str, skip: int, times: int) -> Step:
    return _named(
        lambda rig: rig.fault(kind, method=method, skip=skip, times=times, seconds=11.0),
        f"fault {kind} in {method or 'all'}, {times} times after {skip}",
    )


def _key_state(key: str, state: str) -> Step:
    return _named(
        lambda rig: rig.simulator.quota.set_state(key, state),  # type: ignore[arg-type]  # one of them
        f"key {key} is {state}",
    )


def _tick(seconds: int) -> Step:
    def step(rig: Rig) -> None:
        rig.clock.move(seconds)
        rig.tick()

    return _named(step, f"tick after {seconds} s")


def _crash(where: str, after: int) -> Step:
    """Die at a call to YouTube, or between a commit and its publication; start again."""

    def step(rig: Rig) -> None:
        left = [after]

        def count_down(_: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Crash

        if where == "call":
            rig.youtube.wire.before_each = count_down
        else:
            rig.services.ingest._publisher.publish = count_down  # type: ignore[assignment,method-assign]  # dies there
        with suppress(Crash):
            rig.clock.move(10)
            rig.tick()
        rig.youtube.wire.before_each = _nothing
        rig.services.close()
        rig.services = rig.another(
            rig.youtube, youtube_api_keys=ALL_KEYS, lookback_seconds=LOOKBACK_SECONDS
        )

    return _named(step, f"crash at {where} {after}")


def _nothing(_: Call) -> None:
    return


def _named(step: Step, name: str) -> Step:
    step.__qualname__ = step.__name__ = name
    return step


ALL_KEYS = "p:a,p:b,q:c"
steps = st.one_of(
    st.builds(
        _publish,
        count=st.sampled_from([1, 3, 60, 130]),
        age=st.integers(0, 600),
        lag=st.integers(0, LOOKBACK_SECONDS),
        gap=st.sampled_from([0, 0.1, 1]),
    ),
    st.builds(
        _fault,
        kind=st.sampled_from(sorted(KINDS.keys() - {"wrong_types"})),  # one bad item costs itself
        method=st.sampled_from(["search", "videos", ""]),
        skip=st.integers(0, 3),
        times=st.integers(1, 4),
    ),
    st.builds(_key_state, key=st.sampled_from("abc"), state=st.sampled_from(KEY_STATES)),
    st.builds(_tick, seconds=st.sampled_from([0, 1, 10, 31, 61, 600])),
    st.builds(_crash, where=st.sampled_from(["call", "publish"]), after=st.integers(0, 4)),
)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=1, max_size=14))
@example([_fault("wrong_types", "search", 0, 1), _tick(10)])
@example([_publish(130, 0, 0, 0.1), _crash("call", 2), _publish(60, 0, 500, 0), _tick(31)])
def test_what_youtube_showed_is_stored_once_when_the_trouble_is_over(script: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rig = make_rig(
            Path(folder),
            before_noon(HISTORY, step_seconds=300),
            keys=KEYS,
            youtube_api_keys=ALL_KEYS,
            lookback_seconds=LOOKBACK_SECONDS,
        )
        rig.watch()
        for step in script:
            step(rig)
        _let_the_trouble_pass(rig)
        shown = {item.video_id for item in rig.simulator.api.world.arrived(0, 100_000)}
        known = rig.known()
        rig.services.close()
        assert set(known) == shown
        assert len(known) == len(shown)
        total = rig.services.store.read(lambda t: t.feed.total(ALL))
        rig.services.close()
        assert total == len(shown)


def _let_the_trouble_pass(rig: Rig) -> None:
    rig.simulator.faults.clear()
    for key in KEYS:
        rig.simulator.quota.set_state(key.text, "ok")
    rig.run_for(120, every=10)
    rig.run_for(86_400, every=3600)  # a key that was refused is tried again after a day
    rig.run_for(120, every=10)
