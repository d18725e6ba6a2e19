"""Checks that take no longer than they may, and of which none keeps the others from being made."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

from app.cli.checkup.findings import Finding, error
from app.domain.errors import NewsreelError
from app.telemetry import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Check = Callable[[], Iterable[Finding]]

LONGEST_SECONDS = 10.0


def examine(code: str, check: Check, seconds: float = LONGEST_SECONDS) -> Iterator[Finding]:
    """Yield what a check finds; that it failed or took too long is a finding of its own.

    Args:
        code: of such a finding.
        check: may hang; its thread ends with the process.
        seconds: what it may take.
    """
    found: list[Finding] = []

    def look() -> None:
        try:
            found.extend(check())
        except NewsreelError as trouble:
            found.append(error(code, f"{trouble.code}: {trouble}", "see what it says"))
        except Exception as fault:  # noqa: BLE001 - whatever one check meets, the others are made
            name = type(fault).__name__
            found.append(error(code, f"the check failed: {name}", "this is a fault of Newsreel"))

    thread = Thread(target=look, name=f"check-{code}", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        advice = "something accepts connections and does not answer: look at it, or at a firewall"
        found = [error(code, f"no answer in {seconds:.0f} s", advice)]
    for finding in found:
        yield replace(finding, detail=redact(finding.detail))
