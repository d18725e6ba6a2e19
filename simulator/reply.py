"""An HTTP answer as a value, before it is written to a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass

JSON_TYPE = "application/json; charset=UTF-8"
HTML_TYPE = "text/html; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """What to send.

    `delay_seconds` passes before it is sent; `cut_after` bytes of the body the connection is
    closed although the whole length was promised; with `reset` nothing is sent at all.
    """

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    delay_seconds: float = 0.0
    cut_after: int | None = None
    reset: bool = False
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(status: int, payload: object) -> Reply:
    """UTF-8 JSON; a lone surrogate becomes its JSON escape."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return Reply(status, text.encode("utf-8", errors="backslashreplace"))
