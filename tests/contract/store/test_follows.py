"""Whom keywords follow, on every database."""

from dataclasses import replace
from datetime import timedelta

from app.domain.channels import ChannelState, usual_playlist
from app.domain.follows import FollowedChannel, Yield
from app.domain.intake import Finding, LinkReason
from app.domain.subscriptions import Mode
from app.domain.videos import Source
from app.domain.watches import Watch
from app.store.store import Store
from tests.contract.store.tellings import (
    CHANNEL,
    LONG_AGO,
    NOW,
    add_watch,
    hide,
    record,
    settle,
    video,
)
from tests.contract.store.test_channels import OTHER, SUBSCRIPTION, find, put, watch_channel

HOUR = timedelta(hours=1)


def brings(watch: Watch, channel_id: str = CHANNEL, matches: int = 2) -> Yield:
    return Yield(watch.watch_id, channel_id, "Ein Kanal \N{WATER WAVE}", matches, NOW)


def follow(store: Store, *chosen: Yield, hours: int = 0) -> None:
    store.write(lambda t: t.follows.replace_all(chosen, NOW + hours * HOUR))


def shown(store: Store, watch: Watch) -> list[tuple[str, int, int]]:
    found = store.read(lambda t: t.follows.list_of_watch(watch.watch_id, 10))
    return [
        (each.brings.channel_id, each.brings.matches, (each.since - NOW) // HOUR) for each in found
    ]


def followed(store: Store, channel_id: str = CHANNEL) -> FollowedChannel | None:
    return store.read(lambda t: t.follows.find(channel_id))


def test_who_stays_keeps_since_when_and_who_goes_is_forgotten(store: Store) -> None:
    one, two = add_watch(store, "one"), add_watch(store, "two")
    follow(store, brings(one), brings(one, OTHER, 5))
    assert shown(store, one) == [(OTHER, 5, 0), (CHANNEL, 2, 0)]
    follow(store, brings(one, matches=3), brings(two), hours=1)
    assert shown(store, one) == [(CHANNEL, 3, 0)]
    assert shown(store, two) == [(CHANNEL, 2, 1)]
    assert followed(store, OTHER) is None
    [title] = {f.brings.channel_title for f in store.read(lambda t: t.follows.list_all())}
    assert title == "Ein Kanal \N{WATER WAVE}"


def test_a_new_channel_is_due_at_once_and_a_known_one_when_a_keyword_joins(store: Store) -> None:
    one, two = add_watch(store, "one"), add_watch(store, "two")
    follow(store, brings(one))
    new = followed(store)
    assert new == FollowedChannel(CHANNEL, NOW, ChannelState(usual_playlist(CHANNEL)))
    read = ChannelState(usual_playlist(CHANNEL), NOW, NOW, NOW + HOUR, NOW - HOUR)
    known = FollowedChannel(CHANNEL, NOW + 9 * HOUR, read, ("video-00002", "video-00001"))
    store.write(lambda t: t.follows.put(known))
    follow(store, brings(one, matches=4))
    assert followed(store) == known
    follow(store, brings(one), brings(two), hours=2)
    anew = replace(known, next_due_at=NOW + 2 * HOUR, seen=())
    assert followed(store) == replace(anew, listings=replace(read, feed_read_at=None))


def test_channels_are_taken_longest_due_first_and_once(store: Store) -> None:
    watch = add_watch(store)
    assert store.read(lambda t: t.follows.next_due_at()) is None
    follow(store, brings(watch), brings(watch, OTHER))
    store.write(lambda t: t.follows.mark_due(OTHER, NOW - HOUR))
    store.write(lambda t: t.follows.mark_due(CHANNEL, NOW + HOUR))  # it is due earlier
    assert store.read(lambda t: t.follows.next_due_at()) == NOW - HOUR
    taken = [store.write(lambda t: t.follows.take_due(NOW, NOW + HOUR, 1)) for _ in range(3)]
    assert taken == [[OTHER], [CHANNEL], []]
    assert store.read(lambda t: t.follows.count_channels()) == 2


def test_only_keywords_that_want_it_follow(store: Store) -> None:
    wants, paused, refuses = (add_watch(store, term) for term in ("wants", "paused", "refuses"))
    follow(store, *(brings(watch) for watch in (wants, paused, refuses)))
    store.write(lambda t: t.watches.change(paused.watch_id, {"paused": True}))
    store.write(lambda t: t.watches.change(refuses.watch_id, {"follow": False}))
    channel = watch_channel(store)
    assert store.read(lambda t: t.watches.get(refuses.watch_id)).follow is False
    assert [w.term for w in store.read(lambda t: t.follows.list_watches())] == ["wants"]
    assert [w.term for w in store.read(lambda t: t.follows.list_following(CHANNEL))] == ["wants"]
    assert shown(store, paused) == shown(store, refuses) == []
    follow(store, *(brings(watch) for watch in (wants, paused, channel)))
    assert [f.brings.watch_id for f in store.read(lambda t: t.follows.list_all())] == [
        wants.watch_id
    ]


def test_a_removed_keyword_follows_nobody(store: Store) -> None:
    watch = add_watch(store)
    follow(store, brings(watch))
    store.write(lambda t: t.watches.remove(watch.watch_id, LONG_AGO))
    settle(store)
    assert store.read(lambda t: t.follows.list_all()) == []
    follow(store, brings(watch))
    assert followed(store) is None


def test_what_a_channel_brought_is_what_the_feed_shows(store: Store) -> None:
    watch, other = add_watch(store), add_watch(store, "other")

    def finding(number: int, watch_id: int, **fields: object) -> Finding:
        told = replace(video(number), published_at=NOW - number * HOUR)
        return Finding(told, Source.SEARCH, watch_id, **fields)  # type: ignore[arg-type]  # any

    findings = [
        finding(0, watch.watch_id),
        finding(1, watch.watch_id, reason=LinkReason.IN_TITLE),
        finding(2, watch.watch_id, reason=LinkReason.UNMATCHED, uncertain=True),
        finding(3, other.watch_id),
        finding(4, watch.watch_id),
        finding(5, watch.watch_id),
    ]
    store.write(lambda t: t.record(findings, NOW))
    store.write(lambda t: t.set_hidden("video-00004", hidden=True, now=NOW))
    found = store.read(lambda t: t.follows.list_brought(watch.watch_id, NOW - 5 * HOUR, 9))
    assert [(each.video.video_id, each.reason) for each in found] == [
        ("video-00000", LinkReason.OWN_SEARCH),
        ("video-00001", LinkReason.IN_TITLE),
        ("video-00005", LinkReason.OWN_SEARCH),
    ]
    assert len(store.read(lambda t: t.follows.list_brought(watch.watch_id, NOW, 9))) == 1
    assert len(store.read(lambda t: t.follows.list_brought(watch.watch_id, NOW - HOUR, 1))) == 1


def test_the_hub_is_asked_for_followed_channels_until_nobody_wants_them(store: Store) -> None:
    watch = add_watch(store)
    follow(store, brings(watch), brings(watch, OTHER))
    watched = watch_channel(store, OTHER)
    assert store.read(lambda t: t.subscriptions.list_unsubscribed(9)) == [OTHER, CHANNEL]
    assert store.read(lambda t: t.subscriptions.list_unsubscribed(1)) == [OTHER]
    put(store, SUBSCRIPTION)
    assert store.read(lambda t: t.subscriptions.list_unsubscribed(9)) == [OTHER]
    store.write(lambda t: t.subscriptions.drop_unwanted(NOW))
    assert find(store) == SUBSCRIPTION
    assert store.read(lambda t: t.subscriptions.is_wanted(SUBSCRIPTION))
    follow(store, brings(watch, OTHER))
    store.write(lambda t: t.subscriptions.drop_unwanted(NOW))
    ending = find(store)
    assert ending is not None
    assert ending.mode is Mode.UNSUBSCRIBE
    assert not store.read(lambda t: t.subscriptions.is_wanted(SUBSCRIPTION))
    store.write(lambda t: t.watches.change(watched.watch_id, {"paused": True}))
    assert store.read(lambda t: t.subscriptions.list_unsubscribed(9)) == [OTHER]
    assert not store.read(lambda t: t.subscriptions.is_polled(OTHER))


def test_hints_of_a_channel_that_is_dropped_go_unless_it_is_watched(store: Store) -> None:
    watch = add_watch(store)
    watch_channel(store, OTHER)
    follow(store, brings(watch), brings(watch, OTHER))
    for channel_id in (CHANNEL, OTHER):
        store.write(lambda t, c=channel_id: t.subscriptions.add_hints(c, ["video-00001"], NOW))  # type: ignore[misc]  # bound now
    follow(store)
    counts = [store.read(lambda t: t.subscriptions.count_hints(c)) for c in (CHANNEL, OTHER)]  # noqa: B023 - called at once
    assert counts == [0, 1]


def test_what_is_stored_of_a_channel_is_there_for_keywords_though_nobody_sees_it(
    store: Store,
) -> None:
    told = [replace(video(n), published_at=NOW + n * HOUR) for n in range(4)]
    told[2] = replace(told[2], channel_id=OTHER)
    record(store, told)
    hide(store, told[1].video_id)
    found = store.read(lambda t: t.follows.list_stored(CHANNEL, 2))
    assert [each.video for each in found] == [told[3], told[1]]


def test_hints_of_a_watch_that_is_removed_go_unless_its_channel_is_followed(store: Store) -> None:
    watch = add_watch(store)
    watched = [watch_channel(store, channel_id) for channel_id in (CHANNEL, OTHER)]
    follow(store, brings(watch, OTHER))
    for each in watched:
        store.write(lambda t, c=each.term: t.subscriptions.add_hints(c, ["video-00001"], NOW))  # type: ignore[misc]  # bound now
        store.write(lambda t, w=each.watch_id: t.watches.remove(w, LONG_AGO))  # type: ignore[misc]  # as above
    settle(store)
    counts = [store.read(lambda t: t.subscriptions.count_hints(c)) for c in (CHANNEL, OTHER)]  # noqa: B023 - called at once
    assert counts == [0, 1]
