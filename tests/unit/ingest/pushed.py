"""A rig that the simulated hub can reach: its calls go straight into the web application."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from app.domain.subscriptions import Subscription
from app.web.factory import create_app
from simulator import video as simulated
from simulator.hub import Answer, Hub
from simulator.video import Event
from tests.unit.ingest.channels import MINUTE
from tests.unit.ingest.rig import Rig
from tests.unit.simulator.worlds import CHANNEL

NewRig = Callable[..., Rig]
PUBLIC_URL = "https://news.invalid/below/"


@dataclass
class Pushed:
    """What a test does and sees; `called` is each call of the hub and the status it got."""

    rig: Rig
    client: FlaskClient
    called: list[tuple[str, str, int]] = field(default_factory=list)

    @property
    def hub(self) -> Hub:
        return self.rig.simulator.hub

    def call(self, verb: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        assert url.startswith(PUBLIC_URL)
        target = urlsplit(url)
        path = target.path.removeprefix("/below")
        answer = self.client.open(
            f"{path}?{target.query}", method=verb, headers=dict(headers), data=body
        )
        self.called.append((verb, path, answer.status_code))
        return answer.status_code, answer.data

    def tick(self) -> None:
        """What a scheduler does in one turn, and what the hub does meanwhile."""
        for channel_id in self.rig.services.subscriber.due():
            self.rig.services.subscriber.run(channel_id)
        self.hub.work()
        self.rig.tick()

    def follow(self, seconds: float, every: float = MINUTE) -> None:
        ends_at = self.rig.clock() + timedelta(seconds=seconds)
        while self.rig.clock() < ends_at:
            self.tick()
            self.rig.clock.move(every)
        self.tick()

    def subscription(self, channel_id: str = CHANNEL.channel_id) -> Subscription | None:
        return self.rig.services.store.read(lambda t: t.subscriptions.find_by_channel(channel_id))

    @property
    def token(self) -> str:
        found = self.subscription()
        assert found is not None
        return found.token

    @property
    def is_active(self) -> bool:
        found = self.subscription()
        return found is not None and found.is_active(self.rig.clock())


def pushed(
    new_rig: NewRig, videos: Iterable[simulated.Video | Event] = (), **values: object
) -> Pushed:
    rig = new_rig(videos, public_url=PUBLIC_URL, **values)
    made = Pushed(rig, create_app(rig.services, trusts_this_machine=True).test_client())
    rig.simulator.hub.call = made.call
    return made
