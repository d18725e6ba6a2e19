import hmac
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.errors import UnreachableError
from app.domain.fetches import FetchSource
from app.domain.quota import ApiKey
from app.domain.subscriptions import other_form
from app.domain.videos import Source
from app.sources.base import VideoBatch
from app.store.store import Store
from simulator.video import Event
from tests.unit.ingest.channels import DAY, HOUR, MINUTE, feed_calls, lines, units, uploaded
from tests.unit.ingest.pushed import Pushed, pushed
from tests.unit.ingest.refreshes import HidingSource
from tests.unit.ingest.rig import Rig, before_noon
from tests.unit.simulator.worlds import CHANNEL, video
from tests.unit.sources.atom_bodies import entry, feed, tombstone

NewRig = Callable[..., Rig]


def watched(new_rig: NewRig, **values: object) -> Pushed:
    """A channel with ten videos whose pushes have been granted."""
    made = pushed(new_rig, before_noon(10), **values)
    made.rig.watch_channel()
    made.follow(3 * MINUTE)
    assert made.is_active
    return made


def signed(made: Pushed, body: bytes, algorithm: str = "sha1") -> Mapping[str, str]:
    found = made.subscription()
    assert found is not None
    digest = hmac.new(found.secret.encode(), body, algorithm).hexdigest()
    return {"X-Hub-Signature": f"{algorithm}={digest}"}


def hints(made: Pushed) -> list[str]:
    found = made.rig.services.store.read(
        lambda t: t.subscriptions.list_hints(CHANNEL.channel_id, 1_000)
    )
    return [video_id for _, video_id in found]


def test_what_is_pushed_is_stored_at_the_next_tick(new_rig: NewRig) -> None:
    made = watched(new_rig)
    made.rig.publish(*uploaded(made.rig, 100, 1))
    made.tick()
    stored = made.rig.services.store.read(lambda t: t.feed.find_video("video000100"))
    assert stored is not None
    assert (stored.source, stored.watches) == (Source.WEBSUB, (1,))
    assert stored.video.duration_seconds == 60
    assert lines(made.rig)[-1].source is FetchSource.WEBSUB
    assert hints(made) == []


def test_with_push_the_feed_is_a_safety_net_and_the_uploads_a_daily_check(new_rig: NewRig) -> None:
    made = watched(new_rig)
    feeds, reads = feed_calls(made.rig), units(made.rig, "playlistItems")
    made.follow(2 * DAY, every=30 * MINUTE)
    assert feed_calls(made.rig) - feeds == 8
    assert units(made.rig, "playlistItems") - reads == 2


def test_a_push_that_never_came_costs_hours_and_no_video(new_rig: NewRig) -> None:
    made = watched(new_rig)
    made.hub.down = True
    burst = uploaded(made.rig, 100, 40)
    made.rig.publish(*burst)
    made.follow(7 * HOUR, every=15 * MINUTE)
    assert {video.video_id for video in burst} <= set(made.rig.known())


def test_only_what_was_asked_for_is_confirmed(new_rig: NewRig) -> None:
    made = watched(new_rig)
    found = made.subscription()
    assert found is not None
    right = {
        "hub.mode": "subscribe",
        "hub.topic": found.topic,
        "hub.challenge": "c",
        "hub.lease_seconds": "100",
    }

    def status(token: str = found.token, **changed: str) -> int:
        query = {**right, **{f"hub.{name}": value for name, value in changed.items()}}
        return made.client.get(f"/websub/{token}", query_string=query).status_code

    assert status() == 200
    assert status(topic=other_form(found.topic)) == 200
    for wrong in (
        {"mode": "unsubscribe"},
        {"mode": ""},
        {"topic": found.topic + "x"},
        {"topic": found.topic.replace("youtube.com", "example.com")},
        {"challenge": ""},
        {"challenge": "x" * 2_000},
        {"token": "A" * 43},
        {"token": "short"},
    ):
        assert status(**wrong) == 404
    # And what was not asked for anew prolongs nothing.
    assert made.subscription() == found


def test_the_challenge_goes_back_as_it_came_and_as_plain_text(new_rig: NewRig) -> None:
    made = watched(new_rig)
    found = made.subscription()
    assert found is not None
    challenge = "<script>alert(1)</script>"
    answer = made.client.get(
        f"/websub/{found.token}",
        query_string={
            "hub.mode": "subscribe",
            "hub.topic": found.topic,
            "hub.challenge": challenge,
        },
    )
    assert answer.data == challenge.encode()
    assert answer.content_type.startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_every_signature_of_the_specification_is_taken(new_rig: NewRig, algorithm: str) -> None:
    made = watched(new_rig)
    body = feed(entry("aaaaaaaaaa1", channel_id=CHANNEL.channel_id))
    answer = made.client.post(
        f"/websub/{made.token}", data=body, headers=signed(made, body, algorithm)
    )
    assert (answer.status_code, hints(made)) == (200, ["aaaaaaaaaa1"])


