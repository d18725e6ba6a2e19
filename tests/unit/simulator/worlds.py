"""Small worlds under a clock that a test sets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from simulator.api import DataApi
from simulator.faults import Faults, Rule
from simulator.quota import Key, Quota
from simulator.server import Request, Simulator, make_simulator
from simulator.video import Channel, Event, Video
from simulator.wire import Json
from simulator.world import World

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CHANNEL = Channel("UC" + "a" * 22, "Harbour Radio", "harbour", "About boats", NOON, 7)


@dataclass
class SettableClock:
    """Tells the time a test wants."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class PlannedSource:
    """Hands out a list of events once."""

    events: list[Event] = field(default_factory=list)

    def take(self, until: datetime) -> list[Event]:
        del until
        taken, self.events = self.events, []
        return taken


def video(number: int, seconds: float = 0, **fields: object) -> Video:
    """Video `number`, published `seconds` after NOON (before it when negative)."""
    at = NOON + timedelta(seconds=seconds)
    plain: dict[str, object] = {
        "video_id": f"video{number:06d}",
        "channel": CHANNEL,
        "title": f"Title {number}",
        "description": "",
        "published_at": at,
        "added_at": at,
    }
    return Video(**{**plain, **fields})  # type: ignore[arg-type]  # a test names any field


def world(
    videos: Iterable[Video | Event],
    clock: SettableClock | None = None,
    *,
    index_lag: float = 0,
    keep: timedelta | None = None,
) -> World:
    """A world of these videos, each appearing at its time of upload."""
    events = [item if isinstance(item, Event) else Event(item.added_at, item) for item in videos]
    lag = timedelta(seconds=index_lag)
    return World(PlannedSource(events), clock or SettableClock(), index_lag=lag, keep=keep)


def search(api: DataApi, **params: object) -> Json:
    """A search as the application makes it; ApiError when refused."""
    usual = {"part": "snippet", "type": "video", "order": "date", "maxResults": 50}
    values = {name: [str(value)] for name, value in {**usual, **params}.items()}
    return api.call("search", values)


def items(reply: Json) -> Sequence[Json]:
    found = reply["items"]
    assert isinstance(found, list)
    return found


def ids(reply: Json) -> list[str]:
    """The video ids of a search reply, in its order."""
    return [item["id"]["videoId"] for item in items(reply)]  # type: ignore[index]  # JSON


def every_page(api: DataApi, **params: object) -> list[Json]:
    """All pages of a search."""
    pages = [search(api, **params)]
    while token := pages[-1].get("nextPageToken"):
        pages.append(search(api, **params, pageToken=token))
    return pages


def simulator(
    videos: Iterable[Video | Event] = (),
    clock: SettableClock | None = None,
    *,
    rules: Iterable[Rule] = (),
    keys: Iterable[Key] = (),
    limit: int = 10_000,
) -> Simulator:
    clock = clock or SettableClock()
    quota = Quota(clock, search_calls_per_day=limit, units_per_day=limit, keys=keys)
    return make_simulator(DataApi(world(videos, clock)), quota, Faults(rules))


def get(method: str, key: str = "k", **params: object) -> Request:
    values = {name: [str(value)] for name, value in params.items()}
    return Request("GET", f"/youtube/v3/{method}", values, key)
