"""No process of a test outlives it, however the test ends."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.processes import PROJECT, ChildProcess, Processes
from tests.waiting import wait_until

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready")
time.sleep(60)
"""
WITH_A_CHILD = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("ready")
"""
TEST_RUN = """
import time
from tests.servers.redis import Redis
from tests.servers.server import running
with running(Redis) as server:
    print(server._process.pid, server.folder)
    time.sleep(60)
"""


def _start_ready(processes: Processes, code: str) -> ChildProcess:
    process = processes.start(sys.executable, "-c", code)
    wait_until(lambda: "ready" in process.output())
    return process


def test_a_process_that_ignores_the_request_to_end_is_killed_and_reported(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    process = _start_ready(processes, STUBBORN)
    with pytest.raises(AssertionError, match="left"):
        processes.close(deadline_seconds=0.2)
    assert process.returncode == -signal.SIGKILL


def test_a_child_left_behind_by_an_ended_process_is_killed_and_reported(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    process = _start_ready(processes, WITH_A_CHILD)
    assert process.wait() == 0
    with pytest.raises(AssertionError, match="left"):
        processes.close(deadline_seconds=0.2)
    wait_until(lambda: not process.survivors())


def test_a_server_ends_with_a_test_run_that_is_killed(processes: Processes) -> None:
    run = processes.start(sys.executable, "-c", TEST_RUN)
    pid, folder = wait_until(run.output, 20.0).split()
    server = Path("/proc") / pid
    assert server.exists()
    run.kill()
    wait_until(lambda: not server.exists(), claim="the server is gone")
    shutil.rmtree(folder)


def test_a_process_sees_none_of_the_settings_of_the_shell(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOUTUBE_API_KEYS", "key-of-the-shell")
    process = processes.start(sys.executable, "-c", "import os; print(os.environ, os.getcwd())")
    assert process.wait() == 0
    assert "key-of-the-shell" not in process.output()
    assert str(PROJECT) != process.output().split()[-1]
