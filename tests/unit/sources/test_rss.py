import pytest

from app.domain.errors import UpstreamError
from app.domain.videos import Detail
from app.sources.base import ChannelFeed
from app.sources.rss import MAX_FEED_BYTES, parse_feed
from tests.unit.sources.atom_bodies import CHANNEL, entry, feed, media
from tests.unit.sources.youtube_bodies import NOON

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 40))
    + b']><feed xmlns="http://www.w3.org/2005/Atom">&a39;</feed>'
)


def read(*entries: str) -> ChannelFeed:
    return parse_feed(feed(*entries), CHANNEL)


def test_an_entry_becomes_a_video_with_its_whole_text() -> None:
    (video,) = read(entry(more=media())).videos
    assert (video.video_id, video.title) == ("aaaaaaaaaa1", "Tea & toast")
    assert video.description == "Two lines\n <of> text "
    assert (video.published_at, video.detail) == (NOON, Detail.FEED)
    assert (video.channel_id, video.channel_title) == (CHANNEL, "Harbour Radio")
    assert video.view_count == 1234
    assert video.thumbnails == (
        '{"high":{"height":360,"url":"https://i3.ytimg.com/vi/aaaaaaaaaa1/hqdefault.jpg","width":480}}'
    )
    # A feed has no word for these.
    assert (video.live, video.duration_seconds, video.tags) == (None, None, None)


@pytest.mark.parametrize("own", ["", "a" * 22, CHANNEL])
def test_the_channel_is_that_of_the_entry_whatever_the_feed_calls_itself(own: str) -> None:
    assert len(parse_feed(feed(entry(), own_channel_id=own), CHANNEL).videos) == 1


def test_an_entry_of_another_channel_is_left_out_with_its_reason() -> None:
    told = read(entry(channel_id="UC" + "b" * 22), entry("aaaaaaaaaa2"))
    assert [video.video_id for video in told.videos] == ["aaaaaaaaaa2"]
    assert (told.listed, told.rejected) == (2, ("entry 0: it is of another channel",))


@pytest.mark.parametrize(
    "bad",
    [
        entry("tooshort"),
        entry(published="yesterday"),
        entry(published=""),
        "<entry/>",
        entry(channel_id=""),
    ],
)
def test_a_bad_entry_costs_itself(bad: str) -> None:
    told = read(bad, entry("aaaaaaaaaa2"))
    assert [video.video_id for video in told.videos] == ["aaaaaaaaaa2"]
    assert len(told.rejected) == 1


def test_a_saved_feed_with_breaks_around_its_texts_reads_the_same() -> None:
    plain = read(entry(title="A title")).videos
    saved = read(entry("\n aaaaaaaaaa1\n", title="\n   A title\n  ")).videos
    assert saved == plain


def test_an_image_that_is_no_address_of_the_web_is_left_out() -> None:
    (video,) = read(entry(more=media(views="many", url="javascript:alert(1)"))).videos
    assert (video.thumbnails, video.view_count) == ("{}", None)


def test_a_feed_out_of_order_says_so() -> None:
    later = entry("aaaaaaaaaa2", published="2026-03-01T12:00:01+00:00")
    assert read(later, entry()).ordered
    assert not read(entry(), later).ordered


def test_an_id_listed_twice_is_one_video() -> None:
    assert len(read(entry(), entry(title="again")).videos) == 1


def test_a_channel_without_videos_has_an_empty_feed() -> None:
    assert read() == ChannelFeed(videos=(), listed=0, ordered=True)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>",
        b'{"kind": "json"}',
        feed(entry())[:-20],
        b"<rss><channel/></rss>",
        b'<?xml version="1.0" encoding="klingon"?>' + feed(entry()),
        b"\xff\xfe\x00",
        feed(entry(title="\x00")),
        b"<a>" * 100_000,
        b" " * (MAX_FEED_BYTES + 1),
        BOMB,
        b'<!DOCTYPE feed SYSTEM "file:///etc/passwd">' + feed(entry()),
        b'<!DOCTYPE feed [<!ENTITY x SYSTEM "http://127.0.0.1/">]>' + feed(entry(title="&x;")),
    ],
)
def test_what_is_no_feed_is_trouble_of_the_source(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        parse_feed(body, CHANNEL)
