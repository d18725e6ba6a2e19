"""A receiver of webhooks on loopback, and the few lines by which it knows what is ours."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.contract.sources.wire_server import reply, wire_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.sources.wire_server import Answer, Handler, WireServer


@dataclass
class Receiver:
    """What came, and what is answered to the next ones: 204 when there is nothing else left."""

    server: WireServer
    answers: list[Answer] = field(default_factory=list)
    on_arrival: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        """Where to send."""
        return f"{self.server.endpoint}in"

    @property
    def bodies(self) -> list[dict[str, object]]:
        """What came, in its order."""
        return [json.loads(request.body) for request in self.server.requests]

    def videos(self) -> list[list[str]]:
        """The ids of the videos of each delivery."""
        return [[video["video_id"] for video in body["videos"]] for body in self.bodies]  # type: ignore[attr-defined]  # JSON

    def is_signed(self, number: int, secret: str) -> bool:
        """Check as a receiver would, by what README says."""
        request = self.server.requests[number]
        header = request.headers["newsreel-signature"]
        t, *signatures = (part.partition("=")[2] for part in header.split(","))
        signed = t.encode() + b"." + request.body.encode()
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        return any(hmac.compare_digest(expected, one) for one in signatures)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver until the block ends."""

    def answer(handler: Handler) -> None:
        running.on_arrival()
        (running.answers.pop(0) if running.answers else reply(b"", status=204))(handler)

    with wire_server(answer) as server:
        running = Receiver(server)
        yield running
