"""The tasks: ids in, one service call. They return nothing and raise nothing worth a retry."""

from __future__ import annotations

from app.domain.watches import Claim
from workers.celery_app import app

FETCH_EXPIRES_SECONDS = 25
"""A fetch that waited longer would find its lease of 30 s over."""

REFRESH_EXPIRES_SECONDS = 300
"""One that waited longer may find its videos given out again: they are leased for 10 minutes."""


@app.task(name="newsreel.tick")
def tick() -> None:
    """Take what is due and send a task for each of it."""
    for claim in app.services.ingest.tick():
        fetch.apply_async((claim.watch_id, claim.fence), expires=FETCH_EXPIRES_SECONDS)
    for pack in app.services.packed.due():
        fetch_packed.apply_async((pack,), expires=FETCH_EXPIRES_SECONDS)
    for channel_id in app.services.subscriber.due():
        subscribe.apply_async((channel_id,), expires=FETCH_EXPIRES_SECONDS)
    for webhook_id in app.services.deliverer.due():
        deliver.apply_async((webhook_id,), expires=FETCH_EXPIRES_SECONDS)
    for code in app.services.alerts.due():
        alert.apply_async((code,), expires=FETCH_EXPIRES_SECONDS)
    for batch in app.services.refresher.due():
        refresh.apply_async((batch,), expires=REFRESH_EXPIRES_SECONDS)


@app.task(name="newsreel.fetch")
def fetch(watch_id: int, fence: int) -> None:
    """Fetch for one claim."""
    app.services.ingest.run(Claim(watch_id, fence))


@app.task(name="newsreel.fetch_packed")
def fetch_packed(watch_ids: list[int]) -> None:
    """Fetch for watches that share a search."""
    app.services.packed.run(watch_ids)


@app.task(name="newsreel.subscribe")
def subscribe(channel_id: str) -> None:
    """Ask the hub about one channel."""
    app.services.subscriber.run(channel_id)


@app.task(name="newsreel.deliver")
def deliver(webhook_id: int) -> None:
    """Send new videos to one webhook."""
    app.services.deliverer.run(webhook_id)


@app.task(name="newsreel.alert")
def alert(code: str) -> None:
    """Tell the operator of one trouble."""
    app.services.alerts.run(code)


@app.task(name="newsreel.refresh")
def refresh(video_ids: list[str]) -> None:
    """Refresh up to 50 videos."""
    app.services.refresher.run(video_ids)
