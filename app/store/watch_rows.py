"""Between rows and values: how a watch becomes columns and columns a watch."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING

from app.domain.filters import NO_FILTERS, Filters
from app.domain.options import parse_filters, write_filters
from app.domain.watches import USUAL_WEIGHT, ActiveWatch, Problem, Watch, WatchKind

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from app.domain.watches import WatchOptions
    from app.store.rows import Columns

USUAL_OPTIONS: Columns = {"paused": False, "weight": USUAL_WEIGHT, "follow": True}


def columns_of_options(options: WatchOptions, term: str) -> Columns:
    """Return the columns of the options that are given; an empty label is the term."""
    columns: Columns = {**options}
    if "label" in options:
        columns["label"] = options["label"] or term
    if "filters" in options:
        columns["filters"] = write_filters(options["filters"])
    return columns


@lru_cache(maxsize=4096)
def read_filters(text: str | None) -> Filters:
    """Return the filters that a column holds."""
    return NO_FILTERS if text is None else parse_filters(json.loads(text))


def watch_of(row: Row[tuple[object, ...]]) -> Watch:
    """Return the watch of a whole row."""
    error = None
    if row.error_code is not None:
        error = Problem(row.error_code, row.error_since, row.error_detail)
    return Watch(
        watch_id=row.watch_id,
        kind=WatchKind(row.kind),
        term=row.term,
        label=row.label,
        paused=row.paused,
        created_at=row.created_at,
        next_due_at=row.next_due_at,
        read_until=row.read_until,
        feed_seq=row.feed_seq,
        last_success_at=row.last_success_at,
        last_error=error,
        last_accessed_at=row.last_accessed_at,
        min_interval_seconds=row.min_interval_seconds,
        weight=row.weight,
        region=row.region,
        language=row.language,
        filters=read_filters(row.filters),
        follow=row.follow,
        refiltering=row.refilter_after is not None,
        wanted_at=row.wanted_at,
    )


def active_watch_of(row: Row[tuple[object, ...]], videos: int, first_hour: datetime) -> ActiveWatch:
    """Return what pacing needs of a whole row, with the videos that were counted."""
    packed_until = row.packed_until or row.read_until
    return ActiveWatch(
        watch_id=row.watch_id,
        kind=WatchKind(row.kind),
        term=row.term,
        videos=videos,
        first_hour=first_hour,
        looked_until=max(row.read_until, packed_until),
        packed_at=row.packed_at,
        min_interval_seconds=row.min_interval_seconds,
        weight=row.weight,
        region=row.region,
        language=row.language,
    )
