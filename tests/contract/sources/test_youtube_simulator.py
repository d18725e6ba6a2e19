import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.clock import pacific_day, pacific_midnight, parse_instant
from app.domain.errors import (
    BadRequestError,
    KeyRejectedError,
    QuotaExhaustedError,
    SourceError,
    ThrottledError,
    UpstreamError,
)
from app.domain.quota import ApiKey
from app.domain.ranges import Stretch
from app.domain.videos import Video
from app.sources.base import SearchPage, SearchQuery
from app.sources.youtube import YouTube
from tests.processes import Processes
from tests.waiting import wait_until

Json = dict[str, object]

GOOD = ApiKey("good", "main")
SPENT = ApiKey("spent", "small")
SEARCH_CALLS = 200
STATES = {
    "bad": "invalid",
    "old": "expired",
    "off": "api_disabled",
    "fenced": "blocked",
    "elsewhere": "ip_blocked",
    "hasty": "throttled",
}


class Simulated:
    """The simulator as the source sees it, and the truth behind it."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.youtube = YouTube(endpoint)

    def truth(self) -> list[Json]:
        with urllib.request.urlopen(f"{self.endpoint}/_truth?limit=10000") as answer:
            videos: list[Json] = json.load(answer)["videos"]
        return videos

    def control(self, **command: object) -> None:
        body = json.dumps(command).encode()
        with urllib.request.urlopen(f"{self.endpoint}/_control", data=body) as answer:
            assert answer.status == 200


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulated]:
    processes = Processes(tmp_path_factory.mktemp("simulator"))
    keys = ["good:main", "spent:small", *(f"{key}:{key}:{state}" for key, state in STATES.items())]
    process = processes.python(
        "simulator",
        *("--port", "0", "--match-all", "--rate", "3", "--history-seconds", "7200"),
        *("--search-calls-per-day", str(SEARCH_CALLS), "--key", *keys),
    )
    line = wait_until(lambda: process.output().partition("\n")[0], claim="the simulator listens")
    yield Simulated(line.removeprefix("listening on "))
    processes.close()


@pytest.fixture
def fault(simulated: Simulated, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fault that hits the next calls of any method."""
    kind = str(request.param)
    simulated.control(do="add_fault", rule={"kind": kind})
    yield kind
    simulated.control(do="clear_faults")


@pytest.fixture
def query() -> SearchQuery:
    """What was published in the last hours, but for the last minute, which may still change."""
    now = datetime.now(UTC).replace(microsecond=0)
    return SearchQuery("music", Stretch(now - timedelta(hours=3), now - timedelta(minutes=1)))


def _pages(simulated: Simulated, query: SearchQuery) -> Iterator[SearchPage]:
    page = simulated.youtube.search(GOOD, query)
    yield page
    while page.next_page_token:
        page = simulated.youtube.search(GOOD, replace(query, page_token=page.next_page_token))
        yield page


def _shown(simulated: Simulated, query: SearchQuery) -> dict[str, Json]:
    return {
        str(video["video_id"]): video
        for video in simulated.truth()
        if query.stretch.holds(parse_instant(str(video["published_at"])))
        and video["deleted_at"] is None
    }


def test_all_pages_together_are_everything_that_is_shown(
    simulated: Simulated, query: SearchQuery
) -> None:
    pages = list(_pages(simulated, query))
    shown = _shown(simulated, query)
    found = {video.video_id: video for page in pages for video in page.videos}
    assert len(pages) > 2
    assert all(page.ordered and not page.rejected for page in pages)
    assert found.keys() == shown.keys()
    assert {i: video.title for i, video in found.items()} == {
        i: truth["title"] for i, truth in shown.items()
    }


def test_videos_are_told_in_full_and_unchanged(simulated: Simulated, query: SearchQuery) -> None:
    shown = dict(list(_shown(simulated, query).items())[:50])
    batch = simulated.youtube.videos(GOOD, list(shown))
    assert batch.rejected == ()
    assert {video.video_id: _as_truth(video) for video in batch.videos} == {
        i: {name: truth[name] for name in _as_truth(batch.videos[0])} for i, truth in shown.items()
    }


def _as_truth(video: Video) -> Json:
    return {
        "title": video.title,
        "description": video.description,
        "published_at": f"{video.published_at:%Y-%m-%dT%H:%M:%SZ}",
        "channel_id": video.channel_id,
        "channel_title": video.channel_title,
        "thumbnails": json.loads(video.thumbnails),
        "tags": json.loads(video.tags or "null"),
        "category_id": video.category_id,
        "language": video.language,
        "duration_seconds": video.duration_seconds or 0,
        "like_count": video.like_count,
    }


