import pytest

from app.domain.errors import UpstreamError
from app.domain.subscriptions import Push, is_same_topic, other_form, topic_of
from app.sources.websub import parse_push
from tests.unit.sources.atom_bodies import CHANNEL, entry, feed, tombstone

PUSH = f"""<?xml version='1.0' encoding='UTF-8'?> <feed
 xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom">
<link rel="hub" href="https://pubsubhubbub.appspot.com"/><title>YouTube video feed</title>
<updated>2026-05-01T20:49:41.29571003+00:00</updated><entry> <id>yt:video:aaaaaaaaaa1</id>
<yt:videoId>aaaaaaaaaa1</yt:videoId> <yt:channelId>{CHANNEL}</yt:channelId> <title>test</title>
<published>2026-05-01T20:47:15+00:00</published>
<updated>2026-05-01T20:49:41.29571003+00:00</updated> </entry></feed>""".encode()


def test_a_push_names_videos_and_their_channel() -> None:
    assert parse_push(PUSH) == Push(frozenset({CHANNEL}), ("aaaaaaaaaa1",), ())


def test_a_deletion_names_a_video() -> None:
    assert parse_push(tombstone()) == Push(frozenset(), (), ("aaaaaaaaaa1",))


def test_what_cannot_be_read_of_a_push_is_passed_over() -> None:
    told = parse_push(feed(entry("short"), entry(channel_id="x"), entry(), entry()))
    assert told == Push(frozenset({CHANNEL}), ("aaaaaaaaaa1",), ())
    assert parse_push(tombstone("yt:video:")).deleted_ids == ()


@pytest.mark.parametrize("body", [b"", b"<feed/>", b"<!DOCTYPE a []>" + PUSH])
def test_what_is_no_feed_is_no_push(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        parse_push(body)


def test_a_topic_has_two_forms() -> None:
    topic = topic_of(CHANNEL)
    assert topic == f"https://www.youtube.com/xml/feeds/videos.xml?channel_id={CHANNEL}"
    assert other_form(topic) == f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"
    assert other_form(other_form(topic)) == topic
    assert is_same_topic(other_form(topic), topic)
    assert not is_same_topic(topic_of("UC" + "b" * 22), topic)
