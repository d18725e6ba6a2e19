"""The end of a listening socket, in which nobody who has connected is reset.

Closing it resets whoever waits to be accepted or is just shaking hands. So the kernel drops new
attempts to connect while those are let in; who attempted makes another a second later, and meets
what listens then. Linux alone can do that; elsewhere a few connections in a busy moment are reset.
"""

from __future__ import annotations

import os
import struct
import sys
from contextlib import suppress
from ctypes import addressof, create_string_buffer
from socket import AF_INET, AF_INET6, SOL_SOCKET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gevent.socket import socket

HANDSHAKE_SECONDS = 0.01
"""What had begun to connect is through after that, unless it is far away."""

_ATTACH_FILTER, _DETACH_FILTER = 26, 27
"""SO_ATTACH_FILTER and SO_DETACH_FILTER, which the standard library does not name."""

_DROP_ATTEMPTS = (
    (0x30, 0, 0, 13),  # load the byte of the TCP header that holds its flags
    (0x45, 0, 1, 0x02),  # is SYN among them?
    (0x06, 0, 0, 0),  # then drop the packet
    (0x06, 0, 0, 0xFFFFFFFF),  # else let it pass
)
"""A program for the packet filter of socket(7): code, jumps, operand."""


def hold_off(listening: socket) -> bool:
    """Drop attempts to connect from now on; tell whether this system can."""
    if sys.platform != "linux" or listening.family not in (AF_INET, AF_INET6):
        return False
    steps = create_string_buffer(b"".join(struct.pack("HBBI", *it) for it in _DROP_ATTEMPTS))
    program = struct.pack("HP", len(_DROP_ATTEMPTS), addressof(steps))
    try:
        listening.setsockopt(SOL_SOCKET, _ATTACH_FILTER, program)
    except OSError:  # refused to users without rights, or unknown in a sandbox
        return False
    return True


def close(listening: socket) -> None:
    """Close a socket that holds off attempts, and in the same breath stop that.

    Another process may have the socket, too, and go on listening, or have stopped that already.
    """
    descriptor = listening.fileno()
    with suppress(FileNotFoundError):
        listening.setsockopt(SOL_SOCKET, _DETACH_FILTER, 0)
    os.close(descriptor)
    listening.detach()
