"""A site with something of everything: watches, fetches, errors, and videos of all kinds of titles.

One is made for a module of tests that only look; the hostile texts stand in it everywhere.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update

from app.domain.fetches import FetchRecord, FetchSource, Purpose
from app.domain.videos import CanonicalJson, LiveState
from app.domain.watches import WatchKind
from app.store.models import WatchRow
from simulator.video import Event
from tests.browser.hostile import TEXTS
from tests.browser.videos import video
from tests.unit.simulator import worlds

if TYPE_CHECKING:
    from app.domain.videos import Video
    from app.store.store import Transaction
    from tests.browser.sites import Site

KEYWORD = "harbour news"
"""The watch 1, which has found the videos with awkward titles."""

TITLE = "A plain title"
AWKWARD_TITLES: tuple[str, ...] = (
    TITLE,
    "",
    "A",
    "W" * 100,
    "one two " * 12,
    "مرحبا بكم في قناة الأخبار من الميناء",
    "שלום לכולם",
    "日本の港からのニュース",
    "🔥🚢👩‍👩‍👧‍👦🏳️‍🌈",
    "  blanks   inside  ",
    "Ünïcödé and cöm̈bïn̈ïn̈g̈ m̈ärks̈",
)
FAILED_WITH = TEXTS[:20]
"""What the first fetches of the log ended with."""


def fill(site: Site) -> None:
    """Fill an empty site; the newest videos are the hostile ones, in the order of TEXTS."""
    first = site.watch(KEYWORD)
    site.rig.watch_channel()
    for number in range(3):
        published = worlds.video(number, -600 - 60 * number, title=f"{KEYWORD} {number}")
        site.rig.publish(Event(published.added_at, published))
    site.rig.run_for(60, every=20)
    site.record(*_awkward(), watch_id=first)
    site.record(*_hostile(), watch_id=first)
    for text in TEXTS:
        site.rig.services.watching.create(WatchKind.KEYWORD, text, {"label": text})
    site.rig.services.store.write(lambda transaction: _fail(site, transaction))
    site.rig.services.watching.set_paused(first + 2, paused=True)


def _hostile() -> list[Video]:
    return [
        replace(
            video(number, timedelta(seconds=number)),
            title=text,
            description=text,
            channel_title=text,
            tags=CanonicalJson("[]"),
        )
        for number, text in enumerate(TEXTS)
    ]


def _awkward() -> list[Video]:
    live = (LiveState.NONE, LiveState.LIVE, LiveState.UPCOMING, LiveState.COMPLETED, None)
    return [
        replace(
            video(100 + number),
            title=title,
            live=live[number % len(live)],
            duration_seconds=(None, 0, 59, 3599, 400_000)[number % 5],
            thumbnails=video(100 + number).thumbnails if number % 4 else CanonicalJson("{}"),
        )
        for number, title in enumerate(AWKWARD_TITLES)
    ]


def _fail(site: Site, transaction: Transaction) -> None:
    """Let fetches and watches have ended with hostile words, as a server could send them."""
    now = site.rig.clock()
    for number, text in enumerate(FAILED_WITH):
        at = now - timedelta(minutes=number)
        failed = FetchRecord(
            FetchSource.SEARCH,
            Purpose.POLL,
            (1,),
            None,
            at,
            at,
            error_code="bad",
            error_detail=text,
        )
        transaction.fetches.add(failed)
        of_watch = update(WatchRow).where(WatchRow.term == text)
        values = {"error_code": "upstream_error", "error_since": at, "error_detail": text}
        transaction.watches._connection.execute(of_watch.values(values))
