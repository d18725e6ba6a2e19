from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from app.domain.errors import StoreUnavailableError
from app.domain.quota import Bucket
from app.ingest.overview import HOLD, Overview, OverviewReader
from tests.unit.ingest.rig import make_rig
from tests.unit.simulator import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from app.domain.quota import Usage
    from tests.unit.ingest.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = make_rig(tmp_path)
    yield rig
    rig.services.close()


def read(rig: Rig) -> Overview:
    return rig.services.overview.read()


def test_before_anything_is_watched_there_is_nothing_to_tell(rig: Rig) -> None:
    assert read(rig) == Overview(searches_limit=100_000)


def test_it_agrees_with_the_coverage_of_all_watches(rig: Rig) -> None:
    rig.watch("boats")
    rig.watch("trains")
    rig.run_for(7200, every=600)
    covered = [it.complete_until for it in rig.services.coverage.page(1, 10).items]
    told = read(rig)
    assert told.names == {1: "boats", 2: "trains"}
    assert told.complete_until == min(covered)
    assert told.searches_used == sum(it.used for it in usage_of(rig))
    assert told.last_success_at is not None


def test_watches_that_are_paused_hold_nothing_back(rig: Rig) -> None:
    rig.watch("boats")
    rig.run_for(7200, every=600)
    before = read(rig)
    late = rig.watch("trains")
    rig.services.watching.change(late.watch_id, {"paused": True})
    rig.clock.move(HOLD.total_seconds())
    after = read(rig)
    assert (after.active, len(after.names)) == (1, 2)
    assert after.complete_until == before.complete_until


def test_a_channel_is_called_by_its_name_once_it_is_known(rig: Rig) -> None:
    rig.publish(worlds.video(1, -60))
    rig.watch_channel()
    assert read(rig).names == {1: worlds.CHANNEL.channel_id}
    rig.run_for(60, every=20)
    assert read(rig).names == {1: worlds.CHANNEL.title}


def test_only_active_watches_that_fail_are_counted_as_failing(rig: Rig) -> None:
    rig.watch("boats")
    late = rig.watch("trains")
    rig.fault("500")
    rig.run_for(600, every=60)
    assert read(rig).failing == 2
    rig.services.watching.change(late.watch_id, {"paused": True})
    rig.clock.move(HOLD.total_seconds())
    assert read(rig).failing == 1


def test_the_store_is_asked_once_in_a_while(rig: Rig) -> None:
    assert read(rig).names == {}
    rig.watch("boats")
    assert read(rig).names == {}
    rig.clock.move(HOLD.total_seconds())
    assert read(rig).names == {1: "boats"}


def test_while_the_database_is_away_it_tells_what_it_knew(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.watch("boats")
    known = read(rig)
    rig.clock.move(60)

    def refuse(_work: object) -> object:
        raise StoreUnavailableError("refused")

    monkeypatch.setattr(rig.services.store, "read", refuse)
    assert read(rig) == known
    assert _new_reader(rig).read() == Overview()


def test_a_clock_that_goes_back_does_not_freeze_it(rig: Rig) -> None:
    read(rig)
    rig.watch("boats")
    rig.clock.move(-86_400)
    assert read(rig).names == {1: "boats"}


def _new_reader(rig: Rig) -> OverviewReader:
    known = rig.services.overview
    return OverviewReader(known._store, known._ring, known._ledger, lambda: datetime.now(UTC))


def usage_of(rig: Rig) -> list[Usage]:
    return [u for u in rig.services.quota.report().projects[0].usage if u.bucket is Bucket.SEARCH]
