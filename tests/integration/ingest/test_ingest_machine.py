"""The ingest machine with as many examples as every run of the tests can afford.

They are the same ones each time, and not shortened when they fail: that may take longer than a
test may. `make prove` runs thousands of others (tests/proofs/prove_machine.py).
"""

from hypothesis import HealthCheck, Phase, settings

from tests.integration.ingest.machine import IngestMachine

TestIngest = IngestMachine.TestCase
TestIngest.settings = settings(
    max_examples=8,
    stateful_step_count=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
