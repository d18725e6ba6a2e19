"""Managing webhooks: the one place that adds, changes and removes them. It sends nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.domain.audit import Action
from app.domain.errors import (
    InvalidMemberError,
    InvalidValueError,
    NotFoundError,
    TooManyWebhooksError,
)
from app.domain.feeds import ALL
from app.domain.webhooks import MAX_WEBHOOKS, Pause, moved, paused, resumed, rotated

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from app.domain.audit import Actor
    from app.domain.clock import Clock
    from app.domain.webhooks import Delivery, Webhook
    from app.sources.outgoing import Outgoing
    from app.store.store import Store, Transaction

SECRET_PREFIX = "nws_"  # noqa: S105 - what secrets begin with, so that people and scanners know one


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """A page of the webhooks, the oldest first; `total` is of all."""

    items: tuple[Webhook, ...]
    total: int


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """A page of a webhook's log, the newest first; `total` is of what is kept of it."""

    items: tuple[Delivery, ...]
    total: int


class Webhooks:
    """Adds and changes webhooks; all methods may raise StoreUnavailableError.

    Args:
        store: holds them.
        outgoing: knows which addresses may be asked.
        clock: the present.
    """

    def __init__(self, store: Store, outgoing: Outgoing, clock: Clock) -> None:
        self._store = store
        self._outgoing = outgoing
        self._clock = clock

    def by(self, actor: Actor) -> Webhooks:
        """Return the same as somebody else uses it, who is named in the audit log."""
        return Webhooks(self._store.by(actor), self._outgoing, self._clock)

    def add(self, url: str, watch_id: int | None = None) -> Webhook:
        """Send what comes into a watch's feed from now on, or into that of all, to an address.

        Raises:
            InvalidMemberError: the address may not be asked, or there is no such watch.
            TooManyWebhooksError: there are 100.
        """
        self._check(url)
        secret = _new_secret()

        def work(transaction: Transaction) -> Webhook:
            transaction.stand_in_line()  # so that none is counted twice, and no video missed
            if watch_id is not None:
                _check_watch(transaction, watch_id)
            if transaction.webhooks.count() >= MAX_WEBHOOKS:
                raise TooManyWebhooksError(f"there are {MAX_WEBHOOKS} webhooks already")
            version, now = transaction.feed.version(ALL), self._clock()
            webhook = transaction.webhooks.add(watch_id, url, secret, version, now)
            about = {"watch_id": watch_id, "host": _host(url)}
            transaction.note(Action.WEBHOOK_ADDED, _named(webhook), now, **about)
            return webhook

        return self._store.write(work)

    def get(self, webhook_id: int) -> Webhook:
        """Return a webhook; raises NotFoundError."""
        return self._store.read(lambda transaction: transaction.webhooks.get(webhook_id))

    def page(self, number: int, length: int) -> WebhookPage:
        """Return a page of the webhooks (from 1), the oldest first."""

        def work(transaction: Transaction) -> WebhookPage:
            webhooks = transaction.webhooks
            found = webhooks.list_page((number - 1) * length, length)
            return WebhookPage(tuple(found), webhooks.count())

        return self._store.read(work)

    def change(
        self, webhook_id: int, *, url: str | None = None, pause: bool | None = None
    ) -> Webhook:
        """Change the address, pause, or resume as if nothing had failed; None leaves as it is.

        What changes nothing disturbs no delivery under way.

        Raises:
            NotFoundError: there is no such webhook.
            InvalidMemberError: the address may not be asked.
        """
        if url is not None:
            self._check(url)

        def work(transaction: Transaction) -> Webhook:
            before = transaction.webhooks.lock(webhook_id)
            now = self._clock()
            after = before if url is None or url == before.url else moved(before, url)
            if pause is False:
                after = resumed(after)
            elif pause and after.paused is not Pause.BY_HAND:
                after = paused(after, Pause.BY_HAND, now)
            if after == before:
                return before
            # A new time tells a run under way that it was overtaken; and it is due at once.
            after = replace(after, next_try_at=now)
            transaction.webhooks.replace(before, after)
            about = _changes(before, after)
            if about:
                transaction.note(Action.WEBHOOK_CHANGED, _named(after), now, **about)
            return after

        return self._store.write(work)

    def rotate(self, webhook_id: int, overlap: timedelta) -> Webhook:
        """Give a webhook another secret; for a while deliveries are signed by the last one, too.

        One before that signs no more. A delivery under way is not disturbed.

        Raises:
            NotFoundError: there is no such webhook.
        """
        secret, now = _new_secret(), self._clock()

        def work(transaction: Transaction) -> Webhook:
            after = rotated(transaction.webhooks.lock(webhook_id), secret, now + overlap)
            transaction.webhooks.set_secrets(after)
            transaction.note(Action.WEBHOOK_SECRET_ROTATED, _named(after), now)
            return after

        return self._store.write(work)

    def replay(self, webhook_id: int, after: int) -> Webhook:
        """Send again what came in after a seq; a paused webhook does so once it is resumed.

        Raises:
            NotFoundError: there is no such webhook.
            InvalidMemberError: the feed has not come so far.
        """

        def work(transaction: Transaction) -> Webhook:
            before = transaction.webhooks.lock(webhook_id)
            if after > transaction.feed.version(ALL):
                raise InvalidMemberError("the feed has not come so far", "after")
            again = replace(before, next_seq=after, next_try_at=self._clock())
            transaction.webhooks.replace(before, again)
            transaction.note(Action.WEBHOOK_REPLAYED, _named(again), again.next_try_at, after=after)
            return again

        return self._store.write(work)

    def remove(self, webhook_id: int) -> None:
        """Forget a webhook and its log; raises NotFoundError."""

        def work(transaction: Transaction) -> None:
            webhook = transaction.webhooks.lock(webhook_id)
            transaction.webhooks.delete(webhook_id)
            about = {"watch_id": webhook.watch_id, "host": _host(webhook.url)}
            transaction.note(Action.WEBHOOK_REMOVED, _named(webhook), self._clock(), **about)

        self._store.write(work)

    def deliveries(self, webhook_id: int, number: int, length: int) -> DeliveryPage:
        """Return a page of a webhook's log (from 1), the newest first; raises NotFoundError."""

        def work(transaction: Transaction) -> DeliveryPage:
            webhooks = transaction.webhooks
            webhooks.get(webhook_id)
            found = webhooks.list_deliveries(webhook_id, (number - 1) * length, length)
            return DeliveryPage(tuple(found), webhooks.count_deliveries(webhook_id))

        return self._store.read(work)

    def last_deliveries(self, webhook_ids: Collection[int]) -> dict[int, Delivery]:
        """Return the last delivery of each of these webhooks that has one."""
        return self._store.read(lambda t: t.webhooks.last_deliveries(webhook_ids))

    def _check(self, url: str) -> None:
        try:
            self._outgoing.check(url)
        except InvalidValueError as error:
            raise InvalidMemberError(str(error), "url") from None


def _new_secret() -> str:
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def _named(webhook: Webhook) -> str:
    return f"webhook:{webhook.webhook_id}"


def _host(url: str) -> str:
    """Return all of an address that is told: its path or query may well be a secret."""
    return urlsplit(url).hostname or ""


def _changes(before: Webhook, after: Webhook) -> dict[str, object]:
    told: dict[str, object] = {}
    if after.url != before.url:
        told["host"] = _host(after.url)
    if after.paused != before.paused:
        told["paused"] = after.paused is not None
    return told


def _check_watch(transaction: Transaction, watch_id: int) -> None:
    try:
        transaction.watches.get(watch_id)
    except NotFoundError as error:
        raise InvalidMemberError(str(error), "watch_id") from None
