"""All of ingest over a SQLite file and a simulator, in one process and in its own time."""

import http.client
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.bootstrap import Services, build_services
from app.domain.feeds import ALL, PageRequest
from app.domain.quota import ApiKey
from app.domain.ranges import Reading, Stretch
from app.domain.videos import Detail, Video
from app.domain.watches import Watch
from app.ingest.flag import Flag
from app.settings import Settings
from app.sources.base import SearchPage, SearchQuery, VideoBatch, VideoSource
from app.sources.bounded_http import BoundedHttp, RefusedError
from app.sources.invidious import Invidious
from app.sources.rss import ChannelFeeds
from app.sources.websub import Hub
from app.sources.youtube import YouTube
from app.store.database import Database
from app.store.store import Store
from simulator import video as simulated
from simulator.api import DataApi
from simulator.faults import Faults, Rule
from simulator.quota import Key, Quota
from simulator.server import Request, Simulator, make_simulator
from simulator.video import Event
from simulator.world import World
from tests.unit.simulator.worlds import CHANNEL, NOON, PlannedSource, SettableClock, video

TIMEOUT_SECONDS = 10
PLENTY = 100_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request as YouTube saw it."""

    method: str
    key: str
    query: Mapping[str, list[str]]


class Wire(BoundedHttp):
    """HTTP without sockets: requests of Google's client go straight to the simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.calls: list[Call] = []
        self.before_each: Callable[[Call], None] = lambda _: None
        self._simulator = simulator

    def request(
        self, uri: str, method: str, body: str | None, headers: Mapping[str, str]
    ) -> tuple[object, bytes]:
        url = urlsplit(uri)
        query = parse_qs(url.query, keep_blank_values=True)
        call = Call(url.path.rpartition("/")[2], headers.get("X-Goog-Api-Key", ""), query)
        self.calls.append(call)
        self.before_each(call)
        sent = (body or "").encode()
        reply = self._simulator.handle(Request(method, url.path, query, call.key, sent))
        if reply.delay_seconds > TIMEOUT_SECONDS:
            raise TimeoutError
        if reply.reset:
            raise ConnectionResetError
        if reply.cut_after is not None:
            raise http.client.IncompleteRead(reply.body[: reply.cut_after])
        if reply.status != HTTPStatus.OK:
            headers = {name.lower(): value for name, value in reply.headers}
            raise RefusedError(reply.status, headers, reply.body)
        return _Answer(), reply.body


class _Answer(dict[str, str]):
    """What Google's client reads of a response."""

    status = 200
    reason = "OK"


class WiredYouTube(YouTube):
    """The real source on that wire."""

    def __init__(self, simulator: Simulator) -> None:
        vars(self).update(vars(_youtube()))
        self.wire = Wire(simulator)

    def _http(self) -> Wire:
        return self.wire


class WiredFeeds(ChannelFeeds):
    """The real feeds on that wire."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__("http://simulator.invalid/")
        self.wire = Wire(simulator)

    def _http(self) -> Wire:
        return self.wire


class WiredHub(Hub):
    """The real way to the hub on that wire."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__("http://simulator.invalid/subscribe")
        self.wire = Wire(simulator)

    def _http(self) -> Wire:
        return self.wire


class WiredInvidious(Invidious):
    """The real way to Invidious on that wire."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__("http://simulator.invalid/")
        self.wire = Wire(simulator)

    def _http(self) -> Wire:
        return self.wire


@cache
def _youtube() -> YouTube:
    """Made once: to read the API's description takes longer than most tests."""
    return YouTube("http://simulator.invalid/")


def settings(**values: object) -> Settings:
    usual: dict[str, object] = {
        "youtube_api_keys": "key-a",
        "youtube_search_calls_per_day": PLENTY,
        "youtube_units_per_day": PLENTY,
        "fetch_interval_seconds": 10,
        "rate_limit_per_minute": 0,  # a day of requests is made within a second here
    }
    return Settings.model_validate({**usual, **values})


@cache
def _template() -> Path:
    """An empty, migrated database, made once per run of the tests."""
    folder = Path(tempfile.mkdtemp(prefix="newsreel-template-"))
    store = Store(Database(f"sqlite:///{folder}/empty.db"))
    store.migrate()
    store.dispose()
    return folder / "empty.db"


def new_database(folder: Path) -> str:
    """The URL of a fresh SQLite file with all tables."""
    path = folder / "newsreel.db"
    shutil.copy(_template(), path)
    return f"sqlite:///{path}"


