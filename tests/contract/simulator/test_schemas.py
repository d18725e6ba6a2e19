"""Every field that the simulator sends exists in YouTube's own schemas, with the right type."""

import json
from datetime import timedelta

import pytest

from simulator.api import CHANNEL_PARTS, PLAYLIST_ITEM_PARTS, VIDEO_PARTS, DataApi
from simulator.generated import GeneratedSource
from simulator.world import World
from tests.contract.simulator.schema import DOCUMENT, Schemas
from tests.unit.simulator.worlds import NOON, SettableClock

CALLS = {
    "SearchListResponse": ("search", {"part": "id,snippet", "maxResults": "50"}),
    "VideoListResponse": ("videos", {"part": ",".join(VIDEO_PARTS)}),
    "ChannelListResponse": ("channels", {"part": ",".join(CHANNEL_PARTS)}),
    "PlaylistItemListResponse": (
        "playlistItems",
        {"part": ",".join(PLAYLIST_ITEM_PARTS), "maxResults": "2"},
    ),
}


@pytest.fixture(scope="module")
def api() -> DataApi:
    """An hour with everything in it: premieres, live streams, edits."""
    source = GeneratedSource(seed=1, rate=20, start=NOON - timedelta(hours=3))
    place = World(source, SettableClock())
    place.now()
    return DataApi(place)


def ask(api: DataApi, method: str, params: dict[str, str]) -> dict[str, object]:
    return api.call(method, {name: [value] for name, value in params.items()})


@pytest.mark.parametrize("schema", CALLS)
def test_a_reply_fits_the_schema(api: DataApi, schema: str) -> None:
    method, params = CALLS[schema]
    videos = sorted(api.world.arrived(0, 10**5), key=lambda one: one.live == "none")[:50]
    choice = {
        "search": {},
        "videos": {"id": ",".join(video.video_id for video in videos)},
        "channels": {"id": ",".join({video.channel.channel_id for video in videos})},
        "playlistItems": {"playlistId": videos[0].channel.uploads_playlist_id},
    }[method]
    reply = ask(api, method, {**params, **choice})
    assert reply["items"]
    assert Schemas().faults(schema, reply) == []


def test_the_check_sees_wrong_names_types_and_values() -> None:
    wrong = {
        "kind": 7,
        "pageInfo": {"totalResults": "9"},
        "items": [
            {
                "snippet": {
                    "publishedAt": "yesterday",
                    "colour": "red",
                }
            }
        ],
    }
    faults = "\n".join(Schemas().faults("SearchListResponse", wrong))
    for named in ("kind", "totalResults", "publishedAt", "colour"):
        assert named in faults


@pytest.mark.parametrize(("schema", "method"), [(s, m) for s, (m, _) in CALLS.items()])
def test_every_documented_parameter_is_accepted(api: DataApi, schema: str, method: str) -> None:
    document = json.loads(DOCUMENT.read_bytes())
    known = document["resources"][method]["methods"]["list"]["parameters"]
    standard = dict.fromkeys(document["parameters"], "x")
    _, params = CALLS[schema]
    choice = {"id": "x"} if method in ("videos", "channels") else {}
    if method == "playlistItems":
        choice = {"playlistId": api.world.arrived(0, 1)[0].channel.uploads_playlist_id}
    empty = dict.fromkeys(known, "")
    reply = ask(api, method, {**standard, **empty, **params, **choice})
    assert str(reply["kind"]).endswith("ListResponse")