def test_what_is_not_signed_with_our_secret_is_ignored_and_answered_alike(new_rig: NewRig) -> None:
    made = watched(new_rig)
    body = feed(entry("aaaaaaaaaa1", channel_id=CHANNEL.channel_id))
    right = signed(made, body)["X-Hub-Signature"]
    for wrong in ("", "sha1=", "sha1=00", right[:-1], right.replace("sha1", "md5"), "x=é", "sha1"):
        headers = {"X-Hub-Signature": wrong.encode("latin-1").decode("latin-1")}
        answer = made.client.post(f"/websub/{made.token}", data=body, headers=headers)
        assert answer.status_code == 200
    changed = body.replace(b"aaaaaaaaaa1", b"aaaaaaaaaa2")
    made.client.post(f"/websub/{made.token}", data=changed, headers={"X-Hub-Signature": right})
    assert hints(made) == []


def test_a_push_is_no_content_and_names_only_its_own_channel(new_rig: NewRig) -> None:
    made = watched(new_rig)
    foreign = feed(entry("aaaaaaaaaa1", channel_id="UC" + "b" * 22))
    made.client.post(f"/websub/{made.token}", data=foreign, headers=signed(made, foreign))
    assert hints(made) == []
    lie = feed(entry("video000003", channel_id=CHANNEL.channel_id, title="A lie"))
    made.client.post(f"/websub/{made.token}", data=lie, headers=signed(made, lie))
    made.tick()
    assert made.rig.stored("video000003")["video000003"].title == "Title 3"
    invented = feed(entry("inventedvid", channel_id=CHANNEL.channel_id))
    made.client.post(f"/websub/{made.token}", data=invented, headers=signed(made, invented))
    made.tick()
    assert "inventedvid" not in made.rig.known()


def test_a_video_of_another_channel_is_not_the_watchs_whatever_a_push_says(
    new_rig: NewRig,
) -> None:
    made = watched(new_rig)
    other = replace(CHANNEL, channel_id="UC" + "b" * 22)
    made.rig.publish(video(777, channel=other))
    lie = feed(entry("video000777", channel_id=CHANNEL.channel_id))
    made.client.post(f"/websub/{made.token}", data=lie, headers=signed(made, lie))
    made.tick()
    assert "video000777" not in made.rig.known()


@pytest.mark.parametrize("body", [b"", b"{}", b"<!DOCTYPE a [<!ENTITY x 'y'>]><feed>&x;</feed>"])
def test_a_signed_push_that_cannot_be_read_is_ignored(new_rig: NewRig, body: bytes) -> None:
    made = watched(new_rig)
    answer = made.client.post(f"/websub/{made.token}", data=body, headers=signed(made, body))
    assert (answer.status_code, hints(made)) == (200, [])


def test_a_push_larger_than_any_is_refused_and_an_unknown_address_not_found(
    new_rig: NewRig,
) -> None:
    made = watched(new_rig)
    body = b" " * 70_000
    answer = made.client.post(f"/websub/{made.token}", data=body, headers=signed(made, body))
    assert answer.status_code == 413
    assert made.client.post(f"/websub/{'A' * 43}", data=b"x").status_code == 404


def test_a_push_that_comes_before_youtube_knows_the_video_is_followed_until_it_does(
    new_rig: NewRig,
) -> None:
    hides = {"video000100"}
    made = watched(new_rig, seed_source=lambda youtube: HidingSource(youtube, hides))
    made.rig.publish(*uploaded(made.rig, 100, 1))
    made.tick()
    made.rig.clock.move(MINUTE)
    hides.clear()
    made.follow(2 * MINUTE)
    assert "video000100" in made.rig.known()
    assert hints(made) == []


def test_an_answer_that_tells_nothing_is_none_to_a_push(new_rig: NewRig) -> None:
    made = watched(new_rig)
    source = HidingSource(made.rig.youtube, hides_all=True)
    made.rig.services.ingest._channel_runner._hints._source = source
    made.rig.publish(*uploaded(made.rig, 100, 1))
    made.tick()
    made.rig.clock.move(MINUTE)
    source.hides_all = False
    made.follow(2 * MINUTE)
    assert "video000100" in made.rig.known()


class UnreachedSource(HidingSource):
    """YouTube's API is out of reach; each attempt is charged all the same."""

    tries = 0

    def videos(self, key: ApiKey, video_ids: Sequence[str]) -> VideoBatch:
        del key, video_ids
        self.tries += 1
        raise UnreachableError("refused")


