import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest

from simulator.corpus import CorpusSource, read_rows
from simulator.video import Video
from simulator.world import World
from tests.unit.simulator.worlds import NOON, SettableClock

# Seconds before the last one; two pairs share their second.
AGES = (1000, 400, 400, 100, 40, 40, 0)


def rows(ages: tuple[int, ...] = AGES) -> list[dict[str, object]]:
    newest = NOON.replace(year=2020)
    return [
        {
            "video_id": f"corpus{n:05d}",
            "title": f"Title {n} & more",
            "description": None,
            "published_at": f"{newest - timedelta(seconds=age):%Y-%m-%dT%H:%M:%SZ}",
            "channel_id": None,
            "channel_title": "Lantern" if n % 2 else None,
            "category_id": "25" if n % 2 else None,
            "published_precision": "second",
        }
        for n, age in enumerate(ages)
    ]


def replayed(clock: SettableClock, **options: float) -> World:
    source = CorpusSource(rows(), start=NOON, **options)  # type: ignore[arg-type]  # speed, arriving
    place = World(source, clock)
    place.now()
    return place


def seconds(videos: list[Video]) -> list[float]:
    return [(video.published_at - NOON).total_seconds() for video in videos]


def test_a_published_corpus_ends_now_with_its_gaps_kept() -> None:
    place = replayed(SettableClock(), arriving=0)
    assert seconds(place.arrived(0, 10)) == [-1000, -400, -400, -100, -40, -40, 0]


def test_speed_divides_the_gaps_and_keeps_ties() -> None:
    place = replayed(SettableClock(), arriving=0, speed=10)
    assert seconds(place.arrived(0, 10)) == [-100, -40, -40, -10, -4, -4, 0]


def test_the_newest_arrive_as_time_passes() -> None:
    clock = SettableClock()
    place = replayed(clock, arriving=3, speed=20)
    assert len(place.arrived(0, 10)) == 4
    clock.move(3)
    place.now()
    assert seconds(place.arrived(0, 10)) == [-45, -15, -15, 0, 3, 3]
    clock.move(2)
    place.now()
    assert len(place.arrived(0, 10)) == 7


def test_what_a_row_lacks_is_filled_in() -> None:
    first, second = replayed(SettableClock(), arriving=0).arrived(0, 2)
    assert (first.title, first.description, first.category_id) == ("Title 0 & more", "", "22")
    assert first.channel.title == ""
    assert len(first.channel.channel_id) == 24
    assert (second.channel.title, second.category_id) == ("Lantern", "25")


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.jsonl.gz"])
def test_rows_come_from_a_file_without_imprecise_and_repeated_ones(
    tmp_path: Path, name: str
) -> None:
    kept = rows((3, 2))
    del kept[1]["published_precision"]
    vague = {**rows((1,))[0], "video_id": "vague", "published_precision": "day"}
    text = "".join(json.dumps(row) + "\n" for row in [*kept, vague, kept[0]])
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    assert read_rows(path) == kept