@dataclass
class Rig:
    """Services and a simulated YouTube that share a clock.

    `tick()` does what a scheduler does in one turn; nothing happens by itself.
    """

    folder: Path
    clock: SettableClock
    simulator: Simulator
    youtube: WiredYouTube
    feeds: WiredFeeds
    invidious: WiredInvidious
    services: Services
    database_url: str

    @property
    def calls(self) -> list[Call]:
        return self.youtube.wire.calls

    def tick(self) -> None:
        for claim in self.services.ingest.tick():
            self.services.ingest.run(claim)
        for pack in self.services.packed.due():
            self.services.packed.run(pack)
        for watch_id in self.services.fallback.due():
            self.services.fallback.run(watch_id)

    def run_for(self, seconds: float, every: float = 10) -> None:
        """Ticks until that much time has passed."""
        ends_at = self.clock() + timedelta(seconds=seconds)
        while self.clock() < ends_at:
            self.tick()
            self.clock.move(every)
        self.tick()

    def watch(self, term: str = "title") -> Watch:
        return self.services.watching.add_keyword(term)[0]

    def watch_channel(self, channel_id: str = CHANNEL.channel_id) -> Watch:
        return self.services.watching.add_channel(channel_id)[0]

    def publish(self, *videos: simulated.Video | Event) -> None:
        for item in videos:
            event = item if isinstance(item, Event) else Event(item.added_at, item)
            self.simulator.api.world.add(event)

    def fault(self, kind: str, **fields: object) -> None:
        self.simulator.faults.add(Rule(kind, **fields))  # type: ignore[arg-type]  # any field

    def searches(self) -> int:
        return sum(call.method == "search" for call in self.calls)

    def open_ranges(self, watch_id: int = 1) -> list[Stretch]:
        """What no poll has read yet, newest first."""
        found = self.services.store.read(lambda t: t.ranges.list_pending(watch_id))
        unread = [it for it in found if it.reading is Reading.FIRST and it.due_at is not None]
        return [it.stretch for it in unread]

    def stored(self, *video_ids: str) -> dict[str, Video]:
        return self.services.store.read(lambda t: t.videos.list_told(video_ids))

    def known(self, services: Services | None = None) -> list[str]:
        """Ids of the whole feed, walked page by page as a client of this process does."""
        feed = (services or self.services).feed
        ids: list[str] = []
        page = 1
        while True:
            request = PageRequest(ALL, 100, page)
            items = feed.page(request).items
            ids += [str(json.loads(item)["video_id"]) for item in items]
            if not items:
                return ids
            page += 1

    def problems(self) -> set[str]:
        return {problem.code for problem in self.services.readiness.check().problems}

    def another(
        self, source: VideoSource | None = None, *, seeded: Flag | None = None, **values: object
    ) -> Services:
        """The services of one more process on the same database."""
        own = settings(database_url=self.database_url, **values)
        youtube = source or WiredYouTube(self.simulator)
        return build_services(
            own,
            self.clock,
            youtube,
            channels=WiredYouTube(self.simulator),
            feeds=WiredFeeds(self.simulator),
            invidious=self.invidious if own.invidious_url else None,
            seeded=seeded,
            wait=self.clock.move,
        )


def make_rig(
    folder: Path,
    videos: Iterable[simulated.Video | Event] = (),
    *,
    keys: Iterable[Key] = (),
    search_limit: int = PLENTY,
    index_lag: float = 0,
    seed_source: Callable[[WiredYouTube], VideoSource] = lambda youtube: youtube,
    **values: object,
) -> Rig:
    """Build a rig; `values` are settings, `search_limit` is YouTube's own."""
    clock = SettableClock()
    events = [item if isinstance(item, Event) else Event(item.added_at, item) for item in videos]
    world = World(PlannedSource(events), clock, index_lag=timedelta(seconds=index_lag))
    quota = Quota(clock, search_calls_per_day=search_limit, units_per_day=PLENTY, keys=keys)
    simulator = make_simulator(DataApi(world), quota, Faults())
    youtube = WiredYouTube(simulator)
    url = new_database(folder)
    feeds, invidious = WiredFeeds(simulator), WiredInvidious(simulator)
    services = build_services(
        settings(database_url=url, **values),
        clock,
        seed_source(youtube),
        channels=youtube,
        feeds=feeds,
        hub=WiredHub(simulator),
        invidious=invidious if values.get("invidious_url") else None,
        wait=clock.move,
    )
    return Rig(folder, clock, simulator, youtube, feeds, invidious, services, url)


def before_noon(count: int, *, step_seconds: float = 1) -> list[simulated.Video]:
    """Videos 1 to `count`, each older than the one before; the first is of NOON."""
    return [video(n, -(n - 1) * step_seconds) for n in range(1, count + 1)]


def ids_of(videos: Iterable[simulated.Video]) -> list[str]:
    return [item.video_id for item in videos]


@dataclass
class ScriptedSource:
    """Gives these pages in turn (an exception is raised), and tells every video in full."""

    pages: list[SearchPage | Exception]
    queries: list[SearchQuery] = field(default_factory=list)

    def search(self, key: ApiKey, query: SearchQuery) -> SearchPage:
        del key
        self.queries.append(query)
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        return page

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        del key
        return VideoBatch(tuple(told(video_id, detail=Detail.FULL) for video_id in video_ids))


def told(video_id: str, seconds: float = 0, detail: Detail = Detail.SNIPPET) -> Video:
    """A telling of a video published `seconds` after NOON."""
    return Video(
        video_id=video_id,
        title=f"Title {video_id}",
        description="",
        published_at=NOON + timedelta(seconds=seconds),
        channel_id="UC" + "a" * 22,
        channel_title="Harbour Radio",
        detail=detail,
    )


def listing(*videos: Video, token: str | None = None, **fields: object) -> SearchPage:
    """An orderly page."""
    usual: dict[str, object] = {"listed": len(videos), "ordered": True}
    return SearchPage(videos, token, **{**usual, **fields})  # type: ignore[arg-type]  # any field
