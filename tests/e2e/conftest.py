"""What the proofs of kills share."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.processes import Processes
from tests.proofs.traffic import Traffic


@pytest.fixture
def traffic(processes: Processes) -> Iterator[Traffic]:
    """A simulated YouTube where much happens."""
    with closing(Traffic(processes, seed=20)) as traffic:
        yield traffic
