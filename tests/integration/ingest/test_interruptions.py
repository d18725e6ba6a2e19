"""A poll of three pages that dies, or is overtaken, at one step after the other."""

from collections.abc import Iterator

import pytest

from tests.integration.ingest.scene import Burst, Scene

VIDEOS = 110
STEPS = 42
"""Of a first poll that reads so many videos; the last tests tell when that changes."""

PAUSES = 27
"""Those of them that are in no transaction; at the first three the claims are not told yet."""


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene(history=VIDEOS)
    scene.watch("title")
    yield scene
    scene.close()


@pytest.mark.parametrize("step", range(STEPS))
def test_a_poll_that_dies_at_any_step_loses_nothing_and_pretends_nothing(
    scene: Scene, step: int
) -> None:
    scene.poll_and_die(0, step)
    assert scene.workers[0].died
    scene.assert_what_is_stored_is_sound()
    scene.assert_no_limit_is_exceeded()
    scene.publish(Burst(count=3, age=20, lag=0, gap=1))
    scene.rig.clock.move(31)  # the lease of the dead ends
    scene.workers[1].tick()
    scene.assert_what_is_stored_is_sound()
    assert len(scene.rows.dates()) == VIDEOS + 3


@pytest.mark.parametrize("step", range(3, PAUSES))
def test_a_poll_that_is_overtaken_at_any_step_changes_nothing_more(scene: Scene, step: int) -> None:
    assert scene.poll_and_be_overtaken(0, step, seconds=31)
    scene.assert_what_is_stored_is_sound()
    assert len(scene.rows.dates()) == VIDEOS


def test_no_step_of_the_poll_is_left_out(scene: Scene) -> None:
    scene.poll_and_die(0, STEPS)
    assert not scene.workers[0].died


def test_no_pause_of_the_poll_is_left_out(scene: Scene) -> None:
    assert not scene.poll_and_be_overtaken(0, PAUSES, seconds=31)
    assert not scene.workers[0].interrupted
