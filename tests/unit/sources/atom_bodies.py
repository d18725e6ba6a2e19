"""Small feeds and pushes in the shapes YouTube sends, written for these tests."""

CHANNEL = "UC" + "a" * 22
_NAMESPACES = (
    'xmlns:yt="http://www.youtube.com/xml/schemas/2015" '
    'xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom"'
)


def entry(
    video_id: str = "aaaaaaaaaa1",
    *,
    channel_id: str = CHANNEL,
    title: str = "Tea &amp; toast",
    published: str = "2026-03-01T12:00:00+00:00",
    more: str = "",
) -> str:
    return f"""
 <entry>
  <id>yt:video:{video_id}</id>
  <yt:videoId>{video_id}</yt:videoId>
  <yt:channelId>{channel_id}</yt:channelId>
  <title>{title}</title>
  <link rel="alternate" href="https://www.youtube.com/shorts/{video_id}"/>
  <author><name>Harbour Radio</name><uri>https://www.youtube.com/channel/{channel_id}</uri></author>
  <published>{published}</published>
  <updated>2026-03-02T00:00:00+00:00</updated>
  {more}
 </entry>"""


def media(
    views: str = "1234", url: str = "https://i3.ytimg.com/vi/aaaaaaaaaa1/hqdefault.jpg"
) -> str:
    return f"""<media:group><media:title>Tea</media:title>
   <media:thumbnail url="{url}" width="480" height="360"/>
   <media:description>Two lines
 &lt;of&gt; text </media:description>
   <media:community><media:starRating count="5" average="5.00" min="1" max="5"/>
    <media:statistics views="{views}"/></media:community></media:group>"""


def feed(*entries: str, own_channel_id: str = "a" * 22, declaration: str = "") -> bytes:
    return f"""{declaration}<feed {_NAMESPACES}>
 <yt:channelId>{own_channel_id}</yt:channelId><title>Harbour Radio</title>
 {"".join(entries)}
</feed>""".encode()


def tombstone(ref: str = "yt:video:aaaaaaaaaa1") -> bytes:
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns="http://www.w3.org/2005/Atom">
<at:deleted-entry ref="{ref}" when="2026-03-01T12:00:00.642702+00:00">
 <link href="https://www.youtube.com/watch?v=aaaaaaaaaa1"/>
 <at:by><name>Harbour Radio</name><uri>https://www.youtube.com/channel/{CHANNEL}</uri></at:by>
</at:deleted-entry></feed>""".encode()
