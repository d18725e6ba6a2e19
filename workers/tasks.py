"""The tasks: ids in, one service call. They return nothing and raise nothing worth a retry."""

from __future__ import annotations

from app.domain.watches import Claim
from workers.celery_app import app

FETCH_EXPIRES_SECONDS = 25
"""A fetch that waited longer would find its lease of 30 s over."""


@app.task(name="newsreel.tick")
def tick() -> None:
    """Claim what is due and send a fetch for each claim."""
    for claim in app.services.ingest.tick():
        fetch.apply_async((claim.watch_id, claim.fence), expires=FETCH_EXPIRES_SECONDS)


@app.task(name="newsreel.fetch")
def fetch(watch_id: int, fence: int) -> None:
    """Fetch for one claim."""
    app.services.ingest.run(Claim(watch_id, fence))
