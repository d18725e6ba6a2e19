"""Child processes of a test: none outlives the test run, whatever ends it."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.waiting import wait_until

PROJECT = Path(__file__).parent.parent
STOP_SECONDS = 20.0
# Below the range from which the kernel takes the ports of outgoing connections.
PORTS = range(20000, 32000)
SECRET_KEY = "only-for-tests-0123456789abcdefghijkl"


class ChildProcess:
    """A started command whose output goes to a file."""

    def __init__(
        self, command: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.command = tuple(command)
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                self.command,
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C reaches the tests alone, which then stop it
            )

    @property
    def pid(self) -> int:
        """The process id, which is its group's too."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def output(self) -> str:
        """What it has written so far, both streams."""
        return self.log.read_text(errors="replace")

    def send_signal(self, which: signal.Signals) -> None:
        """Sends the signal to this process alone, not to its children."""
        self._process.send_signal(which)

    def wait(self, deadline_seconds: float = STOP_SECONDS) -> int:
        """Returns the exit status; past the deadline kills the process and fails."""
        try:
            return self._process.wait(deadline_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self} was still running:\n{self.output()}") from None

    def stop(self, which: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end and returns the exit status; fails when it stays."""
        self.send_signal(which)
        return self.wait()

    def kill(self) -> None:
        """Ends it without warning."""
        self._process.kill()
        self._process.wait()

    def survivors(self) -> list[int]:
        """The living processes of its group, itself included; zombies do not count."""
        return [pid for pid, state, group in _all_processes() if group == self.pid and state != "Z"]

    def __str__(self) -> str:
        return f"process {self.pid} ({' '.join(self.command)})"


def bound_to_parent(which: signal.Signals = signal.SIGTERM) -> tuple[str, ...]:
    """A command prefix: when the test run dies, even by SIGKILL, the command gets `which`.

    Empty where the system has no setpriv.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", which.name.removeprefix("SIG"), "--") if setpriv else ()


def free_port() -> int:
    """A loopback port nobody listens on now."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _all_processes() -> Iterator[tuple[int, str, int]]:
    """Process id, state letter and group of each (proc_pid_stat(5); the name may hold spaces)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _parent, group = stat.read_text().rpartition(")")[2].split()[:3]
            yield int(stat.parent.name), state, int(group)


class Processes:
    """Starts commands for one test and makes sure that each has ended, with its children.

    They run in a folder of the test's own, so they find no `.env` and leave no `var/` behind, and
    see only the environment given here, so no setting of the developer's shell leaks in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[ChildProcess] = []

    def start(self, *command: str, env: Mapping[str, str] | None = None) -> ChildProcess:
        """Starts a command, for example `start(sys.executable, "-m", "simulator")`."""
        log = self.folder / f"process-{len(self._started)}.log"
        process = ChildProcess(
            [*bound_to_parent(), *command],
            log=log,
            cwd=self.folder,
            env={**_bare_environment(), **(env or {})},
        )
        self._started.append(process)
        return process

    def python(
        self, module: str, *arguments: str, env: Mapping[str, str] | None = None
    ) -> ChildProcess:
        """Starts `python -m module arguments`."""
        return self.start(sys.executable, "-m", module, *arguments, env=env)

    def close(self, deadline_seconds: float = STOP_SECONDS) -> None:
        """Ends what still runs, last started first; fails when anything had to be forced."""
        ended = [_end(process, deadline_seconds) for process in reversed(self._started)]
        faults = [fault for fault in ended if fault is not None]
        if faults:
            raise AssertionError("\n".join(faults))


def _end(process: ChildProcess, deadline_seconds: float) -> str | None:
    """Asks, then forces; returns what went wrong."""
    process.send_signal(signal.SIGTERM)
    with suppress(AssertionError):
        wait_until(lambda: not process.survivors(), deadline_seconds)
    left = process.survivors()
    if left:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return f"{process} left {left} running; its output:\n{process.output()}" if left else None


def _bare_environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