def test_a_video_unknown_to_youtube_is_absent(simulated: Simulated, query: SearchQuery) -> None:
    known = next(iter(_shown(simulated, query)))
    batch = simulated.youtube.videos(GOOD, ["-----------", known])
    assert [video.video_id for video in batch.videos] == [known]


def test_a_stretch_without_videos_is_an_empty_page(simulated: Simulated) -> None:
    long_ago = datetime(2005, 4, 24, tzinfo=UTC)
    page = simulated.youtube.search(GOOD, SearchQuery("music", Stretch(long_ago, long_ago)))
    assert page == SearchPage((), None, 0, ordered=True)


def test_a_token_of_another_search_is_a_bad_request(
    simulated: Simulated, query: SearchQuery
) -> None:
    with pytest.raises(BadRequestError):
        simulated.youtube.search(GOOD, replace(query, page_token="nonsense"))


def test_a_spent_search_bucket_names_its_day_and_leaves_the_units(
    simulated: Simulated, query: SearchQuery
) -> None:
    for _ in range(SEARCH_CALLS):
        simulated.youtube.search(SPENT, query)
    with pytest.raises(QuotaExhaustedError) as caught:
        simulated.youtube.search(SPENT, query)
    assert caught.value.window_start_at == pacific_midnight(pacific_day(datetime.now(UTC)))
    assert caught.value.limit == SEARCH_CALLS
    assert simulated.youtube.videos(SPENT, list(_shown(simulated, query))[:1]).videos


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("bad", "invalid"),
        ("never heard of", "invalid"),
        ("old", "expired"),
        ("off", "api_disabled"),
        ("fenced", "blocked"),
        ("elsewhere", "blocked"),
    ],
)
def test_a_key_that_cannot_be_used_says_why(
    simulated: Simulated, query: SearchQuery, key: str, reason: str
) -> None:
    with pytest.raises(KeyRejectedError) as caught:
        simulated.youtube.search(ApiKey(key, key), query)
    assert caught.value.reason == reason


def test_a_hasty_key_is_only_throttled(simulated: Simulated, query: SearchQuery) -> None:
    with pytest.raises(ThrottledError):
        simulated.youtube.search(ApiKey("hasty", "hasty"), query)


@pytest.mark.parametrize(
    "fault",
    ["500", "503", "html_200", "truncated", "cut_off", "empty", "null", "reset", "garbage"],
    indirect=True,
)
def test_trouble_at_youtube_is_an_upstream_error(
    simulated: Simulated, query: SearchQuery, fault: str
) -> None:
    for call in (
        lambda: simulated.youtube.search(GOOD, query),
        lambda: simulated.youtube.videos(GOOD, ["aaaaaaaaaaa"]),
    ):
        with pytest.raises(SourceError) as caught:
            call()
        assert type(caught.value) is UpstreamError, fault


@pytest.mark.parametrize("fault", ["channel_item", "missing_video_id"], indirect=True)
def test_an_item_that_is_no_video_costs_no_other(
    simulated: Simulated, query: SearchQuery, fault: str
) -> None:
    page = simulated.youtube.search(GOOD, query)
    assert (len(page.videos), page.ordered) == (50, True), fault
    assert len(page.rejected) == 1


@pytest.mark.parametrize("fault", ["wrong_types"], indirect=True)
def test_items_of_wrong_types_are_left_out_one_by_one(
    simulated: Simulated, query: SearchQuery, fault: str
) -> None:
    page = simulated.youtube.search(GOOD, query)
    assert (page.listed, page.videos, len(page.rejected)) == (50, (), 50), fault
    assert page.next_page_token is not None


@pytest.mark.parametrize("fault", ["unsorted"], indirect=True)
def test_an_unsorted_page_is_kept_and_said_to_be_so(
    simulated: Simulated, query: SearchQuery, fault: str
) -> None:
    page = simulated.youtube.search(GOOD, query)
    assert (len(page.videos), page.ordered) == (50, False), fault


@pytest.mark.parametrize("fault", ["lone_surrogate", "nul"], indirect=True)
def test_a_title_that_no_database_holds_is_made_storable(
    simulated: Simulated, query: SearchQuery, fault: str
) -> None:
    page = simulated.youtube.search(GOOD, query)
    assert len(page.videos) == 50, fault
    assert all("\0" not in video.title and video.title.encode() for video in page.videos)


@pytest.mark.parametrize("fault", ["duplicate_on_page_2"], indirect=True)
def test_a_page_that_repeats_the_one_before_is_still_ordered(
    simulated: Simulated, query: SearchQuery, fault: str
) -> None:
    first, second, *_ = _pages(simulated, query)
    assert first.videos[-1] == second.videos[0], fault
    assert second.ordered
