from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.quota.benches import Bench, make_bench


@pytest.fixture
def new_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Builds benches (see `make_bench`), each on a database of its own."""
    built: list[Bench] = []

    def build(keys: str, **options: object) -> Bench:
        folder = tmp_path / str(len(built))
        folder.mkdir()
        built.append(make_bench(folder, keys, **options))  # type: ignore[arg-type]  # as given
        return built[-1]

    yield build
    for bench in built:
        bench.store.dispose()
