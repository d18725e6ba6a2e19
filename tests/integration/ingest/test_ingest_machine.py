"""The ingest machine with as many examples as every run of the tests can afford.

`make prove` runs thousands (tests/proofs/machine.py).
"""

from hypothesis import HealthCheck, settings

from tests.integration.ingest.machine import IngestMachine

TestIngest = IngestMachine.TestCase
TestIngest.settings = settings(
    max_examples=60, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
