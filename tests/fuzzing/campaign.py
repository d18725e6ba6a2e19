"""A run of schemathesis with every check against a running service."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.processes import PROJECT

if TYPE_CHECKING:
    from tests.fuzzing.service import Service
    from tests.processes import Processes

_CONFIGURATION = PROJECT / "tests" / "fuzzing" / "schemathesis.toml"
_PROGRAM = Path(sys.executable).with_name("schemathesis")


@dataclass(frozen=True)
class Campaign:
    """What a run did and found."""

    cases: int
    operations: int
    seconds: float
    failures: tuple[str, ...]
    output: str

    def check(self) -> None:
        """Fail with what schemathesis wrote if it found anything, or did not come to its end."""
        assert self.failures == (), self.output


def run_campaign(
    processes: Processes, service: Service, *, examples: int, seed: int, deadline_seconds: float
) -> Campaign:
    """Ask the service what its document allows and what it does not, by every operation.

    Args:
        processes: starts schemathesis.
        service: that is asked.
        examples: random ones for each operation, beside what the document's limits suggest.
        seed: of what is random.
        deadline_seconds: after which the run has failed.
    """
    report = processes.folder / f"schemathesis-{seed}.json"
    process = processes.start(
        *(str(_PROGRAM), "--no-color", "--config-file", str(_CONFIGURATION)),
        *("run", f"{service.url}/openapi.json"),
        *("--max-examples", str(examples), "--seed", str(seed)),
        *("--report", "json", "--report-json-path", str(report)),
        env={"FUZZING_TOKEN": service.token(), "FUZZING_CLIENT": service.credentials},
    )
    status = process.wait(deadline_seconds)
    assert report.exists(), process.output()
    told = json.loads(report.read_text(encoding="utf-8"))
    failures = [failure["title"] for failure in (*told["failures"], *told["errors"])]
    if status != 0 and not failures:
        failures = [f"schemathesis ended with {status}"]
    return Campaign(
        cases=told["test_cases"]["generated"],
        operations=told["operations"]["tested"],
        seconds=told["running_time"],
        failures=tuple(failures),
        output=process.output(),
    )
