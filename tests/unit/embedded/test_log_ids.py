"""A tick can be followed through the log to what it committed, in whichever thread that was."""

from __future__ import annotations

import json
import logging
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from app.embedded.ticker import Ticker
from app.telemetry import configure_logging
from tests.unit.ingest.rig import before_noon, ids_of, make_rig
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What is logged as a process of ours does it."""
    kept, root = StringIO(), logging.getLogger()
    level = root.level
    monkeypatch.setattr("sys.stderr", kept)
    configure_logging("info")
    (handler,) = root.handlers
    yield kept
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_tick_its_fetch_and_its_commits_carry_one_id(tmp_path: Path, written: StringIO) -> None:
    rig = make_rig(tmp_path, before_noon(120), keywords="title")
    ids = iter(f"tick-{number}" for number in range(10_000))
    running = Ticker(rig.services, 1, new_id=lambda: next(ids))
    running.start()
    wait_until(lambda: rig.known() == ids_of(before_noon(120)))
    wait_until(lambda: "fetch_over" in written.getvalue())
    running.stop()
    rig.services.close()
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    ticked = next(line for line in lines if line["event"] == "ticked")
    of_tick = [line for line in lines if line.get("tick_id") == ticked["tick_id"]]
    commits = [line for line in of_tick if line["event"] == "committed"]
    assert sum(line["added"] for line in commits) == 120
    (over,) = (line for line in of_tick if line["event"] == "fetch_over")
    assert (over["watch_ids"], over["added"], over["error_code"]) == ([1], 120, None)
    assert {line["watch_id"] for line in [over, *commits]} == {1}
    assert all("tick_id" in line for line in lines if line["event"] == "fetch_over")
