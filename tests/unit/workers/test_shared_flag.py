from __future__ import annotations

import os
import signal
import sys
from itertools import count
from multiprocessing import get_context
from typing import TYPE_CHECKING

from workers.celery_app import app

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from _typeshed import TraceFunction


def test_a_worker_killed_at_any_line_while_it_uses_the_flag_blocks_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    survivor = get_context("spawn").Process(target=_outlive_others)  # has one thread, so may fork
    survivor.start()
    survivor.join(30)
    blocked = survivor.is_alive()
    survivor.kill()
    assert not blocked
    assert survivor.exitcode == 0


def _outlive_others() -> None:
    flag = app._seeded
    for step in count():
        killed = _is_killed_at(step, flag.is_set)
        assert not flag.is_set()
        if not killed:
            break
    for step in count():
        killed = _is_killed_at(step, flag.set)
        flag.is_set()  # returns, whatever it says
        if not killed:
            break
    assert flag.is_set()  # set by the other process
    flag.set()


def _is_killed_at(step: int, use: Callable[[], object]) -> bool:
    """Let a forked process use the flag and kill itself at that step; False if it has fewer."""
    pid = os.fork()
    if pid == 0:
        steps = count()

        def trace(*_: object) -> TraceFunction:
            if next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            use()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])
