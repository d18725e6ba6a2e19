"""Bodies look like the recorded ones, field by field; error bodies equal them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator import wire_atom
from simulator.api import DataApi
from simulator.faults import Rule
from simulator.feeds import Feeds
from simulator.generated import GeneratedSource
from simulator.invidious import Invidious
from simulator.quota import Key
from simulator.world import World
from tests.contract.simulator import recorded, recorded_atom
from tests.unit.simulator.worlds import NOON, SettableClock, get, simulator, video

DISABLED_URL = "https://console.developers.google.com/"


@pytest.fixture(scope="module")
def api() -> DataApi:
    place = World(
        GeneratedSource(seed=3, rate=20, start=NOON - timedelta(hours=1)), SettableClock()
    )
    place.now()
    return DataApi(place)


def ask(api: DataApi, method: str, **params: str) -> dict[str, object]:
    return api.call(method, {name: [value] for name, value in params.items()})


@pytest.mark.parametrize("token", [False, True])
def test_search_looks_as_recorded(api: DataApi, *, token: bool) -> None:
    params = {"part": "snippet", "maxResults": "50", "type": "video"}
    if token:
        params["pageToken"] = str(ask(api, "search", **params)["nextPageToken"])
    assert recorded.differences(recorded.SEARCH, ask(api, "search", **params)) == []


def test_lists_look_as_recorded(api: DataApi) -> None:
    videos = [one for one in api.world.arrived(0, 10**5) if one.live == "none"][:50]
    ids = ",".join(one.video_id for one in videos)
    reply = ask(api, "videos", part="snippet,contentDetails,statistics", id=ids)
    assert recorded.differences(recorded.VIDEOS, reply) == []
    channels = ",".join(one.channel.channel_id for one in videos)
    reply = ask(api, "channels", part="snippet", id=channels)
    assert recorded.differences(recorded.CHANNELS, reply) == []
    playlist = videos[0].channel.uploads_playlist_id
    reply = ask(api, "playlistItems", part="snippet,contentDetails", playlistId=playlist)
    assert recorded.differences(recorded.PLAYLIST_ITEMS, reply) == []


def test_a_feed_looks_as_recorded(api: DataApi) -> None:
    newest = api.world.arrived(0, 10**5)[-1]
    feed = Feeds(api.world).get(newest.channel.channel_id).body
    shown, shape = recorded_atom.elements(feed), recorded_atom.elements(recorded_atom.FEED)
    assert shown.keys() == shape.keys()
    one = recorded_atom.elements(wire_atom.channel_feed(newest.channel, [newest]))
    assert one == shape


def test_what_the_hub_sends_looks_as_recorded() -> None:
    pushed, gone = wire_atom.push(video(1), NOON), wire_atom.tombstone(video(1), NOON)
    assert recorded_atom.elements(pushed) == recorded_atom.elements(recorded_atom.PUSH)
    assert recorded_atom.elements(gone) == recorded_atom.elements(recorded_atom.TOMBSTONE)


def test_invidious_looks_as_its_code_says(api: DataApi) -> None:
    every = Invidious(DataApi(api.world, match_all=True))
    reply = json.loads(every.search({"q": ["x"], "date": ["today"]}).body)
    assert len(reply) == 20
    assert recorded.differences(recorded.INVIDIOUS, reply) == []


def error_of(method: str = "search", key: str = "k", **params: object) -> dict[str, Any]:
    """The error of one call; state and limits come with the key."""
    keys = [Key(name, "994147049083", name) for name in STATES]  # type: ignore[arg-type]  # a key is named after its state
    running = simulator(
        [video(1)],
        SettableClock(datetime(2026, 9, 25, 18, tzinfo=UTC)),
        keys=[*keys, Key("k", "994147049083")],
        limit=0 if params.pop("spent", False) else 9,
        rules=[Rule(kind="503")] if params.pop("broken", False) else [],
    )
    reply = running.handle(get(method, key, **params))
    body: dict[str, Any] = json.loads(reply.body)
    assert body["error"]["code"] == reply.status
    assert set(body) == {"error"}
    error: dict[str, Any] = body["error"]
    return error


STATES = ("invalid", "expired", "api_disabled", "blocked", "ip_blocked", "throttled")
INFO = "type.googleapis.com/google.rpc.ErrorInfo"


def legacy(message: str, domain: str, reason: str, **more: str) -> list[dict[str, str]]:
    return [{"message": message, "domain": domain, "reason": reason, **more}]


def test_the_used_up_search_bucket() -> None:
    message = (
        "Quota exceeded for quota metric 'Search Queries' and limit 'Search Queries per day' of "
        "service 'youtube.googleapis.com' for consumer 'project_number:994147049083'."
    )
    assert error_of(spent=True, part="id") == {
        "code": 429,
        "message": message,
        "errors": legacy(message, "global", "rateLimitExceeded"),
        "status": "RESOURCE_EXHAUSTED",
        "details": [
            {
                "@type": INFO,
                "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": {
                    "quota_location": "global",
                    "window_start_time": "1790319600",
                    "quota_limit": "defaultSearchListPerDayPerProject",
                    "consumer": "projects/994147049083",
                    "quota_unit": "1/d/{project}",
                    "service": "youtube.googleapis.com",
                    "quota_metric": "youtube.googleapis.com/search_list",
                    "quota_limit_value": "0",
                },
            }
        ],
    }


def test_used_up_units() -> None:
    message = (
        "The request cannot be completed because you have exceeded your "
        '<a href="/youtube/v3/getting-started#quota">quota</a>.'
    )
    assert error_of("videos", spent=True, part="id", id="x") == {
        "code": 403,
        "message": message,
        "errors": legacy(message, "youtube.quota", "quotaExceeded"),
    }


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("stranger", "API key not valid. Please pass a valid API key."),
        ("invalid", "API key not valid. Please pass a valid API key."),
        ("expired", "API key expired. Please renew the API key."),
    ],
)
def test_a_bad_key(key: str, message: str) -> None:
    assert error_of(key=key) == {
        "code": 400,
        "message": message,
        "errors": legacy(message, "global", "badRequest"),
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": INFO,
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
                "metadata": {"service": "youtube.googleapis.com"},
            },
            {
                "@type": "type.googleapis.com/google.rpc.LocalizedMessage",
                "locale": "en-US",
                "message": message,
            },
        ],
    }


def test_no_key() -> None:
    message = (
        "Method doesn't allow unregistered callers (callers without established identity). "
        "Please use API Key or other form of API consumer identity to call this API."
    )
    assert error_of(key="", part="id") == {
        "code": 403,
        "message": message,
        "errors": legacy(message, "global", "forbidden"),
        "status": "PERMISSION_DENIED",
    }


def test_a_project_without_the_api() -> None:
    error = error_of(key="api_disabled")
    (entry,) = error["errors"]
    assert set(error) == {"code", "message", "errors"}
    assert (entry["domain"], entry["reason"]) == ("usageLimits", "accessNotConfigured")
    assert entry["message"] == error["message"]
    assert "has not been used in project 994147049083 before" in entry["message"]
    assert entry["extendedHelp"].startswith(DISABLED_URL)


@pytest.mark.parametrize(
    ("method", "name"),
    [("search", "V3DataSearchService.List"), ("videos", "V3DataVideoService.List")],
)
def test_a_key_kept_from_this_api(method: str, name: str) -> None:
    assert error_of(method, key="blocked") == {
        "code": 403,
        "message": f"Requests to this API youtube method youtube.api.v3.{name} are blocked.",
        "errors": [{"reason": "forbidden", "domain": "global"}],
        "details": [
            {"@type": INFO, "reason": "API_KEY_SERVICE_BLOCKED", "domain": "googleapis.com"}
        ],
    }


def test_a_key_kept_from_this_address() -> None:
    (info,) = error_of(key="ip_blocked")["details"]
    assert info["reason"] == "API_KEY_IP_ADDRESS_BLOCKED"
    assert info["metadata"]["callerIp"] == "127.0.0.1"


def test_a_short_throttle_is_told_from_the_day_by_its_unit() -> None:
    error = error_of(key="throttled")
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert error["details"][0]["metadata"]["quota_unit"] == "1/min/{project}"
    assert "per minute" in error["message"]


def test_a_backend_error() -> None:
    assert error_of(broken=True, part="id") == {
        "code": 503,
        "message": "Backend Error",
        "errors": legacy("Backend Error", "global", "backendError"),
    }


def test_a_playlist_that_does_not_exist() -> None:
    message = (
        "The playlist identified with the request's <code>playlistId</code> parameter "
        "cannot be found."
    )
    place = {"location": "playlistId", "locationType": "parameter"}
    assert error_of("playlistItems", part="id", playlistId="PLx") == {
        "code": 404,
        "message": message,
        "errors": legacy(message, "youtube.playlistItem", "playlistNotFound", **place),
    }


def test_a_missing_filter() -> None:
    message = (
        "No filter selected. Expected one of: forUsername, managedByMe, categoryId, mine, "
        "mySubscribers, id, idParam"
    )
    place = {"location": "", "locationType": "parameter"}
    assert error_of("channels", part="id") == {
        "code": 400,
        "message": message,
        "errors": legacy(message, "youtube.parameter", "missingRequiredParameter", **place),
    }
