"""The shapes of real feeds and pushes, written down as small ones: what a reader would see.

Recorded in July 2026 (feed), May 2025 (push) and 2018 (tombstone); the values are ours. A feed's
own id lacks the `UC` since 2023.
"""

from collections import Counter
from xml.etree import ElementTree as ET

CHANNEL = "UCxxxxxxxxxxxxxxxxxxxxxx"
VIDEO = "aaaaaaaaaa1"
FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns="http://www.w3.org/2005/Atom">
 <link rel="self"
  href="http://www.youtube.com/feeds/videos.xml?channel_id=UCxxxxxxxxxxxxxxxxxxxxxx"/>
 <id>yt:channel:xxxxxxxxxxxxxxxxxxxxxx</id>
 <yt:channelId>xxxxxxxxxxxxxxxxxxxxxx</yt:channelId>
 <title>Harbour Radio</title>
 <link rel="alternate" href="https://www.youtube.com/channel/UCxxxxxxxxxxxxxxxxxxxxxx"/>
 <author><name>Harbour Radio</name>
   <uri>https://www.youtube.com/channel/UCxxxxxxxxxxxxxxxxxxxxxx</uri></author>
 <published>2013-07-09T20:17:20+00:00</published>
 <entry>
  <id>yt:video:aaaaaaaaaa1</id>
  <yt:videoId>aaaaaaaaaa1</yt:videoId>
  <yt:channelId>UCxxxxxxxxxxxxxxxxxxxxxx</yt:channelId>
  <title>Tea</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v=aaaaaaaaaa1"/>
  <author><name>Harbour Radio</name>
   <uri>https://www.youtube.com/channel/UCxxxxxxxxxxxxxxxxxxxxxx</uri></author>
  <published>2026-07-01T14:00:35+00:00</published>
  <updated>2026-07-02T06:56:01+00:00</updated>
  <media:group>
   <media:title>Tea</media:title>
   <media:content url="https://www.youtube.com/v/aaaaaaaaaa1?version=3"
    type="application/x-shockwave-flash" width="640" height="390"/>
   <media:thumbnail url="https://i3.ytimg.com/vi/aaaaaaaaaa1/hqdefault.jpg" width="480"
    height="360"/>
   <media:description>Two lines</media:description>
   <media:community>
    <media:starRating count="5" average="5.00" min="1" max="5"/>
    <media:statistics views="17"/>
   </media:community>
  </media:group>
 </entry>
</feed>"""
PUSH = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom">
 <link rel="hub" href="https://pubsubhubbub.appspot.com"/>
 <link rel="self"
  href="https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCxxxxxxxxxxxxxxxxxxxxxx"/>
 <title>YouTube video feed</title>
 <updated>2025-05-01T20:49:41.29571003+00:00</updated>
 <entry>
  <id>yt:video:aaaaaaaaaa1</id>
  <yt:videoId>aaaaaaaaaa1</yt:videoId>
  <yt:channelId>UCxxxxxxxxxxxxxxxxxxxxxx</yt:channelId>
  <title>Tea</title>
  <link rel="alternate" href="https://www.youtube.com/watch?v=aaaaaaaaaa1"/>
  <author><name>Harbour Radio</name>
   <uri>https://www.youtube.com/channel/UCxxxxxxxxxxxxxxxxxxxxxx</uri></author>
  <published>2025-05-01T20:47:15+00:00</published>
  <updated>2025-05-01T20:49:41.29571003+00:00</updated>
 </entry>
</feed>"""
TOMBSTONE = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns="http://www.w3.org/2005/Atom">
 <at:deleted-entry ref="yt:video:aaaaaaaaaa1" when="2018-07-26T17:43:36+00:00">
  <link href="https://www.youtube.com/watch?v=aaaaaaaaaa1"/>
  <at:by><name>Harbour Radio</name>
   <uri>https://www.youtube.com/channel/UCxxxxxxxxxxxxxxxxxxxxxx</uri></at:by>
 </at:deleted-entry>
</feed>"""


def elements(document: str | bytes) -> Counter[str]:
    """How often each element occurs, by its path and the names of its attributes."""
    found: Counter[str] = Counter()

    def walk(element: ET.Element, path: str) -> None:
        here = f"{path}/{element.tag}"
        found[f"{here} {sorted(element.attrib)}"] += 1
        for inner in element:
            walk(inner, here)

    walk(ET.fromstring(document), "")
    return found
