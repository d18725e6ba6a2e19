"""The model proof: the ingest machine over thousands of examples, and its section of the report."""

from __future__ import annotations

import logging
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import TYPE_CHECKING, ClassVar

import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.ingest.machine import IngestMachine
from tests.proofs.report import Options, Proof

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLES = 3000
STEPS = 15
_BATCH = 250
_PROCESSES = 2

_SECTION = """Run on {day}.

A state machine (tests/integration/ingest/machine.py) lets YouTube publish late, tied and in bursts,
move and delete videos, break its answers, refuse keys and run out of quota, while two workers with
clocks that differ by up to a minute each way poll one SQLite file, die between any two steps and
overtake each other. After each of up to {steps} steps: every video that a delivered page listed is
stored or its second is still to be read; no second counts as read, or read twice, that recorded
answers do not show read so; counts equal rows; no day's calls exceed the limit. At the end of each
example the trouble stops, time passes, and what YouTube shows is what is stored, once.

| examples | polls died in | interrupted | overtaken | pages read | videos | seconds |
|---|---|---|---|---|---|---|
| {row} |

### Broken on purpose

Each tried by hand, seen to fail, and taken back.

| broken | found by |
|---|---|
| the range is narrowed before the videos are committed | test_interruptions |
| writes do not check the claim's fence | test_interruptions, the machine |
| a page that failed counts as read | test_bad_bodies, the machine |
| a listing half read counts as whole | the machine |
| a resume leaves out the boundary second | the machine |
| bounds are taken as exclusive | the machine |
| a call is charged after it is made, or without regard to the limit | the machine |
| a moved publish time leaves the hourly counts as they were | the machine |
| a reading that is not due yet counts | the machine |
| second readings come early; a clock that was ahead leaves a gap | test_coverage |
| a page of unreadable items counts as read | test_bad_bodies |
"""

_NAMES = ("examples", "deaths", "interruptions", "overtakings", "pages read", "videos published")


def _run(_options: Options, _folder: Path) -> str:
    """Run the examples by batches; the first that fails raises, with its steps in the notes."""
    started_at = time.monotonic()
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn"), _be_silent) as pool:
        figures: Counter[str] = sum(pool.map(_run_batch, range(EXAMPLES // _BATCH)), Counter())
    cells = [*(figures[name] for name in _NAMES), round(time.monotonic() - started_at)]
    row = " | ".join(f"{cell:,}" for cell in cells)
    return _SECTION.format(day=datetime.now(UTC).date(), steps=STEPS, row=row)


def _run_batch(number: int) -> Counter[str]:
    """Its number is its seed."""

    @seed(number)
    class Counted(IngestMachine):
        figures: ClassVar[Counter[str]] = Counter()

    how = settings(
        max_examples=_BATCH,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Counted, settings=how)
    return Counted.figures


def _be_silent() -> None:
    """The trouble is made on purpose; the log of it would bury the report."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


PROOF = Proof(
    name="machine",
    heading="Model: nothing that a reading showed is lost, whatever happens in between",
    run=_run,
)
