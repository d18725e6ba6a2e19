"""The end of a listening socket, in which nobody who has connected is reset.

Closing it resets whoever waits to be accepted or is amid a handshake. So new attempts to connect
are dropped while those are let in; who attempted makes another a second later, and meets what
listens then. Linux alone can do that; elsewhere a few connections in a busy moment are reset.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from ctypes import PyDLL, byref, c_int, sizeof
from socket import IPPROTO_IP, IPPROTO_IPV6

from gevent import socket

HANDSHAKE_SECONDS = 0.01
"""What had begun to connect is through after that, unless it is far away."""

_LEAST_HOPS = ((IPPROTO_IP, 21), (IPPROTO_IPV6, 73)) if sys.platform == "linux" else ()
"""IP_MINTTL and IPV6_MINHOPCOUNT: what comes to that socket with fewer hops left is dropped.

The end of a handshake is not, for it comes to the request of its beginning (tcp_v4_rcv of Linux).
"""

_MORE_THAN_ANY = 255
"""Systems send with 64 or 128 hops to go."""


def hold_off(listening: socket.socket) -> None:
    """Have attempts to connect dropped from now on, where the system can."""
    _set_least_hops(listening, _MORE_THAN_ANY)


def accept_or_close(listening: socket.socket) -> socket.socket | None:
    """Accept one who waits; close the listening socket when nobody does, and return None.

    Both are one step, in which no other thread of this process has its turn, as it has at every
    call of `socket`. A process that has the same socket goes on listening, and holds nobody off.
    """
    libc = PyDLL(None)  # unlike CDLL it keeps the interpreter's lock
    set_option, close = libc.setsockopt, libc.close
    descriptor, any_number = listening.fileno(), c_int(0)
    accepted: int = libc.accept(descriptor, None, None)
    if accepted < 0:
        for level, option in _LEAST_HOPS:
            set_option(descriptor, level, option, byref(any_number), sizeof(any_number))
        close(descriptor)
        listening.detach()
        return None
    client = socket.socket(fileno=accepted)
    client.set_inheritable(False)
    _set_least_hops(client, 0)  # it may have that of the listening socket
    return client


def _set_least_hops(of: socket.socket, number: int) -> None:
    for level, option in _LEAST_HOPS:
        with suppress(OSError):  # of the other version of IP, or unknown in a sandbox
            of.setsockopt(level, option, number)
