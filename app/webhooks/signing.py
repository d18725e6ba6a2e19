"""What a delivery looks like on the wire, and how its receiver knows that it is ours."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import orjson

from app.feed.items import encode_item

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from app.domain.watches import Watch
    from app.domain.webhooks import Arrivals, Webhook

SIGNATURE = "Newsreel-Signature"
DELIVERY = "Newsreel-Delivery"


def encode_delivery(
    webhook: Webhook, delivery_id: str, watch: Watch | None, arrivals: Arrivals
) -> bytes:
    """Return the body of a delivery; a replay of what follows it would begin at its `next_seq`."""
    about = watch and {
        "watch_id": watch.watch_id,
        "kind": watch.kind.value,
        "term": watch.term,
        "label": watch.label,
    }
    return orjson.dumps(
        {
            "webhook_id": webhook.webhook_id,
            "delivery_id": delivery_id,
            "watch": about,
            "videos": [orjson.Fragment(encode_item(video)) for video in arrivals.videos],
            "next_seq": arrivals.next_seq,
        }
    )


def headers_for(
    body: bytes, delivery_id: str, secrets: Iterable[str], now: datetime
) -> dict[str, str]:
    """Return the headers of a delivery, with a signature by each secret.

    They are over the time and the body, so that nobody can send an old one again later.
    """
    at = int(now.timestamp())
    signed = f"{at}.".encode() + body
    digests = [hmac.new(it.encode(), signed, "sha256").hexdigest() for it in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Newsreel",
        SIGNATURE: ",".join([f"t={at}", *(f"v1={digest}" for digest in digests)]),
        DELIVERY: delivery_id,
    }
