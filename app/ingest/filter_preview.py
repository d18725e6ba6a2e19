"""What-if: what other filters of a watch would do to what it has found. Changes nothing.

It judges by the function that judges what comes in, over the videos that applying new filters
would move: those of which it is certain that they are for the watch, and that nobody hides.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.domain.filters import exclusion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.domain.filters import Exclusion, Filters
    from app.domain.videos import Video
    from app.store.store import Store, Transaction

MOST_JUDGED = 500
"""Videos that one preview looks at, the newest: words are looked for in the whole text of each."""

MOST_NAMED = 10

Found = tuple["Video", str | None]
"""A video, and which filter keeps it out of the watch's feed now."""


@dataclass(frozen=True, slots=True)
class FilterPreview:
    """What filters would do to the newest videos that a watch has found.

    Args:
        judged: how many videos that is.
        is_whole: these are all that it has found.
        passing: how many would be in its feed.
        excluded: how many would not, by the filter that keeps them out.
        dropped: those in its feed now that would not be; `dropping` names the newest of them.
        restored: those kept out now that would come back; `restoring` names the newest of them.
        dropping: ten at most, each with the filter that would keep it out.
        restoring: ten at most.
    """

    judged: int
    is_whole: bool
    passing: int
    excluded: Mapping[Exclusion, int]
    dropped: int
    restored: int
    dropping: tuple[tuple[Video, Exclusion], ...]
    restoring: tuple[Video, ...]


class FilterPreviews:
    """Tells of a watch's videos what filters would do to them, before they are saved."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def preview(self, watch_id: int, filters: Filters) -> FilterPreview:
        """Judge the newest videos of a watch by filters that need not be its own.

        Raises:
            NotFoundError: there is no such watch.
            StoreUnavailableError: the database is away.
        """

        def work(transaction: Transaction) -> list[Found]:
            transaction.watches.get(watch_id)
            return transaction.videos.list_found(watch_id, MOST_JUDGED + 1)

        found = self._store.read(work)
        return _judge(found[:MOST_JUDGED], filters, is_whole=len(found) <= MOST_JUDGED)


def _judge(found: Sequence[Found], filters: Filters, *, is_whole: bool) -> FilterPreview:
    judged = [(video, kept_out, exclusion(video, filters)) for video, kept_out in found]
    excluded = Counter(reason for _, _, reason in judged if reason is not None)
    dropping = [(video, why) for video, before, why in judged if why is not None and before is None]
    restoring = [video for video, before, why in judged if why is None and before is not None]
    return FilterPreview(
        judged=len(judged),
        is_whole=is_whole,
        passing=len(judged) - excluded.total(),
        excluded=dict(excluded.most_common()),
        dropped=len(dropping),
        restored=len(restoring),
        dropping=tuple(dropping[:MOST_NAMED]),
        restoring=tuple(restoring[:MOST_NAMED]),
    )