def test_pushes_while_the_api_is_out_of_reach_do_not_spend_the_day(new_rig: NewRig) -> None:
    made = watched(new_rig)
    source = UnreachedSource(made.rig.youtube)
    made.rig.services.ingest._channel_runner._hints._source = source
    made.rig.publish(*uploaded(made.rig, 100, 1))
    made.follow(HOUR, every=30)
    assert 3 < source.tries < 16


def test_a_push_of_what_there_is_not_costs_a_few_units_and_is_forgotten(new_rig: NewRig) -> None:
    made = watched(new_rig)
    invented = feed(entry("inventedvid", channel_id=CHANNEL.channel_id))
    made.client.post(f"/websub/{made.token}", data=invented, headers=signed(made, invented))
    spent = units(made.rig)
    made.follow(HOUR, every=10)
    assert units(made.rig) - spent <= 12
    assert hints(made) == []


def test_a_deletion_is_looked_into_and_confirmed_a_day_later(new_rig: NewRig) -> None:
    made = watched(new_rig)
    gone = Event(made.rig.clock(), video_id="video000003", fields={"deleted_at": made.rig.clock()})
    made.rig.publish(gone)
    made.tick()
    assert "video000003" in made.rig.known()
    made.rig.clock.move(DAY + 10 * MINUTE)
    for batch in made.rig.services.refresher.due():
        made.rig.services.refresher.run(batch)
    assert "video000003" not in made.rig.known()


def test_a_deletion_that_is_not_true_deletes_nothing(new_rig: NewRig) -> None:
    made = watched(new_rig)
    lie = tombstone("yt:video:video000003")
    made.client.post(f"/websub/{made.token}", data=lie, headers=signed(made, lie))
    made.tick()
    made.rig.clock.move(DAY + 10 * MINUTE)
    for batch in made.rig.services.refresher.due():
        made.rig.services.refresher.run(batch)
    assert "video000003" in made.rig.known()


def test_an_edit_is_taken_over_when_it_is_pushed(new_rig: NewRig) -> None:
    made = watched(new_rig)
    made.rig.publish(
        Event(made.rig.clock(), video_id="video000003", fields={"title": "A new title"})
    )
    made.tick()
    assert made.rig.stored("video000003")["video000003"].title == "A new title"


def test_a_lease_is_renewed_when_four_fifths_of_it_are_over(new_rig: NewRig) -> None:
    made = watched(new_rig)
    first = made.subscription()
    assert first is not None
    assert first.expires_at is not None
    asked = len(made.called)
    made.follow(4 * DAY - HOUR, every=HOUR)
    assert [call for call in made.called[asked:] if call[0] == "GET"] == []
    made.follow(2 * HOUR, every=10 * MINUTE)
    renewed = made.subscription()
    assert renewed is not None
    assert renewed.expires_at is not None
    assert renewed.expires_at > first.expires_at + timedelta(days=3)
    assert (renewed.token, renewed.topic) == (first.token, first.topic)
    made.follow(10 * DAY, every=HOUR)
    assert made.is_active


def test_while_the_hub_is_in_trouble_the_feed_goes_on_and_the_waits_grow(new_rig: NewRig) -> None:
    made = pushed(new_rig, before_noon(10))
    made.hub.down = True
    made.rig.watch_channel()
    made.follow(DAY, every=5 * MINUTE)
    asked = len(made.rig.feeds.wire.calls)
    assert asked >= 90
    assert "hub_failed" not in made.rig.problems()
    assert 5 <= hub_calls(made) <= 24
    made.hub.down = False
    made.follow(3 * HOUR, every=5 * MINUTE)
    assert made.is_active


def hub_calls(made: Pushed) -> int:
    return len(made.rig.services.subscriber._hub.wire.calls)  # type: ignore[union-attr]  # WiredHub


def test_the_other_form_of_the_topic_is_tried_when_the_first_is_refused(new_rig: NewRig) -> None:
    made = pushed(new_rig, before_noon(10))
    made.rig.watch_channel()
    (channel_id,) = made.rig.services.subscriber.due()
    first = made.subscription()
    assert first is not None
    made.rig.fault("404", method="hub", times=1)
    made.rig.services.subscriber.run(channel_id)
    made.follow(10 * MINUTE)
    found = made.subscription()
    assert found is not None
    assert found.topic == other_form(first.topic)
    assert made.is_active
    made.rig.publish(*uploaded(made.rig, 100, 1))
    made.tick()
    assert made.rig.known()[0] == "video000100"


def test_a_request_the_hub_never_confirms_is_made_again(new_rig: NewRig) -> None:
    made = pushed(new_rig, before_noon(10))
    made.rig.watch_channel()
    call, made.hub.call = made.hub.call, lambda *_: (0, b"")
    made.follow(30 * MINUTE)
    assert not made.is_active
    made.hub.call = call
    made.follow(HOUR)
    assert made.is_active


