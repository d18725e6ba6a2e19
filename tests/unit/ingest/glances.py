"""A rig whose web application strangers ask for channels."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.domain.fetches import FetchRecord, Purpose
from app.domain.glances import Glance
from app.web.factory import create_app
from simulator import video as simulated
from tests.unit.ingest.channels import lines
from tests.unit.ingest.rig import Rig
from tests.unit.simulator.worlds import CHANNEL

NewRig = Callable[..., Rig]


@dataclass
class Asked:
    """What strangers do and see; `look()` is what a scheduler does in one turn."""

    rig: Rig
    client: FlaskClient

    def get(self, query: str = "", channel_id: str = CHANNEL.channel_id) -> TestResponse:
        return self.client.get(f"/channels/{channel_id}/videos{query}")

    def look(self) -> list[str]:
        """Fetches what is wanted; returns the channels that were due."""
        due = self.rig.services.glancing.due()
        for channel_id in due:
            self.rig.services.glancing.run(channel_id)
        return due

    def fetched(self, query: str = "", channel_id: str = CHANNEL.channel_id) -> TestResponse:
        """The answer after a look."""
        self.get(query, channel_id)
        self.look()
        return self.get(query, channel_id)

    def find(self, channel_id: str = CHANNEL.channel_id) -> Glance:
        found = self.rig.services.store.read(lambda t: t.glances.find(channel_id))
        assert found is not None
        return found

    def log(self) -> list[FetchRecord]:
        return [line for line in lines(self.rig) if line.purpose is Purpose.ON_DEMAND]


def asked(new_rig: NewRig, videos: Iterable[simulated.Video] = (), **values: object) -> Asked:
    rig = new_rig(videos, **values)
    return Asked(rig, create_app(rig.services).test_client())


def ids(response: TestResponse) -> list[str]:
    return [item["video_id"] for item in response.get_json()["items"]]


def seen(response: TestResponse) -> tuple[int, bool, int]:
    """Status, whether it is complete, and how many items it has."""
    body = response.get_json()
    return response.status_code, body["complete"], len(body["items"])
