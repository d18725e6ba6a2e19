"""Something done once, as all processes of one worker see it, whichever of them is killed when."""

from __future__ import annotations

from mmap import mmap


class SharedFlag:
    """One byte that processes forked from this one share, and no lock that could outlive its owner.

    `multiprocessing.Event` has a lock: a process killed while it looks would block all others.
    """

    def __init__(self) -> None:
        self._byte = mmap(-1, 1)  # anonymous and shared; zero at first

    def is_set(self) -> bool:
        """Tell whether it was done."""
        return self._byte[0] == 1

    def set(self) -> None:
        """Note that it was done."""
        self._byte[0] = 1
