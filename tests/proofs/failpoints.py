"""Starts a command of ours whose processes can be made to die at a named step of the ingest.

    python -m tests.proofs.failpoints celery -A workers.celery_app worker
    python -m tests.proofs.failpoints app serve
    python -m tests.proofs.failpoints --as-shipped celery -A workers.celery_app worker

The steps are methods of app/, wrapped here before the command runs; production code knows nothing
of it. `arm` tells the processes of a folder to die, `reached` is how they do: by SIGKILL, so that
nothing of theirs runs any more. Waits that a proof of minutes cannot sit out are shortened, unless
it is to run as shipped.
"""

from __future__ import annotations

import functools
import os
import runpy
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from app.ingest import retries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FOLDER = Path("failpoints")
"""Below the working folder of the processes, which a proof has for itself."""

AS_SHIPPED = "--as-shipped"
LEASE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Step:
    """A method of app/ by module and name, and on which side of it the process dies."""

    module: str
    method: str
    after: bool


def _before(module: str, method: str) -> Step:
    return Step(module, method, after=False)


def _after(module: str, method: str) -> Step:
    return Step(module, method, after=True)


STEPS: Mapping[str, Step] = {
    "claims taken": _after("app.ingest.claims", "Claims.due"),
    "watch in hand": _after("app.ingest.claims", "Claims.begin"),
    "ledger charged": _after("app.quota.ledger", "Ledger.charge"),
    "search answered": _after("app.sources.youtube", "YouTube.search"),
    "details answered": _after("app.sources.youtube", "YouTube.videos"),
    "commit begun": _after("app.store.store", "Transaction.stand_in_line"),
    "videos written": _after("app.store.store", "Transaction.record"),
    "range narrowed": _after("app.store.ranges", "RangeRepository.replace"),
    "committed": _before("app.feed.publisher", "FeedPublisher.publish"),
    "published": _after("app.feed.publisher", "FeedPublisher.publish"),
    "poll over": _before("app.ingest.claims", "Claims.end"),
    "claim given back": _after("app.ingest.claims", "Claims.end"),
    "refresh given out": _after("app.ingest.refresher", "Refresher.due"),
    "refresh answered": _before("app.ingest.tail", "Tail.refresh"),
    "refresh committed": _after("app.ingest.tail", "Tail.refresh"),
}

WAITS: Mapping[str, timedelta] = {
    "app.ingest.tail.LEASE": timedelta(seconds=LEASE_SECONDS),
    "app.ingest.refresher.LEASE": timedelta(seconds=LEASE_SECONDS),
    "app.ingest.retries.SOONEST": timedelta(seconds=1),
}
"""What is half a minute, ten minutes and a minute by design."""

LONGEST_RETRY = timedelta(seconds=3)
"""By design a watch waits for as long as it has not been polled to the end since it failed."""

_NOTHING: tuple[object, ...] = (False, [])


class NoSuchStepError(Exception):
    """app/ has changed: what is to be wrapped does not exist any more."""


def arm(folder: Path, name: str, *, passes: int, whole: bool) -> Path:
    """Let the process die that reaches a step after so many passes; return what it leaves.

    Args:
        folder: where the processes run.
        name: of the step.
        passes: how often the step passes before, in whichever process.
        whole: the process takes its group along: a worker with its pool, a server with its master.

    Returns:
        The file that will hold the process id of the one that died.
    """
    place = folder / FOLDER
    place.mkdir(exist_ok=True)
    hit = place / f"{name} hit"
    hit.unlink(missing_ok=True)
    fresh = place / "fresh"
    fresh.write_text("whole" if whole else "alone")
    fresh.rename(place / f"{name}.{passes}")
    return hit


def reached(name: str, folder: Path = FOLDER) -> None:
    """Die here if that is asked for; of several processes that come here at once, one does."""
    for armed in folder.glob(f"{name}.*"):
        passes = int(armed.suffix[1:])
        with suppress(FileNotFoundError):  # another process was here first
            if passes:
                armed.rename(armed.with_suffix(f".{passes - 1}"))
                return
            mine = armed.rename(folder / f"{name} {os.getpid()}")
            _die(mine, folder / f"{name} hit")


def _die(mine: Path, hit: Path) -> None:
    whole = mine.read_text() == "whole"
    mine.write_text(str(os.getpid()))
    mine.rename(hit)
    (os.killpg if whole else os.kill)(os.getpgrp() if whole else os.getpid(), signal.SIGKILL)


def install() -> None:
    """Shorten the waits and wrap the steps, for this process and those that it forks.

    Raises:
        NoSuchStepError: one of them does not exist.
    """
    for place, wait in WAITS.items():  # first: other modules import the values by name
        _replace(place, wait)
    longest = tuple((kind, min(wait, LONGEST_RETRY)) for kind, wait in retries._LONGEST)
    _replace("app.ingest.retries._LONGEST", longest)
    wrap(STEPS)


def wrap(steps: Mapping[str, Step]) -> None:
    """Make the process die at a step when that is asked for.

    Raises:
        NoSuchStepError: one of them does not exist.
    """
    for name, step in steps.items():
        owner_name, _, method = step.method.partition(".")
        owner = _found(vars(import_module(step.module)), owner_name, step.method)
        original = _found(vars(owner), method, step.method)
        setattr(owner, method, _wrapped(name, original, after=step.after))


def _replace(place: str, value: object) -> None:
    module, _, name = place.rpartition(".")
    _found(vars(import_module(module)), name, place)
    setattr(import_module(module), name, value)


def _found(names: Mapping[str, object], name: str, wanted: str) -> object:
    if name not in names:
        raise NoSuchStepError(f"app/ has no {wanted} any more")
    return names[name]


def _wrapped(name: str, original: object, *, after: bool) -> Callable[..., object]:
    """Wrap a method; what came to nothing (no claim, no charge) is no step."""
    assert callable(original)

    @functools.wraps(original)
    def method(*arguments: object, **named: object) -> object:
        if not after:
            reached(name)
        result: object = original(*arguments, **named)
        if after and result not in _NOTHING:
            reached(name)
        return result

    return method


def main(command: Sequence[str]) -> None:
    """Run `python -m` with the steps wrapped."""
    if command[0] == AS_SHIPPED:
        command = command[1:]
        wrap(STEPS)
    else:
        install()
    sys.argv = list(command)
    runpy.run_module(command[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
