"""Starts a command of ours and notes each tick: `python -m tests.proofs.counted celery ...`.

The processes of one folder share the file: a line for each tick, seconds of the machine's
monotonic clock.
"""

from __future__ import annotations

import functools
import runpy
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.ingest.service import Ingest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FILE = Path("ticks")


def ticks_since(folder: Path, since: float) -> list[float]:
    """Return when ticks began since then, in order."""
    file = folder / FILE
    times = file.read_text(encoding="ascii").split() if file.exists() else []
    return sorted(began_at for began_at in map(float, times) if began_at >= since)


def _counted(tick: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(tick)
    def method(*arguments: object, **named: object) -> object:
        with FILE.open("a", encoding="ascii") as file:
            file.write(f"{time.monotonic()}\n")
        return tick(*arguments, **named)

    return method


def main(command: Sequence[str]) -> None:
    """Run `python -m` with ticks noted."""
    setattr(Ingest, "tick", _counted(Ingest.tick))  # noqa: B010 - a method replaced
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
