"""What a tick gives out beside polls: each kind of job is found by one call and done by another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar, cast

from app.telemetry import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Item = int | str | Sequence[str] | Sequence[int] | None
    """What a job is about, as a queue can carry it."""

T = TypeVar("T", bound="Item")


class JobKind(StrEnum):
    """The kinds, in the order in which a tick looks for them."""

    FETCH_PACKED = "fetch_packed"
    FALL_BACK = "fall_back"
    SUBSCRIBE = "subscribe"
    SCOUT = "scout"
    FOLLOW = "follow"
    GLANCE = "glance"
    REFRESH = "refresh"
    DELIVER = "deliver"
    ALERT = "alert"


@dataclass(frozen=True, slots=True)
class Job:
    """How jobs of a kind are found and done.

    Args:
        due: gives out what is to be done now; what it gave out it does not give out again soon.
        run: does one of these, in any process; whatever it needs to know it looks up.
    """

    due: Callable[[], Iterable[Item]]
    run: Callable[[Item], None]


def job(due: Callable[[], Iterable[T]], run: Callable[[T], None]) -> Job:
    """Return a job whose `run` takes what its `due` gives out."""
    return Job(due, cast("Callable[[Item], None]", run))


def kept_from(each: Job, hindered: Callable[[], bool]) -> Job:
    """Return a job that finds nothing and does nothing while it is hindered."""
    return Job(
        lambda: () if hindered() else each.due(),
        lambda item: None if hindered() else each.run(item),
    )


def look_for(jobs: Mapping[JobKind, Job]) -> Iterator[tuple[JobKind, Item]]:
    """Yield what is due of each kind; a fault of ours in one kind keeps nobody from the others."""
    log = get_logger(__name__)
    for kind, each in jobs.items():
        try:
            due = list(each.due())
        except Exception:
            log.exception("looking_for_jobs_failed", kind=kind)
            continue
        yield from ((kind, item) for item in due)