@pytest.mark.parametrize("act", ["remove", "pause"])
def test_what_is_watched_no_more_is_unsubscribed(new_rig: NewRig, act: str) -> None:
    made = watched(new_rig)
    watching = made.rig.services.watching
    if act == "remove":
        watching.remove(1)
    else:
        watching.set_paused(1, paused=True)
    made.follow(2 * MINUTE)
    assert made.subscription() is None
    assert made.hub.subscriptions == {}
    watching.set_paused(1, paused=False) if act == "pause" else made.rig.watch_channel()
    made.follow(2 * MINUTE)
    assert made.is_active


def test_a_hub_that_will_not_push_is_asked_again_later(new_rig: NewRig) -> None:
    made = watched(new_rig)
    found = made.subscription()
    assert found is not None
    denied = {"hub.mode": "denied", "hub.topic": found.topic, "hub.reason": "no"}
    assert made.client.get(f"/websub/{found.token}", query_string=denied).status_code == 200
    assert not made.is_active
    made.follow(2 * HOUR, every=10 * MINUTE)
    assert made.is_active


def test_a_stranger_at_the_door_takes_no_lock(
    new_rig: NewRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = watched(new_rig)
    monkeypatch.setattr(Store, "write", lambda *_: pytest.fail("a write"))
    path = f"/websub/{'A' * 43}"
    for mode in ("subscribe", "denied"):
        query = {"hub.mode": mode, "hub.topic": "t", "hub.challenge": "c"}
        assert made.client.get(path, query_string=query).status_code == 404
    assert made.client.post(path, data=b"x").status_code == 404


def test_without_a_public_url_nobody_subscribes_and_old_leases_mean_nothing(
    new_rig: NewRig,
) -> None:
    made = watched(new_rig)
    private = made.rig.another(public_url="")
    assert private.subscriber.due() == []
    before = feed_calls(made.rig)
    made.rig.services.close()
    made.rig = replace(made.rig, services=private)
    made.rig.run_for(7 * HOUR, every=15 * MINUTE)
    wire = private.ingest._channel_runner._reader._feeds.wire  # type: ignore[attr-defined]  # WiredFeeds
    assert len(wire.calls) >= 4
    assert feed_calls(made.rig) == before
    private.close()


def test_neither_addresses_nor_secrets_are_logged(
    new_rig: NewRig, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = watched(new_rig)
    found = made.subscription()
    assert found is not None
    made.client.post(f"/websub/{found.token}", data=b"x", headers={"X-Hub-Signature": "sha1=0"})
    made.hub.down = True
    made.rig.clock.move(5 * DAY)
    made.tick()
    said = capsys.readouterr().out + capsys.readouterr().err + caplog.text + repr(found)
    assert "push_ignored" in said
    assert "hub_failed" in said
    assert found.token not in said
    assert found.secret not in said


def test_a_push_that_comes_during_a_poll_is_not_forgotten(new_rig: NewRig) -> None:
    made = watched(new_rig)
    made.rig.services.watching.fetch_now(1)
    (claim,) = made.rig.services.ingest.tick()
    made.rig.publish(*uploaded(made.rig, 100, 1))
    made.rig.youtube.wire.before_each = lambda _: made.hub.work()
    made.rig.services.ingest.run(claim)
    made.rig.youtube.wire.before_each = lambda _: None
    made.rig.clock.move(MINUTE)
    made.rig.tick()
    assert hints(made) == []
    assert "video000100" in made.rig.known()


def test_when_a_lease_ends_unrenewed_the_feed_is_asked_often_again(new_rig: NewRig) -> None:
    made = watched(new_rig)
    made.hub.down = True
    made.follow(5 * DAY, every=30 * MINUTE)
    assert not made.is_active
    asked = feed_calls(made.rig)
    made.follow(5 * HOUR, every=15 * MINUTE)
    assert feed_calls(made.rig) - asked >= 19


@pytest.mark.parametrize("idle", [0, DAY])
def test_while_youtube_fails_a_push_costs_no_unit_at_every_tick(
    new_rig: NewRig, idle: float
) -> None:
    made = watched(new_rig)
    made.rig.clock.move(idle)  # after a day the uploads are due, too
    made.rig.fault("500", method="videos")
    made.rig.publish(*uploaded(made.rig, 100, 1))
    spent = units(made.rig)
    made.follow(3 * HOUR)
    assert 5 <= units(made.rig) - spent <= 40
    made.rig.simulator.faults.clear()
    made.follow(20 * MINUTE)
    assert "video000100" in made.rig.known()
    assert hints(made) == []
