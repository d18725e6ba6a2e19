from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.ingest.rig import Rig, make_rig


@pytest.fixture
def new_rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Builds a rig (see `make_rig`) and lets go of it at the end."""
    built: list[Rig] = []

    def build(*arguments: object, **values: object) -> Rig:
        built.append(make_rig(tmp_path, *arguments, **values))  # type: ignore[arg-type]  # as given
        return built[-1]

    yield build
    for rig in built:
        rig.services.close()


@pytest.fixture
def rig(new_rig: Callable[..., Rig]) -> Rig:
    """A rig with an empty YouTube and one key."""
    return new_rig()
