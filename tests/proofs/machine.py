"""The model proof: the ingest machine over thousands of examples, on all cores."""

from __future__ import annotations

import logging
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, ClassVar

import structlog
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.ingest.machine import IngestMachine

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES = 3000
STEPS = 15
_BATCH = 250
_PROCESSES = 2

_SECTION = """## Model: nothing that a reading showed is lost, whatever happens in between

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
"""


@dataclass(frozen=True)
class MachineProof:
    """What the examples did, by the names of the machine's figures."""

    figures: Mapping[str, int]
    seconds: float


def prove_machine(examples: int = EXAMPLES) -> MachineProof:
    """Run at least that many examples of the machine, by whole batches with seeds from 0.

    Raises:
        Exception: whatever the first failing example raised, with its steps in the notes.
    """
    started_at = time.monotonic()
    batches = range(-(-examples // _BATCH))
    with ProcessPoolExecutor(_PROCESSES, get_context("spawn"), _be_silent) as pool:
        figures: Counter[str] = sum(pool.map(_run_batch, batches), Counter())
    return MachineProof(figures, time.monotonic() - started_at)


def section_of(proof: MachineProof) -> str:
    """Return the proof's part of the report, as Markdown."""
    names = ("examples", "deaths", "interruptions", "overtakings", "pages read", "videos published")
    cells = [*(proof.figures[name] for name in names), round(proof.seconds)]
    return _SECTION.format(steps=STEPS, row=" | ".join(f"{cell:,}" for cell in cells))


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
