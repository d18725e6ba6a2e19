"""Channel states, subscriptions and hints, on every database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Thread

import pytest

from app.domain.channels import ChannelState, Walk
from app.domain.quota import Bucket
from app.domain.ranges import Pending, RangeReason
from app.domain.subscriptions import Mode, Subscription, topic_of
from app.domain.watches import Watch, WatchKind
from app.ingest import channel_coverage
from app.ingest.channel_backfill import ChannelBackfill
from app.ingest.channel_polls import ChannelPolls
from app.store.store import Store
from tests.contract.store.tellings import (
    CHANNEL,
    LONG_AGO,
    NOW,
    add_watch,
    record,
    settle,
    video,
)

OTHER = "UC" + "z" * 22
HOUR = timedelta(hours=1)

STATE = ChannelState(
    playlist_id="UU0123456789012345678901",
    feed_read_at=NOW,
    feed_failing_since=NOW + HOUR,
    feed_retry_at=NOW + 2 * HOUR,
    uploads_tried_at=NOW + 3 * HOUR,
    uploads_read_at=NOW - timedelta(microseconds=1),
    walk=Walk("CAoQAA", NOW - HOUR),
)
SUBSCRIPTION = Subscription(
    token="t" * 43,
    channel_id=CHANNEL,
    secret="s" * 43,
    topic=topic_of(CHANNEL),
    mode=Mode.SUBSCRIBE,
    asked_at=NOW,
    expires_at=NOW + HOUR,
    failing_since=None,
    next_try_at=NOW,
)


def watch_channel(store: Store, channel_id: str = CHANNEL) -> Watch:
    kind = WatchKind.CHANNEL
    return store.write(lambda t: t.watches.add(kind, channel_id, now=NOW, read_until=NOW))[0]


def put(store: Store, subscription: Subscription) -> None:
    store.write(lambda t: t.subscriptions.put(subscription))


def find(store: Store, token: str = SUBSCRIPTION.token) -> Subscription | None:
    return store.read(lambda t: t.subscriptions.find(token))


def test_a_channels_state_comes_back_as_it_was_written(store: Store) -> None:
    watch = watch_channel(store)
    new = store.read(lambda t: t.channels.get_state(watch))
    assert new == ChannelState("UU" + CHANNEL[2:])
    for state in (STATE, replace(STATE, walk=Walk(None, NOW)), replace(STATE, walk=None)):
        store.write(lambda t, state=state: t.channels.put_state(watch.watch_id, state))  # type: ignore[misc]  # bound now
        assert store.read(lambda t: t.channels.get_state(watch)) == state


def test_a_watch_takes_its_state_and_its_hints_with_it(store: Store) -> None:
    watch = watch_channel(store)
    store.write(lambda t: t.channels.put_state(watch.watch_id, STATE))
    store.write(lambda t: t.subscriptions.add_hints(CHANNEL, ["video-00001"], NOW))
    store.write(lambda t: t.watches.remove(watch.watch_id, LONG_AGO))
    settle(store)
    again = watch_channel(store)
    assert store.read(lambda t: t.channels.get_state(again)).uploads_read_at is None
    assert store.read(lambda t: t.subscriptions.count_hints(CHANNEL)) == 0


def test_a_removed_channel_is_none_at_once(store: Store) -> None:
    watch = watch_channel(store)
    record(store, [video(1)], watch.watch_id)
    store.write(lambda t: t.watches.remove(watch.watch_id, LONG_AGO))
    assert store.read(lambda t: t.watches.find_kind(watch.watch_id)) is None
    assert store.read(lambda t: t.channels.count_active()) == 0
    assert store.read(lambda t: t.subscriptions.find_watch(CHANNEL)) is None
    assert store.read(lambda t: t.subscriptions.list_unsubscribed(10)) == []
    assert store.write(lambda t: t.watches.claim_due(NOW + HOUR, NOW + 2 * HOUR, 10)) == []


def test_only_channels_that_are_not_paused_are_counted(store: Store) -> None:
    add_watch(store)
    watch_channel(store)
    paused = watch_channel(store, OTHER)
    store.write(lambda t: t.watches.change(paused.watch_id, {"paused": True}))
    assert store.read(lambda t: t.channels.count_active()) == 1


def test_a_watch_knows_what_it_found(store: Store) -> None:
    watch = watch_channel(store)
    record(store, [video(1)], watch.watch_id)
    record(store, [video(2)])
    ids = ["video-00001", "video-00002", "video-00003"]
    linked = store.read(lambda t: t.channels.list_linked(watch.watch_id, ids))
    assert linked == {"video-00001"}
    assert store.read(lambda t: t.channels.list_linked(watch.watch_id, [])) == set()


def test_what_is_due_already_is_not_put_off_by_making_it_due(store: Store) -> None:
    watch = watch_channel(store)
    store.write(lambda t: t.watches.mark_due(watch.watch_id, NOW + HOUR))
    assert store.read(lambda t: t.watches.get(watch.watch_id)).next_due_at == NOW


def test_a_subscription_comes_back_as_it_was_written(store: Store) -> None:
    for subscription in (SUBSCRIPTION, replace(SUBSCRIPTION, asked_at=None, failing_since=NOW)):
        put(store, subscription)
        assert find(store) == subscription
    assert store.read(lambda t: t.subscriptions.find_by_channel(CHANNEL)) is not None
    assert find(store, SUBSCRIPTION.token.upper()) is None


def test_channels_without_a_subscription_are_found(store: Store) -> None:
    add_watch(store, OTHER)  # a keyword that looks like one
    watch_channel(store)
    assert store.read(lambda t: t.subscriptions.list_unsubscribed(9)) == [CHANNEL]
    put(store, SUBSCRIPTION)
    assert store.read(lambda t: t.subscriptions.list_unsubscribed(9)) == []


def test_what_is_watched_no_more_is_to_be_ended_and_forgotten_when_it_has(store: Store) -> None:
    watch = watch_channel(store)
    put(store, SUBSCRIPTION)
    store.write(lambda t: t.subscriptions.drop_unwanted(NOW))
    assert find(store) == SUBSCRIPTION
    store.write(lambda t: t.watches.change(watch.watch_id, {"paused": True}))
    store.write(lambda t: t.subscriptions.drop_unwanted(NOW))
    ending = find(store)
    assert ending is not None
    assert (ending.mode, ending.asked_at, ending.next_try_at) == (Mode.UNSUBSCRIBE, None, NOW)
    assert store.read(lambda t: t.subscriptions.is_wanted(SUBSCRIPTION)) is False
    store.write(lambda t: t.subscriptions.drop_unwanted(NOW + HOUR))
    assert find(store) is None


def test_what_the_hub_never_granted_is_forgotten_at_once(store: Store) -> None:
    put(store, replace(SUBSCRIPTION, expires_at=None))
    store.write(lambda t: t.subscriptions.drop_unwanted(NOW))
    assert find(store) is None


def test_due_subscriptions_come_longest_due_first(store: Store) -> None:
    put(store, SUBSCRIPTION)
    earlier = replace(SUBSCRIPTION, token="e" * 43, channel_id=OTHER, next_try_at=NOW - HOUR)
    put(store, earlier)
    later = replace(SUBSCRIPTION, token="l" * 43, channel_id="UC" + "y" * 22)
    put(store, replace(later, next_try_at=NOW + HOUR))
    assert store.read(lambda t: t.subscriptions.list_due(NOW, 9)) == [earlier, SUBSCRIPTION]
    assert store.read(lambda t: t.subscriptions.list_due(NOW, 1)) == [earlier]


def test_hints_are_kept_by_channel_until_they_are_followed(store: Store) -> None:
    store.write(lambda t: t.subscriptions.add_hints(CHANNEL, ["video-00001", "video-00002"], NOW))
    store.write(lambda t: t.subscriptions.add_hints(OTHER, ["video-00003"], NOW))
    store.write(lambda t: t.subscriptions.add_hints(CHANNEL, [], NOW))
    found = store.read(lambda t: t.subscriptions.list_hints(CHANNEL, 9))
    assert [video_id for _, video_id in found] == ["video-00001", "video-00002"]
    assert store.read(lambda t: t.subscriptions.count_hints(CHANNEL)) == 2
    store.write(lambda t: t.subscriptions.drop_hints([hint_id for hint_id, _ in found]))
    assert store.read(lambda t: t.subscriptions.list_hints(CHANNEL, 9)) == []
    assert store.read(lambda t: t.subscriptions.count_hints(OTHER)) == 1


def test_the_watch_of_a_channel_is_found(store: Store) -> None:
    add_watch(store, CHANNEL)
    watch = watch_channel(store)
    assert store.read(lambda t: t.subscriptions.find_watch(CHANNEL)) == watch.watch_id
    assert store.read(lambda t: t.subscriptions.find_watch(OTHER)) is None
    assert store.read(lambda t: t.watches.find_kind(watch.watch_id)) is WatchKind.CHANNEL
    assert store.read(lambda t: t.watches.find_kind(watch.watch_id + 1)) is None


class PlentyOfUnits:
    def usable(self, bucket: Bucket) -> tuple[int, int]:
        del bucket
        return 10_000, 10_000


def test_a_poll_that_begins_while_a_backfill_is_asked_for_forgets_neither(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watch_channel(store)
    later = NOW + HOUR
    (claim,) = store.write(lambda t: t.watches.claim_due(later, later + HOUR, 1))
    polls = ChannelPolls(store, PlentyOfUnits(), lambda: later, pushes=False)  # type: ignore[arg-type]  # a ring
    begins = Thread(target=polls.begin, args=[claim])
    add = channel_coverage.with_backfill

    def add_slowly(pending: Sequence[Pending], until: datetime) -> list[Pending]:
        begins.start()
        begins.join(timeout=1)
        return add(pending, until)

    monkeypatch.setattr(channel_coverage, "with_backfill", add_slowly)
    ChannelBackfill(store, lambda: later).request(watch.watch_id)
    begins.join()
    pending = store.read(lambda t: t.ranges.list_pending(watch.watch_id))
    assert {item.reason for item in pending} == {RangeReason.NEW, RangeReason.BACKFILL}
    assert len(pending) == 2
