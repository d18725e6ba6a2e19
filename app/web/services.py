"""What the web layer asks of the services below it, and how a view reaches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from flask import current_app

from app.web.report_services import ReportServices
from app.web.watch_services import WatchServices

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import timedelta

    from flask import Flask

    from app.domain.audit import Actor
    from app.domain.changes import Bookmark, ChangeList
    from app.domain.clock import Clock
    from app.domain.feeds import EncodedVideo, Feed, Page, PageRequest
    from app.domain.webhooks import Delivery, Webhook
    from app.feed.channel_pages import ChannelPage
    from app.ingest.moderating import Moderated
    from app.metrics.processes import ProcessMetrics
    from app.web.access_services import Access, Limiter
    from app.web.read_layer import LastKnown
    from app.webhooks.keeping import DeliveryPage, WebhookPage

_EXTENSION = "newsreel"


class FeedReader(Protocol):
    """The read path.

    Every method may raise NothingToServeError when neither cache nor database answers.
    """

    def page(self, request: PageRequest, at_least: int = 0) -> Page:
        """Return one page, of version `at_least` if there is such a one.

        A page beyond the end has no items.
        """

    def ready_version(self, feed: Feed) -> int | None:
        """Return the version of a first page that would be a hit now, without waiting."""

    def last_known(self, feed: Feed) -> LastKnown | None:
        """Return what could be told of a first page if nobody answered, without waiting."""

    def video(self, video_id: str) -> EncodedVideo:
        """Return one video; raises NotFoundError."""

    def resolve_watch(self, watch_id: int) -> Feed:
        """Return the feed of a watch; raises NotFoundError."""

    def resolve_keyword(self, term: str) -> Feed:
        """Return the feed of the watch with this keyword; raises NotFoundError."""


class ChannelPages(Protocol):
    """A channel's newest videos, watched or not."""

    def page(self, channel_id: str, number: int, length: int, at_least: int = 0) -> ChannelPage:
        """Return a page (from 1), and have fetched what is not there.

        Raises:
            NotFoundError: YouTube knows no such channel.
            NothingToServeError: neither cache nor database can answer.
            StoreUnavailableError: the database is away.
        """


class ChangesReader(Protocol):
    """What changed since when; for clients that keep a copy."""

    def read(self, place: Bookmark, limit: int) -> ChangeList:
        """Return the changes after a bookmark.

        Raises:
            ChangesForgottenError: the client must start anew.
            NothingToServeError: the database does not answer.
        """


class Moderation(Protocol):
    """What nobody is to see."""

    def by(self, actor: Actor) -> Moderation:
        """Return the same for somebody who is named in the audit log."""

    def set_hidden(self, video_id: str, *, hidden: bool, note: str | None = None) -> Moderated:
        """Hide a video or show it again; raises NotFoundError and StoreUnavailableError."""


class PushReceiver(Protocol):
    """What the hub says to us; every method may raise NotFoundError and StoreUnavailableError."""

    def confirm(self, token: str, mode: str, topic: str, lease_seconds: int) -> None:
        """Confirm what we asked the hub for, and nothing else."""

    def deny(self, token: str, topic: str) -> None:
        """Note that the hub will not push."""

    def receive(self, token: str, body: bytes, signature: str) -> None:
        """Take a push."""


class Webhooks(Protocol):
    """Where new videos are sent; all may raise StoreUnavailableError, NotFoundError for an id."""

    def by(self, actor: Actor) -> Webhooks:
        """Return the same for somebody who is named in the audit log; for all that changes it."""

    def add(self, url: str, watch_id: int | None = None) -> Webhook:
        """Add one; raises InvalidMemberError and ConflictError."""

    def get(self, webhook_id: int) -> Webhook:
        """Return one."""

    def page(self, number: int, length: int) -> WebhookPage:
        """Return a page of them (from 1), oldest first."""

    def change(
        self, webhook_id: int, *, url: str | None = None, pause: bool | None = None
    ) -> Webhook:
        """Change what is given; raises InvalidMemberError."""

    def rotate(self, webhook_id: int, overlap: timedelta) -> Webhook:
        """Give one another secret; for a while deliveries are signed by the last one, too."""

    def replay(self, webhook_id: int, after: int) -> Webhook:
        """Send again what came in after a seq; raises InvalidMemberError."""

    def remove(self, webhook_id: int) -> None:
        """Forget one."""

    def deliveries(self, webhook_id: int, number: int, length: int) -> DeliveryPage:
        """Return a page of the log of one (from 1), newest first."""

    def last_deliveries(self, webhook_ids: Collection[int]) -> Mapping[int, Delivery]:
        """Return the last delivery of each of these that has one."""


class Metrics(Protocol):
    """What a scrape is told."""

    def text(self) -> bytes:
        """Return it as Prometheus reads it; never raises for a backend that is away."""


class Services(WatchServices, ReportServices, Protocol):
    """Everything the routes use."""

    @property
    def feed(self) -> FeedReader:
        """The read path."""

    @property
    def channel_pages(self) -> ChannelPages:
        """A channel's newest videos, watched or not."""

    @property
    def changes(self) -> ChangesReader:
        """What changed since when."""

    @property
    def moderation(self) -> Moderation:
        """What nobody is to see."""

    @property
    def pushes(self) -> PushReceiver:
        """What the hub says to us."""

    @property
    def access(self) -> Access:
        """Who may come in."""

    @property
    def limiter(self) -> Limiter:
        """Judges how much is asked for."""

    @property
    def metrics(self) -> Metrics:
        """What a scrape is told."""

    @property
    def processes(self) -> ProcessMetrics:
        """Counts what this process does."""

    @property
    def webhooks(self) -> Webhooks:
        """Where new videos are sent."""

    @property
    def clock(self) -> Clock:
        """The present."""

    @property
    def demo(self) -> bool:
        """Whether the videos come from the simulator."""


def attach(app: Flask, services: Services) -> None:
    """Give an application its services."""
    app.extensions[_EXTENSION] = services


def services() -> Services:
    """Return the services of the application that handles the present request."""
    return cast("Services", current_app.extensions[_EXTENSION])
