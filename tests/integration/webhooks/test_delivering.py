"""Deliveries as a receiver sees them, over real sockets and in the test's own time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from app.domain.errors import InvalidMemberError, NotFoundError, TooManyWebhooksError
from app.domain.feeds import ALL
from app.domain.webhooks import MAX_VIDEOS, MAX_WEBHOOKS, Pause
from app.feed.items import encode_item
from app.sources.outgoing import Outgoing
from app.store.database import Database
from app.store.store import Store
from app.webhooks.delivering import Deliverer
from app.webhooks.keeping import Webhooks
from tests.contract.sources.wire_server import raw, reply
from tests.contract.store.tellings import (
    LONG_AGO,
    NOW,
    add_watch,
    record,
    video,
)
from tests.contract.store.test_webhooks import ids

if TYPE_CHECKING:
    from tests.integration.webhooks.receiver import Receiver
    from tests.unit.simulator.worlds import SettableClock

HOUR = timedelta(hours=1)


def run_due(deliverer: Deliverer) -> int:
    """Do what a tick gives out; return how much that was."""
    due = deliverer.due()
    for webhook_id in due:
        deliverer.run(webhook_id)
    return len(due)


def test_new_videos_of_a_watch_arrive_signed(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    watch = add_watch(store)
    record(store, [video(1)], watch.watch_id)
    webhook = webhooks.add(target.url, watch.watch_id)
    record(store, [video(2), video(3)], watch.watch_id)
    record(store, [video(4)])
    assert run_due(deliverer) == 1
    (body,) = target.bodies
    assert target.videos() == [ids(2, 3)]
    assert body["watch"] == {"watch_id": 1, "kind": "keyword", "term": "news", "label": "news"}
    assert body["webhook_id"] == webhook.webhook_id
    assert body["next_seq"] == webhooks.get(webhook.webhook_id).next_seq
    assert target.server.requests[0].headers["newsreel-delivery"] == body["delivery_id"]
    assert target.is_signed(0, webhook.secret)
    assert not target.is_signed(0, "nws_of_somebody_else")
    assert run_due(deliverer) == 0


def test_an_item_is_the_item_of_the_feed(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhooks.add(target.url)
    record(store, [replace(video(1), title="Ünïcode 🎉 \u2028 </script>")])
    run_due(deliverer)
    (body,) = target.bodies
    assert body["watch"] is None
    items = store.read(lambda t: t.feed.list_from_row(ALL, 0, 10))
    assert body["videos"] == [json.loads(encode_item(item)) for item in items]


def test_many_videos_go_in_batches_and_none_is_sent_twice(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhooks.add(target.url)
    record(store, [video(number) for number in range(2 * MAX_VIDEOS + 1)])
    assert run_due(deliverer) == 1
    assert [len(batch) for batch in target.videos()] == [50, 50, 1]
    assert [one for batch in target.videos() for one in batch] == ids(*range(101))


def test_a_receiver_that_takes_no_large_body_gets_small_ones(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhooks.add(target.url)
    record(store, [video(number) for number in range(MAX_VIDEOS)])
    taken: list[str] = []

    def take_twenty() -> None:
        came = target.videos()[-1]
        target.answers = [reply(b"", status=413)] if len(came) > 20 else []
        taken.extend(came if len(came) <= 20 else [])

    target.on_arrival = take_twenty
    for _ in range(15):
        run_due(deliverer)
        clock.move(60)
    assert taken == ids(*range(MAX_VIDEOS))


def test_a_slow_receiver_leaves_the_rest_to_the_next_tick(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhooks.add(target.url)
    record(store, [video(number) for number in range(MAX_VIDEOS + 1)])
    target.on_arrival = lambda: clock.move(6)
    run_due(deliverer)
    assert [len(batch) for batch in target.videos()] == [50]
    run_due(deliverer)
    assert [len(batch) for batch in target.videos()] == [50, 1]


def test_while_one_run_sends_no_other_is_given_the_webhook(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhooks.add(target.url)
    record(store, [video(number) for number in range(MAX_VIDEOS + 1)])
    given_out: list[int] = []
    target.on_arrival = lambda: given_out.extend(deliverer.due())
    run_due(deliverer)
    assert len(target.bodies) == 2
    assert given_out == []


def test_what_is_refused_is_sent_again_with_waits_that_double(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    refusals = (301, 302, 307, 400, 404, 413, 429, 500, 502, 503)
    target.answers = [reply(b"", status=status) for status in refusals]
    waits = []
    for _ in refusals:
        assert run_due(deliverer) == 1
        waits.append(webhooks.get(webhook.webhook_id).next_try_at - clock.at)
        clock.at += waits[-1] - timedelta(seconds=1)
        assert run_due(deliverer) == 0
        clock.move(1)
    assert [wait.total_seconds() / 60 for wait in waits] == [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    run_due(deliverer)
    assert target.videos() == [ids(1)] * 11
    after = webhooks.get(webhook.webhook_id)
    assert after.failing_since is None
    assert after.next_seq > webhook.next_seq
    assert run_due(deliverer) == 0


def test_a_receipt_with_a_header_that_cannot_be_read_is_a_receipt(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhooks.add(target.url)
    record(store, [video(1)])
    wait = f"Mon, 01 Jan {'9' * 25} 00:00:00 GMT"
    target.answers = [reply(b"", status=204, headers={"Retry-After": wait})]
    assert run_due(deliverer) == 1
    assert run_due(deliverer) == 0
    assert target.videos() == [ids(1)]


def test_a_receiver_that_asks_for_patience_gets_it(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhooks.add(target.url)
    record(store, [video(1)])
    target.answers = [reply(b"", status=429, headers={"Retry-After": "600"})]
    run_due(deliverer)
    clock.move(599)
    assert run_due(deliverer) == 0
    clock.move(1)
    assert run_due(deliverer) == 1


def test_what_fails_for_three_days_is_paused_and_told(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    target.answers = [raw(b"")] * 100
    with capture_logs() as logs:
        while webhooks.get(webhook.webhook_id).paused is None:
            run_due(deliverer)
            clock.move(3600)
    stopped = webhooks.get(webhook.webhook_id)
    assert stopped.paused is Pause.FAILING
    assert timedelta(days=3) <= clock.at - NOW <= timedelta(days=3, hours=2)
    assert [line["event"] for line in logs] == ["webhook_paused"]
    assert target.url not in str(logs)
    clock.move(30 * 86_400)
    assert run_due(deliverer) == 0
    resumed = webhooks.change(webhook.webhook_id, pause=False)
    assert (resumed.paused, resumed.failing_since) == (None, None)
    target.answers = []
    assert run_due(deliverer) == 1
    assert target.videos()[-1] == ids(1)


def test_a_receiver_that_is_gone_is_asked_no_more(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver, clock: SettableClock
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    target.answers = [reply(b"", status=410)]
    run_due(deliverer)
    clock.at += HOUR
    assert run_due(deliverer) == 0
    assert webhooks.get(webhook.webhook_id).paused is Pause.GONE
    assert store.read(lambda t: t.webhooks.list_given_up())
    webhooks.change(webhook.webhook_id, pause=True)  # its owner knows of it
    assert store.read(lambda t: t.webhooks.list_given_up()) == []


def test_what_came_in_while_it_was_paused_is_sent_when_it_is_resumed(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhook = webhooks.add(target.url)
    webhooks.change(webhook.webhook_id, pause=True)
    record(store, [video(1)])
    assert run_due(deliverer) == 0
    assert store.read(lambda t: t.webhooks.list_given_up()) == []
    webhooks.change(webhook.webhook_id, pause=False)
    run_due(deliverer)
    assert target.videos() == [ids(1)]


def test_a_replay_sends_again_what_came_in_after_a_seq(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhook = webhooks.add(target.url)
    for number in (1, 2, 3):
        record(store, [video(number)])
        run_due(deliverer)
    first = target.bodies[0]
    webhooks.replay(webhook.webhook_id, int(str(first["next_seq"])))
    run_due(deliverer)
    assert target.videos() == [ids(1), ids(2), ids(3), ids(2, 3)]
    webhooks.replay(webhook.webhook_id, 0)
    run_due(deliverer)
    assert target.videos()[-1] == ids(1, 2, 3)
    with pytest.raises(InvalidMemberError):
        webhooks.replay(webhook.webhook_id, 10**6)


def test_a_change_under_way_wins_over_the_run(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    clock.move(1)
    target.on_arrival = lambda: webhooks.change(webhook.webhook_id, url=f"{target.url}/else")
    run_due(deliverer)
    target.on_arrival = lambda: None
    assert webhooks.get(webhook.webhook_id).next_seq == webhook.next_seq
    target.answers = [reply(b"", status=500)]
    run_due(deliverer)
    assert webhooks.get(webhook.webhook_id).failing_since == clock.at
    moved = webhooks.change(webhook.webhook_id, url=f"{target.url}/there")
    assert (moved.failing_since, moved.next_try_at) == (None, clock.at)
    run_due(deliverer)
    assert [it.path for it in target.server.requests] == ["/in", "/in/else", "/in/there"]
    log = webhooks.deliveries(webhook.webhook_id, 1, 10)
    assert [it.status for it in log.items] == [204, 500, 204]  # what was overtaken was sent, too


def test_a_change_of_nothing_sends_nothing_twice(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    clock.move(1)
    target.on_arrival = lambda: [
        webhooks.change(webhook.webhook_id),
        webhooks.change(webhook.webhook_id, url=target.url, pause=False),
    ]
    run_due(deliverer)
    assert run_due(deliverer) == 0
    assert target.videos() == [ids(1)]


def test_what_is_paused_between_a_tick_and_its_run_is_not_sent(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    (due,) = deliverer.due()
    webhooks.change(webhook.webhook_id, pause=True)
    deliverer.run(due)
    assert target.bodies == []


def test_a_webhook_or_watch_removed_under_way_does_no_harm(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    watch = add_watch(store)
    webhook = webhooks.add(target.url, watch.watch_id)
    record(store, [video(1)], watch.watch_id)
    (due,) = deliverer.due()
    target.on_arrival = lambda: store.write(lambda t: t.watches.remove(watch.watch_id, LONG_AGO))
    deliverer.run(due)
    with pytest.raises(NotFoundError):
        webhooks.get(webhook.webhook_id)
    deliverer.run(due)
    assert len(target.bodies) == 1


def test_the_log_says_what_was_tried_and_what_came_of_it(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1), video(2)])
    target.answers = [reply(b"secret", status=302, headers={"Location": "/x"}), raw(b"secret")]
    for _ in range(3):
        run_due(deliverer)
        clock.move(60)
    log = webhooks.deliveries(webhook.webhook_id, 1, 10)
    assert [(it.status, it.error, it.videos) for it in log.items] == [
        (204, None, 2),
        (None, "no usable answer (BadStatusLine)", 2),
        (302, "HTTP 302 (redirects are not followed)", 2),
    ]
    assert log.total == 3
    assert [it.delivery_id for it in log.items] == [
        body["delivery_id"] for body in reversed(target.bodies)
    ]
    assert webhooks.deliveries(webhook.webhook_id, 2, 10).items == ()
    with pytest.raises(NotFoundError):
        webhooks.deliveries(99, 1, 10)


def test_a_test_delivery_is_empty_and_moves_nothing(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    webhooks.change(webhook.webhook_id, pause=True)
    done = deliverer.test(webhook.webhook_id)
    assert (done.status, done.error, done.videos) == (204, None, 0)
    assert target.videos() == [[]]
    assert target.is_signed(0, webhook.secret)
    assert webhooks.get(webhook.webhook_id).next_seq == webhook.next_seq
    target.answers = [reply(b"", status=500)]
    assert deliverer.test(webhook.webhook_id).error == "HTTP 500"


def test_a_receiver_misses_nothing_while_its_secret_is_replaced(
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    first = webhooks.add(target.url)
    secrets = [first.secret, webhooks.rotate(first.webhook_id, HOUR).secret]

    def signing() -> list[bool]:
        deliverer.test(first.webhook_id)
        return [target.is_signed(-1, secret) for secret in secrets]

    assert signing() == [True, True]
    secrets.append(webhooks.rotate(first.webhook_id, HOUR).secret)
    assert signing() == [False, True, True]
    clock.move(3599)
    assert signing() == [False, True, True]
    clock.move(1)
    assert signing() == [False, False, True]
    secrets.append(webhooks.rotate(first.webhook_id, timedelta()).secret)
    assert signing() == [False, False, False, True]
    with pytest.raises(NotFoundError):
        webhooks.rotate(99, HOUR)


def test_replacing_a_secret_disturbs_no_delivery_and_outlives_it(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    made: list[str] = []
    target.on_arrival = lambda: made.append(webhooks.rotate(webhook.webhook_id, HOUR).secret)
    run_due(deliverer)
    target.on_arrival = lambda: None
    record(store, [video(2)])
    run_due(deliverer)
    assert target.videos() == [ids(1), ids(2)]
    assert target.is_signed(0, webhook.secret)
    assert target.is_signed(1, made[0])


def test_a_failure_before_days_without_us_gives_nobody_up(
    store: Store,
    webhooks: Webhooks,
    deliverer: Deliverer,
    target: Receiver,
    clock: SettableClock,
) -> None:
    webhook = webhooks.add(target.url)
    record(store, [video(1)])
    target.answers = [raw(b"")] * 2
    run_due(deliverer)
    clock.move(4 * 86_400)  # the lid was shut, and the network is not back yet
    run_due(deliverer)
    assert webhooks.get(webhook.webhook_id).paused is None
    clock.move(3600)
    run_due(deliverer)
    assert target.videos()[-1] == ids(1)
    assert webhooks.get(webhook.webhook_id).failing_since is None


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://localhost/", "http://1.1.1.1/", "x"]
)
def test_an_address_inside_is_refused_when_it_is_given(
    store: Store, clock: SettableClock, target: Receiver, webhooks: Webhooks, url: str
) -> None:
    strict = Webhooks(store, Outgoing(), clock)
    with pytest.raises(InvalidMemberError) as refusal:
        strict.add(url)
    assert refusal.value.path == ("url",)
    known = webhooks.add(target.url)
    with pytest.raises(InvalidMemberError):
        strict.change(known.webhook_id, url=url)
    assert strict.get(known.webhook_id).url == target.url


def test_an_address_inside_is_refused_when_it_is_asked(
    store: Store, clock: SettableClock, target: Receiver, webhooks: Webhooks
) -> None:
    webhook = webhooks.add(target.url)  # and then the operator allows it no more
    record(store, [video(1)])
    assert run_due(Deliverer(store, Outgoing(), clock)) == 1
    assert target.bodies == []
    (tried,) = webhooks.deliveries(webhook.webhook_id, 1, 10).items
    assert "public addresses only" in str(tried.error)


def test_there_is_a_bounded_number_for_watches_that_exist(
    webhooks: Webhooks, target: Receiver
) -> None:
    with pytest.raises(InvalidMemberError) as refusal:
        webhooks.add(target.url, 7)
    assert refusal.value.path == ("watch_id",)
    made = [webhooks.add(target.url) for _ in range(MAX_WEBHOOKS)]
    assert len({webhook.secret for webhook in made}) == MAX_WEBHOOKS
    with pytest.raises(TooManyWebhooksError):
        webhooks.add(target.url)
    assert webhooks.page(10, 10).items == tuple(made[90:])
    assert webhooks.page(11, 10).items == ()
    webhooks.remove(made[0].webhook_id)
    webhooks.add(target.url)
    with pytest.raises(NotFoundError):
        webhooks.remove(made[0].webhook_id)


def test_a_tick_gives_out_a_few_of_many_and_the_next_one_others(
    store: Store, webhooks: Webhooks, deliverer: Deliverer, target: Receiver
) -> None:
    made = [webhooks.add(target.url).webhook_id for _ in range(12)]
    record(store, [video(1)])
    assert [deliverer.due(), deliverer.due(), deliverer.due()] == [made[:8], made[8:], []]


def test_without_a_database_nothing_is_due_and_nothing_breaks(clock: SettableClock) -> None:
    store = Store(Database("mysql+pymysql://nobody@127.0.0.1:1/nothing"))
    deliverer = Deliverer(store, Outgoing(), clock)
    assert deliverer.due() == []
    with capture_logs() as logs:
        deliverer.run(1)
    assert [line["event"] for line in logs] == ["delivery_not_noted"]
    store.dispose()
