"""The end of a listening socket, in which nobody who waits to be accepted is reset.

Closing it resets them. So the last look at who waits and the close are one step, in which no other
thread of this process has its turn: what `socket` offers gives them one at every call, and where
they have work to do that takes milliseconds.
"""

from __future__ import annotations

from ctypes import PyDLL

from gevent import socket


def accept_or_close(listening: socket.socket) -> socket.socket | None:
    """Accept one who waits; close the listening socket when nobody does, and return None.

    A process that has the same socket goes on listening.
    """
    libc = PyDLL(None)  # unlike CDLL it keeps the interpreter's lock
    descriptor = listening.fileno()
    accepted: int = libc.accept(descriptor, None, None)
    if accepted < 0:
        libc.close(descriptor)
        listening.detach()
        return None
    client = socket.socket(fileno=accepted)
    client.set_inheritable(False)
    return client
