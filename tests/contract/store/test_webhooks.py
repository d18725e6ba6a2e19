"""What came into a feed, who is due for it, and the log: on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import NotFoundError
from app.domain.feeds import ALL
from app.domain.filters import Filters
from app.domain.intake import Finding
from app.domain.videos import Source
from app.domain.webhooks import Delivery, Pause, Webhook, delivered, paused
from tests.contract.store.tellings import (
    NOW,
    add_watch,
    get_version,
    hide,
    record,
    settle,
    video,
)

if TYPE_CHECKING:
    from app.domain.videos import Video
    from app.store.store import Store

LATER = NOW + timedelta(minutes=2)


def add_webhook(store: Store, watch_id: int | None = None) -> Webhook:
    version = get_version(store, ALL)
    return store.write(
        lambda t: t.webhooks.add(watch_id, "https://example.org/", "nws_x", version, NOW)
    )


def get(store: Store, webhook: Webhook) -> Webhook:
    return store.read(lambda t: t.webhooks.get(webhook.webhook_id))


def replaced(store: Store, before: Webhook, after: Webhook) -> bool:
    return store.write(lambda t: t.webhooks.replace(before, after))


def arrived(store: Store, webhook: Webhook, limit: int = 50) -> list[str]:
    arrivals = store.read(lambda t: t.webhooks.arrivals(webhook, limit))
    return [stored.video.video_id for stored in arrivals.videos]


def due(store: Store) -> list[int]:
    return [it.webhook_id for it in store.read(lambda t: t.webhooks.list_due(NOW, 10))]


def ids(*numbers: int) -> list[str]:
    return [video(number).video_id for number in numbers]


def edited(number: int) -> Video:
    return replace(video(number), title=f"Another title {number}")


def test_what_is_stored_arrives_in_the_order_of_commit_and_of_the_watch_alone(
    store: Store,
) -> None:
    watch, other = add_watch(store), add_watch(store, "other")
    of_watch, of_all = add_webhook(store, watch.watch_id), add_webhook(store)
    record(store, [video(5)], watch.watch_id)
    record(store, [video(4)], other.watch_id)
    record(store, [video(9), video(2)], watch.watch_id)
    assert arrived(store, of_watch) == ids(5, 2, 9)
    assert arrived(store, of_all) == ids(5, 4, 2, 9)
    arrivals = store.read(lambda t: t.webhooks.arrivals(of_all, 2))
    assert arrivals.more
    beyond = delivered(of_all, arrivals.next_seq, NOW)
    assert arrived(store, beyond) == ids(2, 9)


def test_what_was_there_before_is_not_new(store: Store) -> None:
    watch = add_watch(store)
    record(store, [video(1)], watch.watch_id)
    webhook = add_webhook(store, watch.watch_id)
    assert due(store) == []
    assert arrived(store, webhook) == []
    record(store, [edited(1), video(2)], watch.watch_id)
    assert arrived(store, webhook) == ids(2)


def test_an_edit_moves_a_video_neither_back_nor_on(store: Store) -> None:
    watch = add_watch(store)
    webhook = add_webhook(store, watch.watch_id)
    record(store, [video(1)], watch.watch_id)
    record(store, [video(2)], watch.watch_id)
    record(store, [edited(1)], watch.watch_id)
    first = store.read(lambda t: t.webhooks.arrivals(webhook, 1))
    assert [it.video.title for it in first.videos] == ["Another title 1"]
    sent = delivered(webhook, first.next_seq, NOW)
    record(store, [replace(edited(1), title="A third title")], watch.watch_id)
    assert arrived(store, sent) == ids(2)


def test_a_video_another_watch_found_arrives_when_this_one_finds_it(store: Store) -> None:
    watch, other = add_watch(store), add_watch(store, "other")
    webhook, of_all = add_webhook(store, watch.watch_id), add_webhook(store)
    record(store, [video(1)], other.watch_id)
    assert arrived(store, webhook) == []
    sent = delivered(of_all, get_version(store, ALL), NOW)
    record(store, [video(1)], watch.watch_id)
    assert arrived(store, webhook) == ids(1)
    assert arrived(store, sent) == []


def test_an_uncertain_video_arrives_once_it_is_certain(store: Store) -> None:
    watch = add_watch(store)
    webhook = add_webhook(store, watch.watch_id)
    doubtful = [Finding(video(1), Source.SEARCH, watch.watch_id, uncertain=True)]
    store.write(lambda t: t.record(doubtful, NOW))
    assert arrived(store, webhook) == []
    assert due(store) == []
    record(store, [video(2)], watch.watch_id)
    record(store, [video(1)], watch.watch_id)
    assert arrived(store, webhook) == ids(2, 1)


def test_what_a_filter_keeps_out_arrives_when_an_edit_lets_it_in(store: Store) -> None:
    watch = add_watch(store)
    wanted = Filters(include_words=("sailing",))
    store.write(lambda t: t.watches.change(watch.watch_id, {"filters": wanted}))
    settle(store)
    webhook = add_webhook(store, watch.watch_id)
    record(store, [video(1)], watch.watch_id)
    assert arrived(store, webhook) == []
    record(store, [replace(video(1), title="Sailing")])
    assert arrived(store, webhook) == ids(1)


def test_what_new_filters_let_in_is_not_news(store: Store) -> None:
    watch = add_watch(store)
    wanted = Filters(include_words=("sailing",))
    store.write(lambda t: t.watches.change(watch.watch_id, {"filters": wanted}))
    settle(store)
    webhook = add_webhook(store, watch.watch_id)
    record(store, [video(1)], watch.watch_id)
    store.write(lambda t: t.watches.change(watch.watch_id, {"filters": Filters()}))
    settle(store)
    assert arrived(store, webhook) == []


def test_what_readers_do_not_see_is_passed_over(store: Store) -> None:
    webhook = add_webhook(store)
    record(store, [video(1), video(2), video(3)])
    hide(store, video(2).video_id, NOW)
    store.write(lambda t: t.delete([video(3).video_id], NOW))
    assert arrived(store, webhook) == ids(1)
    hide(store, video(1).video_id, NOW)
    arrivals = store.read(lambda t: t.webhooks.arrivals(webhook, 50))
    assert arrivals.videos == ()
    assert arrivals.next_seq > webhook.next_seq


def test_only_who_has_something_to_send_is_due(store: Store) -> None:
    watch, other = add_watch(store), add_watch(store, "other")
    of_watch, of_all = add_webhook(store, watch.watch_id), add_webhook(store)
    of_other = add_webhook(store, other.watch_id)
    assert due(store) == []
    record(store, [video(1)], watch.watch_id)
    assert due(store) == [of_watch.webhook_id, of_all.webhook_id]
    assert replaced(store, of_watch, paused(of_watch, Pause.BY_HAND, NOW))
    assert replaced(store, of_all, replace(of_all, next_try_at=LATER))
    record(store, [video(2)], other.watch_id)
    assert due(store) == [of_other.webhook_id]


def test_of_two_who_take_a_webhook_one_has_it(store: Store) -> None:
    webhook = add_webhook(store)
    taken = replace(webhook, next_try_at=LATER)
    tries = [replaced(store, webhook, taken) for _ in range(2)]
    assert tries == [True, False]
    assert get(store, webhook) == taken


@pytest.mark.parametrize(
    "change", [{"next_try_at": LATER}, {"next_seq": 7}], ids=lambda it: next(iter(it))
)
def test_who_was_overtaken_writes_nothing(store: Store, change: dict[str, object]) -> None:
    webhook = add_webhook(store)
    changed = replace(webhook, **change)  # type: ignore[arg-type]  # its own fields
    assert replaced(store, webhook, changed)
    assert not replaced(store, webhook, delivered(webhook, 9, NOW))
    assert get(store, webhook) == changed


def test_everything_of_a_webhook_is_kept(store: Store) -> None:
    webhook = add_webhook(store)
    whole = replace(
        webhook,
        url="https://example.org/" + "a" * 1900,
        next_seq=2**40,
        next_try_at=NOW + timedelta(microseconds=1),
        failing_since=NOW,
        paused=Pause.GONE,
        paused_at=LATER,
    )
    assert replaced(store, webhook, whole)
    assert get(store, webhook) == whole
    assert store.read(lambda t: t.webhooks.list_given_up()) == [whole]
    assert "nws_x" not in repr(whole)


def test_of_a_log_the_newest_stay(store: Store) -> None:
    webhook, other = add_webhook(store), add_webhook(store)
    for number in range(7):
        for each in (webhook, other):
            log(store, each, number, keep=3)
    listed = store.read(lambda t: t.webhooks.list_deliveries(webhook.webhook_id, 0, 9))
    assert [it.after_seq for it in listed] == [6, 5, 4]
    assert listed[0] == delivery(webhook, 6)
    assert store.read(lambda t: t.webhooks.count_deliveries(other.webhook_id)) == 3
    page = store.read(lambda t: t.webhooks.list_deliveries(webhook.webhook_id, 2, 9))
    assert [it.after_seq for it in page] == [4]


def test_of_each_webhook_the_last_delivery_is_found(store: Store) -> None:
    one, other, silent = (add_webhook(store) for _ in range(3))
    for number in (1, 2):
        log(store, one, number, keep=9)
    log(store, other, 3, keep=9)
    ids = [one.webhook_id, silent.webhook_id, other.webhook_id]
    last = store.read(lambda t: t.webhooks.last_deliveries(ids))
    assert {number: it.after_seq for number, it in last.items()} == {
        one.webhook_id: 2,
        other.webhook_id: 3,
    }
    assert store.read(lambda t: t.webhooks.last_deliveries([])) == {}


def test_a_removed_watch_takes_its_webhooks_with_it(store: Store) -> None:
    watch = add_watch(store)
    webhook, of_all = add_webhook(store, watch.watch_id), add_webhook(store)
    log(store, webhook, 1, keep=9)
    store.write(lambda t: t.watches.remove(watch.watch_id))
    assert store.read(lambda t: t.webhooks.list_page(0, 9)) == [of_all]
    settle(store)
    assert store.read(lambda t: t.webhooks.list_page(0, 9)) == [of_all]
    with pytest.raises(NotFoundError):
        get(store, webhook)
    assert store.read(lambda t: t.webhooks.count_deliveries(webhook.webhook_id)) == 0


def test_an_id_is_never_used_again(store: Store) -> None:
    webhook = add_webhook(store)
    store.write(lambda t: t.webhooks.delete(webhook.webhook_id))
    assert add_webhook(store).webhook_id > webhook.webhook_id


def delivery(webhook: Webhook, number: int) -> Delivery:
    return Delivery(
        delivery_id=f"{number:032}",
        webhook_id=webhook.webhook_id,
        started_at=NOW,
        finished_at=LATER,
        after_seq=number,
        next_seq=number + 1,
        videos=number,
        status=500 if number % 2 else None,
        error="HTTP 500",
    )


def log(store: Store, webhook: Webhook, number: int, keep: int) -> None:
    store.write(lambda t: t.webhooks.add_delivery(delivery(webhook, number), keep))
