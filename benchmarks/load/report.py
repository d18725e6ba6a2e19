"""Locust's figures as a table: benchmarks/load.md, a section for each way to run the service."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INTRODUCTION = """# Load: readers of mixed habits

Written by `make load` ([the readers](load/locustfile.py)); each way to run the service keeps its
last section. Of 100 readers 45 poll page 1 and name what they have, 15 turn pages, 10 walk by
cursor, 8 search, 7 look at channels, 5 keep a copy, 5 look at pages for people and 5 ask a bare
gunicorn for the bytes of page 1: what the machine and Locust themselves give at that moment, the
yardstick. Each waits 1 to 3 s between two requests. A video is stored every second meanwhile.
Servers, readers and database share the machine, so times are those of a busy one; CPU time is what
it took.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What was run.

    Args:
        command: as it was typed.
        day: of the run.
        machine: what figures depend on.
        users: readers.
        minutes: how long.
        videos: stored before it began.
        arrived: stored meanwhile.
        wall_seconds: how long it took in all.
        cpu_seconds: of each process, by name.
    """

    command: str
    day: str
    machine: str
    users: int
    minutes: float
    videos: int
    arrived: int
    wall_seconds: float
    cpu_seconds: Mapping[str, float]


def section(run: Run, stats: Path) -> str:
    """Write a section of the figures that Locust left in a CSV file."""
    with stats.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    asked = sum(int(row["Request Count"]) for row in rows if row["Name"] != "Aggregated")
    cpu = "; ".join(f"{name} {seconds:.1f} s" for name, seconds in run.cpu_seconds.items())
    ours = run.cpu_seconds["web"] * 1000 / max(1, asked)
    return (
        f"`{run.command}`, {run.day}. Machine: {run.machine}.\n\n"
        f"{run.users} readers for {run.minutes:g} minutes over {run.videos:,} videos; "
        f"{run.arrived:,} arrived meanwhile. Wall time {run.wall_seconds:.0f} s; "
        f"CPU time: {cpu}. That is {ours:.1f} ms of the web's CPU for a request.\n\n"
        "| what | requests | errors | a second | p50, ms | p95, ms | p99, ms |\n"
        "|---|---|---|---|---|---|---|\n" + "".join(map(_line, rows))
    )


def errors(stats: Path) -> int:
    """Return how many requests failed."""
    with stats.open(encoding="utf-8", newline="") as file:
        return sum(
            int(row["Failure Count"]) for row in csv.DictReader(file) if row["Name"] != "Aggregated"
        )


def merged(before: str, name: str, text: str) -> str:
    """Return the report with a section in the place of the one of the same name."""
    _, *parts = re.split(r"^## ", before, flags=re.MULTILINE)
    kept = {heading: body.strip() for heading, _, body in (it.partition("\n") for it in parts)}
    kept[name] = text.strip()
    sections = (f"## {heading}\n\n{kept[heading]}\n" for heading in sorted(kept))
    return "\n".join([INTRODUCTION, *sections])


def _line(row: Mapping[str, str]) -> str:
    name = "all" if row["Name"] == "Aggregated" else row["Name"]
    times = " | ".join(_milliseconds(row[share]) for share in ("50%", "95%", "99%"))
    rate = float(row["Requests/s"])
    count, failed = int(row["Request Count"]), int(row["Failure Count"])
    return f"| {name} | {count:,} | {failed:,} | {rate:.1f} | {times} |\n"


def _milliseconds(told: str) -> str:
    return f"{float(told):,.0f}" if told not in ("", "N/A") else "-"
