"""`python -m tests.proofs.timed_simulator CLOCK OPTIONS`: the simulator, in the time of a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from simulator import calling
from simulator.__main__ import _parser, build
from simulator.server import Server
from tests.proofs.shared_clock import SharedClock

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str]) -> None:
    """Serve until SIGTERM; the options are those of `python -m simulator`."""
    clock = SharedClock(Path(arguments[0]))
    options = _parser().parse_args(arguments[1:])
    with Server((options.host, options.port), build(options, clock)) as server:
        sys.stdout.write(f"listening on http://{options.host}:{server.server_port}\n")
        sys.stdout.flush()
        calling.start(server.simulator.hub)
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
