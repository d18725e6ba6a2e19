"""Who makes the present request, as the audit log names them. Whoever lets them in says so."""

from __future__ import annotations

from typing import cast

from flask import g, request

from app.domain.audit import NOBODY, Actor

_LONGEST_ADDRESS = 45  # of IPv6, with one of IPv4 at its end


def note_caller(name: str) -> None:
    """Note who it is."""
    g.caller = Actor(name, caller_address())


def caller() -> Actor:
    """Return who it is: nobody, if nobody was asked to say so."""
    return cast("Actor", g.get("caller", Actor(NOBODY, caller_address())))


def caller_address() -> str | None:
    """Return from where the request comes; None if it came by no network."""
    address = request.remote_addr
    return address[:_LONGEST_ADDRESS] if address and address.isascii() else None
