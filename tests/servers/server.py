"""What the throwaway servers share: a folder, a loopback port, start and stop.

A server keeps its port and its folder from stop() to start(), so a client sees it leave and return.
"""

import os
import pwd
import shutil
import signal
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, TypeVar

from tests.processes import ChildProcess, bound_to_parent, free_port
from tests.waiting import wait_until

HOST = "127.0.0.1"
START_SECONDS = 30.0
# PostgreSQL refuses to run as root, so as root every server runs as this user.
UNPRIVILEGED = "nobody"


class Server(ABC):
    """One server process; subclasses say how it is set up, started and asked for life."""

    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: ChildProcess | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect, in the form our settings take."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The foreground command that serves `self.port` on loopback out of `self.folder`."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client gets an answer now."""

    def initialise(self) -> None:
        """Fills the folder, once, before the first start."""
        return

    def start(self) -> None:
        """Returns when the server answers; fails with its log when it ends instead."""
        process = self._process = self._spawn(self.command())
        wait_until(
            lambda: process.returncode is not None or self.answers(),
            START_SECONDS,
            claim=f"{process} answers",
        )
        if process.returncode is not None:
            raise AssertionError(f"{process} ended:\n{process.output()}")

    def stop(self) -> None:
        """An orderly stop; nothing to do when it is down."""
        if process := self._leave():
            process.stop(self.stop_signal)

    def kill(self) -> None:
        """The end without warning; what was committed is still there after start()."""
        if process := self._leave():
            process.kill()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hangs: it takes connections and says nothing."""
        if self._process is None:
            raise AssertionError("it is down")
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def run_setup(self, command: Sequence[str]) -> None:
        """Runs one command of `initialise` to its end; stop() ends it early."""
        process = self._process = self._spawn(command)
        if process.wait(START_SECONDS) != 0:
            raise AssertionError(f"{process} failed:\n{process.output()}")

    def _leave(self) -> ChildProcess | None:
        process, self._process = self._process, None
        return process

    def _spawn(self, command: Sequence[str]) -> ChildProcess:
        # In this order: a change of user would undo the bond.
        prefix = [*_as_unprivileged(), *bound_to_parent(self.stop_signal)]
        return ChildProcess(
            [*prefix, *command],
            log=self.folder / "server.log",
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "TMPDIR": str(self.folder)},
        )


S = TypeVar("S", bound=Server)


@contextmanager
def running(kind: type[S], where: Path | None = None) -> Iterator[S]:
    """A fresh, started server in a temporary folder (`where`) that vanishes with it."""
    with tempfile.TemporaryDirectory(prefix="newsreel-", dir=where) as name:
        if os.geteuid() == 0:
            shutil.chown(name, UNPRIVILEGED)
        server = kind(Path(name))
        try:
            server.initialise()
            server.start()
            yield server
        finally:
            server.stop()


def _as_unprivileged() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    group = pwd.getpwnam(UNPRIVILEGED).pw_gid
    return ("setpriv", "--reuid", UNPRIVILEGED, "--regid", str(group), "--clear-groups", "--")
