"""What a preview of filters says is what happens once they are saved and applied."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.domain.errors import NotFoundError
from app.domain.feeds import ALL, Feed
from app.domain.filters import Exclusion, Filters
from app.domain.intake import Finding
from app.domain.videos import Source
from app.ingest.filter_preview import MOST_JUDGED, MOST_NAMED, FilterPreviews
from app.store.store import Store
from tests.contract.store.tellings import (
    NOW,
    add_watch,
    get_version,
    get_watch,
    hide,
    list_feed,
    record,
    settle,
    video,
    wipe,
)
from tests.contract.store.test_filters_property import FILTERS, VIDEOS

if TYPE_CHECKING:
    from app.domain.videos import Video
    from app.store.database import Database

LINKS = st.sampled_from(["certain", "certain", "certain", "uncertain", "hidden"])
FOUND = st.lists(st.tuples(VIDEOS, LINKS), max_size=8, unique_by=lambda it: it[0].video_id)


def want(store: Store, watch_id: int, filters: Filters) -> None:
    store.write(lambda t: t.watches.change(watch_id, {"filters": filters}))
    settle(store, 3)


def in_feed(store: Store, watch_id: int) -> list[str]:
    return [row.video.video_id for row in list_feed(store, Feed(watch_id))]


def hold_against_refiltering(
    database: Database, found: list[tuple[Video, str]], before: Filters, after: Filters
) -> None:
    wipe(database)
    store = Store(database)
    watch_id = add_watch(store).watch_id
    want(store, watch_id, before)
    findings = [
        Finding(each, Source.SEARCH, watch_id, uncertain=link == "uncertain")
        for each, link in found
    ]
    store.write(lambda t: t.record(findings, NOW))
    for each in (it for it, link in found if link == "hidden"):
        hide(store, each.video_id)
    fed, version = in_feed(store, watch_id), get_version(store, ALL)
    said = FilterPreviews(store).preview(watch_id, after)
    assert (in_feed(store, watch_id), get_version(store, ALL)) == (fed, version)
    assert get_watch(store, watch_id).filters == before
    want(store, watch_id, after)
    now_fed = in_feed(store, watch_id)
    assert said.judged == sum(link == "certain" for _, link in found)
    assert said.passing == len(now_fed) == said.judged - sum(said.excluded.values())
    assert [each.video_id for each, _ in said.dropping] == [it for it in fed if it not in now_fed]
    assert [it.video_id for it in said.restoring] == [it for it in now_fed if it not in fed]
    assert (said.dropped, said.restored) == (len(said.dropping), len(said.restoring))
    assert said.is_whole
    kept_out = store.read(lambda t: t.videos.list_found(watch_id, 100))
    assert said.excluded == Counter(Exclusion(why) for _, why in kept_out if why is not None)


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(found=FOUND, before=FILTERS, after=FILTERS)
def test_every_database_does_what_the_preview_says(
    databases: list[Database], found: list[tuple[Video, str]], before: Filters, after: Filters
) -> None:
    for database in databases:
        hold_against_refiltering(database, found, before, after)


@settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate])
@given(found=FOUND, before=FILTERS, after=FILTERS)
def test_refiltering_does_what_the_preview_says(
    databases: list[Database], found: list[tuple[Video, str]], before: Filters, after: Filters
) -> None:
    hold_against_refiltering(databases[0], found, before, after)


def test_the_newest_are_judged_and_the_newest_of_them_named(sqlite_store: Store) -> None:
    watch_id = add_watch(sqlite_store).watch_id
    videos = [
        replace(video(n), published_at=NOW - timedelta(minutes=n), duration_seconds=n)
        for n in range(MOST_JUDGED + 2)
    ]
    record(sqlite_store, videos, watch_id)
    said = FilterPreviews(sqlite_store).preview(watch_id, Filters(min_duration_seconds=100))
    assert (said.judged, said.is_whole) == (MOST_JUDGED, False)
    assert (said.passing, said.dropped) == (MOST_JUDGED - 100, 100)
    assert said.excluded == {Exclusion.MIN_DURATION: 100}
    assert said.dropping == tuple((it, Exclusion.MIN_DURATION) for it in videos[:MOST_NAMED])


def test_of_a_watch_that_is_not_there_nothing_is_said(sqlite_store: Store) -> None:
    with pytest.raises(NotFoundError):
        FilterPreviews(sqlite_store).preview(7, Filters())
