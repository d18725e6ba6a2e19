import pytest

from app.domain.errors import InvalidValueError, NotFoundError, NoUsableKeyError
from tests.unit.ingest.channels import units
from tests.unit.ingest.rig import Rig, before_noon
from tests.unit.simulator.worlds import CHANNEL


def resolve(rig: Rig, text: str) -> str:
    return rig.services.channel_names.resolve(text)


def test_a_handle_is_looked_up_for_a_unit_and_an_id_for_none(rig: Rig) -> None:
    rig.publish(*before_noon(1))
    assert resolve(rig, f"https://www.youtube.com/channel/{CHANNEL.channel_id}") == (
        CHANNEL.channel_id
    )
    assert units(rig) == 0
    assert resolve(rig, "https://www.youtube.com/@Harbour") == CHANNEL.channel_id
    assert units(rig, "channels") == 1


def test_a_handle_nobody_has_is_not_found(rig: Rig) -> None:
    with pytest.raises(NotFoundError):
        resolve(rig, "@nobody")


def test_what_names_no_channel_is_refused_without_a_call(rig: Rig) -> None:
    with pytest.raises(InvalidValueError):
        resolve(rig, "dQw4w9WgXcQ")
    assert units(rig) == 0


def test_without_units_a_handle_cannot_be_looked_up(rig: Rig) -> None:
    services = rig.another(youtube_units_per_day=0)
    with pytest.raises(NoUsableKeyError):
        services.channel_names.resolve("@harbour")
    services.close()
