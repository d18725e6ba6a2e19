"""A database that was put back to an older state: its versions go on above those that were served.

Versions order everything a reader may keep: heads in Redis and in processes, ETags, bookmarks. Who
had seen 900 would take nothing below it, so a database that came back with 500 goes on with 901.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry import get_logger

if TYPE_CHECKING:
    from app.domain.feeds import Feed
    from app.store.store import Store


def lift_version(store: Store, feed: Feed, served: int) -> None:
    """Bring the versions of all feeds above one that was served of this, unless that was done.

    Raises:
        StoreUnavailableError: the database is away.
    """
    version = store.write(lambda transaction: transaction.lift_version(feed, served + 1))
    told = {"feed": feed.name, "served": served, "version": version}
    get_logger(__name__).error("database_put_back", **told)
