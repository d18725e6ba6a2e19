"""Services over a list in memory, for tests of the web layer alone."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import orjson

from app.alerts.reporting import AlertReport
from app.auth.credentials import SESSION, new_secret
from app.auth.tokens import AccessToken
from app.domain.burn_down import SpentDay
from app.domain.changes import Bookmark, ChangeList
from app.domain.clock import format_instant
from app.domain.coverage import CoveragePage, WatchCoverage
from app.domain.errors import (
    ChangesForgottenError,
    InvalidClientError,
    InvalidTokenError,
    NewsreelError,
    NotFoundError,
    WrongPasswordError,
)
from app.domain.feeds import (
    CacheState,
    Cursor,
    EncodedVideo,
    Feed,
    Page,
    PageRequest,
    Position,
    Selection,
)
from app.domain.logs import LogPage
from app.domain.moderation import HiddenVideo
from app.domain.quota import KeyState, Spending
from app.domain.statistics import CountQuery, Counts, DayDelay, Grain
from app.domain.timelines import TimelinePage, Window
from app.domain.watches import RemovedWatch, Watch, WatchKind, WatchOptions
from app.domain.webhooks import Delivery, Webhook
from app.feed.channel_pages import ChannelPage
from app.feed.head_reader import LastKnown
from app.ingest.filter_preview import FilterPreview
from app.ingest.health import HealthReport, Stored
from app.ingest.importing import Importing
from app.ingest.moderating import Moderated
from app.ingest.overview import Overview
from app.ingest.planning import Cadence, Preview
from app.ingest.quota_report import Forecast, QuotaReport
from app.ingest.watch_reports import WatchReport, WatchReportPage
from app.ingest.watching import WatchPage
from app.limits.limiter import Limiter
from app.metrics.processes import ProcessMetrics
from app.web.api.examples import METRICS, VIDEO
from app.webhooks.keeping import DeliveryPage, WebhookPage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from app.auth.grants import Granted
    from app.auth.scopes import Scope
    from app.domain.audit import Actor, AuditEntry, AuditQuery
    from app.domain.clock import Clock
    from app.domain.configured import Configured
    from app.domain.fetches import FetchQuery, LoggedFetch
    from app.domain.filters import Filters
    from app.domain.follows import Follow
    from app.domain.watches import Problem


AT = datetime(2026, 1, 2, 18, tzinfo=UTC)
NEWS = Watch(
    watch_id=1,
    kind=WatchKind.KEYWORD,
    term="news",
    label="News",
    paused=False,
    created_at=AT,
    next_due_at=AT,
    read_until=AT,
    feed_seq=0,
    last_success_at=None,
    last_error=None,
)


def encoded(position: Position) -> bytes:
    members = {
        "video_id": position.video_id,
        "url": f"https://www.youtube.com/watch?v={position.video_id}",
        "published_at": format_instant(position.published_at),
    }
    return orjson.dumps({**VIDEO, **members})


@dataclass
class MemoryFeed:
    """A feed of everything; watch 1 is the keyword `news` and holds every second video."""

    positions: list[Position] = field(default_factory=list)
    version: int = 1
    cache: CacheState = CacheState.HIT
    stale_seconds: int = 0
    broken: Exception | None = None
    is_unready: bool = False
    asked: list[PageRequest] = field(default_factory=list)

    def ready_version(self, feed: Feed) -> int | None:
        del feed
        hit = self.cache is CacheState.HIT and self.broken is None and not self.is_unready
        return self.version if hit else None

    def last_known(self, feed: Feed) -> LastKnown | None:
        del feed
        return None if self.version == 0 else LastKnown(self.version, self.stale_seconds)

    @contextmanager
    def unready(self) -> Iterator[None]:
        """Let every page be read."""
        self.is_unready = True
        yield
        self.is_unready = False

    def page(self, request: PageRequest, at_least: int = 0) -> Page:
        del at_least
        self.asked.append(request)
        if self.broken is not None:
            raise self.broken
        held = self._held(request)
        first = self._first(held, request)
        shown = held[first : first + request.limit]
        more = first + len(shown) < len(held)
        onward = request.oldest_first
        wanted = request.selection
        counted = wanted == Selection(wanted.published_after, wanted.published_before)
        return Page(
            items=tuple(encoded(position) for position in shown),
            total=len(held) if counted else None,
            version=self.version,
            cache=self.cache,
            stale_seconds=self.stale_seconds,
            next_cursor=Cursor(shown[-1], newer=onward) if shown and more else None,
            previous_cursor=Cursor(shown[0], newer=not onward) if shown and first else None,
        )

    def video(self, video_id: str) -> EncodedVideo:
        for position in self.positions:
            if position.video_id == video_id:
                return EncodedVideo(encoded(position), self.version)
        raise NotFoundError("There is no such video.")

    def resolve_watch(self, watch_id: int) -> Feed:
        if watch_id != 1:
            raise NotFoundError("There is no such watch.")
        return Feed(watch_id=1)

    def resolve_keyword(self, term: str) -> Feed:
        if term != "news":
            raise NotFoundError("No watch has this keyword.")
        return Feed(watch_id=1)

    def _held(self, request: PageRequest) -> list[Position]:
        """The videos asked for in their order; all are of one length and one live state."""
        newest_first = sorted(self.positions, key=_order, reverse=True)
        of_feed = newest_first[::2] if request.feed.watch_id else newest_first
        earliest = request.selection.published_after or datetime.min.replace(tzinfo=UTC)
        latest = request.selection.published_before or datetime.max.replace(tzinfo=UTC)
        held = [it for it in of_feed if earliest <= it.published_at <= latest]
        return held[::-1] if request.oldest_first else held

    @staticmethod
    def _first(held: list[Position], request: PageRequest) -> int:
        cursor = request.cursor
        if cursor is None:
            return (request.page - 1) * request.limit
        newer = [_order(it) > _order(cursor.position) for it in held]
        older = [_order(it) < _order(cursor.position) for it in held]
        if cursor.newer == request.oldest_first:
            return len(held) - sum(newer if cursor.newer else older)
        return max(0, sum(newer if cursor.newer else older) - request.limit)


def _order(position: Position) -> tuple[datetime, str]:
    return position.published_at, position.video_id


@dataclass
class MemoryChannelPages:
    """Gives the page it was given."""

    answer: ChannelPage = field(
        default_factory=lambda: ChannelPage(
            Page((orjson.dumps(VIDEO),), None, 0, CacheState.MISS, 0, None, None)
        )
    )
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def page(self, channel_id: str, number: int, length: int, at_least: int = 0) -> ChannelPage:
        self.asked.append((channel_id, number, length, at_least))
        return self.answer


@dataclass
class MemoryChanges:
    """Changes 1 to `count`, every tenth a deletion; those up to `forgotten` are not known."""

    count: int = 25
    forgotten: int = 0
    asked: list[Bookmark] = field(default_factory=list)

    def read(self, place: Bookmark, limit: int) -> ChangeList:
        self.asked.append(place)
        if 0 < place.deletions_after < self.forgotten:
            raise ChangesForgottenError("start anew at 0")
        last = min(place.seq + limit, self.count)
        changes = tuple(self._change(seq) for seq in range(place.seq + 1, last + 1))
        return ChangeList(changes, str(last), last < self.count, self.count)

    @staticmethod
    def _change(seq: int) -> bytes:
        if seq % 10 == 0:
            return orjson.dumps({"seq": seq, "op": "delete", "video_id": f"vid{seq:08}"})
        return orjson.dumps({"seq": seq, "op": "put", "video": VIDEO})


@dataclass
class MemoryFetchLog:
    """Answers every query with the same page."""

    answer: LogPage[LoggedFetch] = field(default_factory=lambda: LogPage((), None, None))
    asked: list[FetchQuery] = field(default_factory=list)

    def page(self, query: FetchQuery) -> LogPage[LoggedFetch]:
        self.asked.append(query)
        return self.answer


@dataclass
class MemoryQuota:
    """Gives the report it was given."""

    answer: QuotaReport = field(
        default_factory=lambda: QuotaReport(
            datetime(2026, 1, 3, 8, tzinfo=UTC), (), Forecast((), 0, 0.0, None, plenty=False)
        )
    )

    spent: SpentDay = field(
        default_factory=lambda: SpentDay(
            datetime(2026, 1, 2, 8, tzinfo=UTC),
            datetime(2026, 1, 3, 8, tzinfo=UTC),
            AT,
            (Spending(),) * 24,
        )
    )

    def report(self) -> QuotaReport:
        return self.answer

    def spent_today(self) -> SpentDay:
        return self.spent


@dataclass
class MemoryCoverage:
    """Tells the same of every page, and of watch 1."""

    answer: CoveragePage = field(default_factory=lambda: CoveragePage((), 0))
    drawn: TimelinePage = field(
        default_factory=lambda: TimelinePage(Window(AT - timedelta(days=7), AT), (), 0)
    )
    asked: list[tuple[int, int]] = field(default_factory=list)

    def page(self, number: int, length: int) -> CoveragePage:
        self.asked.append((number, length))
        return self.answer

    def get(self, watch_id: int) -> WatchCoverage:
        if watch_id != 1:
            raise NotFoundError(f"there is no watch {watch_id}")
        return self.answer.items[0]

    def timelines(self, number: int, length: int) -> TimelinePage:
        self.asked.append((number, length))
        return self.drawn

    def timeline(self, watch_id: int) -> TimelinePage:
        if watch_id != 1:
            raise NotFoundError(f"there is no watch {watch_id}")
        return self.drawn


@dataclass
class MemoryPlanning:
    """Answers every question alike."""

    answer: Preview = field(
        default_factory=lambda: Preview("news", 50.0, Cadence(None, None, 0.0), (), known=False)
    )
    asked: list[tuple[str, float | None]] = field(default_factory=list)

    def preview(self, text: str, videos_per_day: float | None = None) -> Preview:
        self.asked.append((text, videos_per_day))
        return self.answer


@dataclass
class MemoryWatchReports:
    """Tells the same of every page: that the watch `news` has 7 videos and 2 gaps."""

    report: WatchReport = field(default_factory=lambda: WatchReport(NEWS, "", 7, 3.5, AT, 2))
    total: int = 1
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def page(self, number: int, length: int, name: str = "") -> WatchReportPage:
        self.asked.append((number, length, name))
        return WatchReportPage((self.report,) if self.total else (), self.total)


@dataclass
class MemoryFilterPreviews:
    """Answers every question alike."""

    answer: FilterPreview = field(
        default_factory=lambda: FilterPreview(
            judged=0,
            is_whole=True,
            passing=0,
            excluded={},
            dropped=0,
            restored=0,
            dropping=(),
            restoring=(),
        )
    )
    asked: list[tuple[int, Filters]] = field(default_factory=list)

    def preview(self, watch_id: int, filters: Filters) -> FilterPreview:
        self.asked.append((watch_id, filters))
        return self.answer


@dataclass
class MemoryWatching:
    """Watch 1 is the keyword `news`; what is asked is written down, and nothing changes."""

    watch: Watch = field(default_factory=lambda: NEWS)
    refusal: NewsreelError | None = None
    asked: list[tuple[object, ...]] = field(default_factory=list)
    follows: list[Follow] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)
    gone: list[RemovedWatch] = field(default_factory=list)

    def by(self, actor: Actor) -> MemoryWatching:
        self.actors.append(actor)
        return self

    def page(self, number: int, length: int) -> WatchPage:
        self.asked.append((number, length))
        return WatchPage(((self.watch, 7),) if number == 1 else (), 1)

    def list_all(self) -> list[Watch]:
        return [self.watch]

    def get(self, watch_id: int) -> tuple[Watch, int]:
        if watch_id != self.watch.watch_id:
            raise NotFoundError(f"there is no watch {watch_id}")
        return self.watch, 7

    def followed(self, watch_id: int) -> list[Follow]:
        assert watch_id == self.watch.watch_id
        return self.follows

    def create(self, kind: WatchKind, text: str, options: WatchOptions) -> Watch:
        return self._note("create", kind, text, options)

    def change(self, watch_id: int, options: WatchOptions) -> Watch:
        self.get(watch_id)
        return self._note("change", watch_id, options)

    def fetch_now(self, watch_id: int) -> Watch:
        self.get(watch_id)
        return self._note("fetch_now", watch_id)

    def remove(self, watch_id: int) -> None:
        self.get(watch_id)
        self._note("remove", watch_id)

    def restore(self, watch_id: int) -> Watch:
        return self._note("restore", watch_id)

    def removed(self) -> list[RemovedWatch]:
        return self.gone

    def _note(self, *asked: object) -> Watch:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(asked)
        return self.watch


@dataclass
class MemoryWatchList:
    """Watches that files are imported into; at first there is `news`."""

    watches: list[Watch] = field(default_factory=lambda: [NEWS])
    notes: list[tuple[str, Mapping[str, int]]] = field(default_factory=list)
    actors: list[Actor] = field(default_factory=list)

    def by(self, actor: Actor) -> MemoryWatchList:
        self.actors.append(actor)
        return self

    def list_all(self) -> list[Watch]:
        return list(self.watches)

    def check(self, options: WatchOptions) -> None:
        """Take any."""

    def add(self, kind: WatchKind, text: str, options: WatchOptions) -> tuple[Watch, bool]:
        known = [it for it in self.watches if (it.kind, it.term) == (kind, text)]
        if not known:
            new = replace(NEWS, watch_id=len(self.watches) + 1, kind=kind, term=text, label=text)
            self.watches.append(replace(new, **options))
        return (known or self.watches)[-1], not known

    def note_import(self, source: str, counts: Mapping[str, int]) -> None:
        self.notes.append((source, counts))


def _channel_of(handle: str) -> str:
    if handle == "@nobody":
        raise NotFoundError("YouTube has no channel @nobody")
    return f"UC{handle.removeprefix('@'):_<22}"


@dataclass
class MemoryModeration:
    """Knows the video of the examples; what is asked is written down."""

    asked: list[tuple[object, ...]] = field(default_factory=list)

    def by(self, actor: Actor) -> MemoryModeration:
        self.asked.append((actor.name,))
        return self

    def set_hidden(self, video_id: str, *, hidden: bool, note: str | None = None) -> Moderated:
        if video_id == "vid00000000":
            raise NotFoundError("There is no such video.")
        self.asked.append((video_id, hidden, note))
        mark = HiddenVideo(video_id, note or "", "this-machine", AT) if hidden else None
        return Moderated(video_id, mark, None)


@dataclass
class MemoryAuditLog:
    """Answers every query with the same page."""

    answer: LogPage[AuditEntry] = field(default_factory=lambda: LogPage((), None, None))
    asked: list[AuditQuery] = field(default_factory=list)

    def page(self, query: AuditQuery) -> LogPage[AuditEntry]:
        self.asked.append(query)
        return self.answer


@dataclass
class MemoryStatistics:
    """Nothing was ever published."""

    asked: list[tuple[object, ...]] = field(default_factory=list)
    late: list[DayDelay] = field(default_factory=list)

    def delays(self, watch_id: int | None) -> list[DayDelay]:
        self.asked.append(("delays", watch_id))
        return self.late

    def counts(
        self,
        grain: Grain,
        after: datetime | None,
        before: datetime | None,
        watch_id: int | None,
    ) -> Counts:
        self.asked.append((grain, after, before, watch_id))
        at = grain.floor(before or AT)
        return Counts(CountQuery(grain, at, at, watch_id), (0,), ())


@dataclass(frozen=True)
class MemoryReadiness:
    serving: bool = True
    problems: tuple[Problem, ...] = ()


@dataclass
class MemoryChecks:
    state: MemoryReadiness = field(default_factory=MemoryReadiness)

    def check(self) -> MemoryReadiness:
        return self.state


@dataclass
class MemoryPushes:
    """Knows one address, and keeps what was said to it."""

    token: str = "k3JqfX0v3cQm0H8m5sW1pZ7yT2uB9nLd"
    said: list[tuple[object, ...]] = field(default_factory=list)

    def confirm(self, token: str, mode: str, topic: str, lease_seconds: int) -> None:
        self._take(token, "confirm", mode, topic, lease_seconds)

    def deny(self, token: str, topic: str) -> None:
        self._take(token, "deny", topic)

    def receive(self, token: str, body: bytes, signature: str) -> None:
        self._take(token, "receive", body, signature)

    def _take(self, token: str, *said: object) -> None:
        if token != self.token:
            raise NotFoundError("nobody here asked for this")
        self.said.append(said)


@dataclass
class MemorySessions:
    """Sessions by their secrets; without a password there are none."""

    password: str = ""
    secrets: set[str] = field(default_factory=set)
    addresses: list[str | None] = field(default_factory=list)

    @property
    def can_open(self) -> bool:
        return bool(self.password)

    def open(self, password: str, replaced: str | None = None, address: str | None = None) -> str:
        self.addresses.append(address)
        if not self.password or password != self.password:
            raise WrongPasswordError("wrong")
        self.secrets.discard(replaced or "")
        secret = new_secret(SESSION)
        self.secrets.add(secret)
        return secret

    def is_open(self, secret: str) -> bool:
        return secret in self.secrets

    def close(self, secret: str, address: str | None = None) -> bool:
        self.addresses.append(address)
        was_open = secret in self.secrets
        self.secrets.discard(secret)
        return was_open


@dataclass
class MemoryAccess:
    """Knows tokens by what they allow; reads are open. There are no clients and no feed tokens."""

    reads_are_open: bool = True
    sessions: MemorySessions = field(default_factory=MemorySessions)
    allowed: dict[str, frozenset[Scope]] = field(default_factory=dict)

    @property
    def bearers(self) -> MemoryAccess:
        return self

    @property
    def grants(self) -> MemoryAccess:
        return self

    @property
    def feed_tokens(self) -> MemoryAccess:
        return self

    def verify(self, text: str) -> AccessToken:
        if text not in self.allowed:
            raise InvalidTokenError("unknown")
        return AccessToken(text, "nrc_1", self.allowed[text], 0)

    def find_known(self, text: str) -> AccessToken | None:
        return self.verify(text) if text in self.allowed else None

    def find_client(self, text: str) -> str | None:
        return "nrc_1" if text in self.allowed else None

    def issue(self, client_id: str, secret: str, scope: str = "") -> Granted:
        raise InvalidClientError(f"no {client_id} with {len(secret)} characters and {scope}")

    def revoke(self, client_id: str, secret: str, token: str, address: str | None = None) -> None:
        del address
        self.issue(client_id, secret, token)

    def opens(self, token: str, feed: Feed) -> bool:
        del token, feed
        return False


@dataclass
class MemoryWebhooks:
    """Webhook 1 sends the videos of watch 1; what is asked is written down, nothing changes."""

    webhook: Webhook = field(
        default_factory=lambda: Webhook(1, 1, "https://example.org/in", "nws_secret", 7, AT, AT)
    )
    delivery: Delivery = field(
        default_factory=lambda: Delivery("8d1f0c7b", 1, AT, AT, 5, 7, 2, 500, "HTTP 500")
    )
    refusal: NewsreelError | None = None
    asked: list[tuple[object, ...]] = field(default_factory=list)

    def by(self, actor: Actor) -> MemoryWebhooks:
        del actor
        return self

    def add(self, url: str, watch_id: int | None = None) -> Webhook:
        return self._note("add", url, watch_id)

    def get(self, webhook_id: int) -> Webhook:
        if webhook_id != self.webhook.webhook_id:
            raise NotFoundError(f"there is no webhook {webhook_id}")
        return self.webhook

    def page(self, number: int, length: int) -> WebhookPage:
        self.asked.append((number, length))
        return WebhookPage((self.webhook,) if number == 1 else (), 1)

    def change(
        self, webhook_id: int, *, url: str | None = None, pause: bool | None = None
    ) -> Webhook:
        self.get(webhook_id)
        return self._note("change", webhook_id, url, pause)

    def rotate(self, webhook_id: int, overlap: timedelta) -> Webhook:
        self.get(webhook_id)
        return self._note("rotate", webhook_id, overlap)

    def replay(self, webhook_id: int, after: int) -> Webhook:
        self.get(webhook_id)
        return self._note("replay", webhook_id, after)

    def remove(self, webhook_id: int) -> None:
        self.get(webhook_id)
        self._note("remove", webhook_id)

    def deliveries(self, webhook_id: int, number: int, length: int) -> DeliveryPage:
        self.get(webhook_id)
        self.asked.append((number, length))
        return DeliveryPage((self.delivery,) if number == 1 else (), 1)

    def last_deliveries(self, webhook_ids: Collection[int]) -> dict[int, Delivery]:
        return dict.fromkeys(webhook_ids, self.delivery)

    def _note(self, *asked: object) -> Webhook:
        if self.refusal is not None:
            raise self.refusal
        self.asked.append(asked)
        return self.webhook


@dataclass
class MemoryHealth:
    """Gives the report it was given."""

    answer: HealthReport = field(
        default_factory=lambda: HealthReport(
            problems=(),
            database="sqlite",
            database_took=timedelta(milliseconds=1),
            replica_took=None,
            has_replica=False,
            cache_is_shared=False,
            cache_took=timedelta(),
            newest_revision="0018",
            stored=Stored("0018", AT, AT, AT, {KeyState.USABLE: 1}, (), ()),
            channels=(),
        )
    )

    def report(self) -> HealthReport:
        return self.answer


@dataclass
class MemoryAlertReports:
    """Gives the report it was given."""

    answer: AlertReport = field(default_factory=lambda: AlertReport((), ()))

    def report(self) -> AlertReport:
        return self.answer


def unlimited() -> Limiter:
    return Limiter(per_address=0, per_client=0)


@dataclass
class MemoryOverview:
    overview: Overview = field(
        default_factory=lambda: Overview(
            names={1: "News"},
            active=1,
            next_due_at=AT,
            read_until=AT,
            complete_until=AT - timedelta(hours=1),
        )
    )

    def read(self) -> Overview:
        return self.overview


class MemoryMetrics:
    """Tells the same to every scrape."""

    def text(self) -> bytes:
        return METRICS.encode()


@dataclass
class MemoryServices:
    feed: MemoryFeed = field(default_factory=MemoryFeed)
    channel_pages: MemoryChannelPages = field(default_factory=MemoryChannelPages)
    changes: MemoryChanges = field(default_factory=MemoryChanges)
    fetch_log: MemoryFetchLog = field(default_factory=MemoryFetchLog)
    overview: MemoryOverview = field(default_factory=MemoryOverview)
    quota: MemoryQuota = field(default_factory=MemoryQuota)
    coverage: MemoryCoverage = field(default_factory=MemoryCoverage)
    planning: MemoryPlanning = field(default_factory=MemoryPlanning)
    watch_reports: MemoryWatchReports = field(default_factory=MemoryWatchReports)
    filter_previews: MemoryFilterPreviews = field(default_factory=MemoryFilterPreviews)
    watching: MemoryWatching = field(default_factory=MemoryWatching)
    watch_list: MemoryWatchList = field(default_factory=MemoryWatchList)
    moderation: MemoryModeration = field(default_factory=MemoryModeration)
    audit_log: MemoryAuditLog = field(default_factory=MemoryAuditLog)
    statistics: MemoryStatistics = field(default_factory=MemoryStatistics)
    webhooks: MemoryWebhooks = field(default_factory=MemoryWebhooks)
    pushes: MemoryPushes = field(default_factory=MemoryPushes)
    readiness: MemoryChecks = field(default_factory=MemoryChecks)
    access: MemoryAccess = field(default_factory=MemoryAccess)
    limiter: Limiter = field(default_factory=unlimited)
    health: MemoryHealth = field(default_factory=MemoryHealth)
    alert_reports: MemoryAlertReports = field(default_factory=MemoryAlertReports)
    configured: tuple[Configured, ...] = ()
    metrics: MemoryMetrics = field(default_factory=MemoryMetrics)
    processes: ProcessMetrics = field(default_factory=ProcessMetrics)
    clock: Clock = lambda: AT
    demo: bool = False
    seconds: Iterator[float] = field(default_factory=lambda: count(step=0.001))

    @property
    def importing(self) -> Importing:
        return Importing(self.watch_list, _channel_of, lambda: next(self.seconds))
