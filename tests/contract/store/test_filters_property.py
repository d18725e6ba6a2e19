"""Tellings, edits and changes of filters in any order, held against filters in plain Python."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.domain.errors import NotFoundError
from app.domain.feeds import ALL, Feed
from app.domain.filters import Filters, Shorts
from app.domain.intake import Finding
from app.domain.videos import CanonicalJson, Detail, LiveState, Source, Video, merge
from app.store.models import ALL_VIDEOS, DayCountRow, HourCountRow
from app.store.store import Store
from tests.contract.store.tellings import (
    CHANNEL,
    NOW,
    add_watch,
    get_total,
    get_version,
    list_feed,
    settle,
    wipe,
)

if TYPE_CHECKING:
    from app.store.database import Database

Seen = tuple[int, list[tuple[object, ...]]]
IDS = tuple(f"video-{number:05}" for number in range(5))
WORDS = ("harbour", "trial", "boat")

VIDEOS = st.builds(
    Video,
    video_id=st.sampled_from(IDS),
    title=st.sampled_from(["Harbour trial", "A boat", "News"]),
    description=st.sampled_from(["", "On a boat!"]),
    published_at=st.sampled_from([NOW - timedelta(hours=h) for h in (0, 1, 13)]),
    channel_id=st.just(CHANNEL),
    channel_title=st.sampled_from(["Harbour", "Radio"]),
    detail=st.sampled_from(Detail),
    live=st.sampled_from([None, *LiveState]),
    duration_seconds=st.sampled_from([None, 0, 60, 180, 181, 900]),
    language=st.sampled_from([None, "en", "en-GB", "de", "eng"]),
    category_id=st.sampled_from([None, "10", "25"]),
    tags=st.sampled_from([None, CanonicalJson('["trial"]')]),
)
FILTERS = st.builds(
    Filters,
    include_words=st.sampled_from([(), ("trial",), ("boat", "harbour")]),
    exclude_words=st.sampled_from([(), (), ("boat",), ("Harbour trial",)]),
    min_duration_seconds=st.sampled_from([None, None, 61]),
    max_duration_seconds=st.sampled_from([None, None, 500]),
    live=st.sampled_from([(), (), (LiveState.NONE,), (LiveState.COMPLETED, LiveState.LIVE)]),
    shorts=st.sampled_from([Shorts.ANY, Shorts.ANY, Shorts.ONLY, Shorts.WITHOUT]),
    languages=st.sampled_from([(), (), ("en",), ("en-gb", "de")]),
    categories=st.sampled_from([(), (), ("10",)]),
)


@dataclass(frozen=True)
class Told:
    """A video, and which of the watches found it, for certain or perhaps not."""

    video: Video
    watch: int | None
    uncertain: bool


@dataclass(frozen=True)
class Wish:
    """A watch gets other filters."""

    watch: int
    filters: Filters


@dataclass(frozen=True)
class Batch:
    """A tick applies some of what changed."""

    limit: int


@dataclass(frozen=True)
class Delete:
    """YouTube no longer has a video."""

    video_id: str


@dataclass(frozen=True)
class Hide:
    """A moderator's act."""

    video_id: str
    hidden: bool


@dataclass(frozen=True)
class Drop:
    """What no reading of its own has confirmed for a watch is dropped, after ticks enough."""

    watch: int


@dataclass(frozen=True)
class Remove:
    """A watch is removed, and after ticks enough its term is watched anew."""

    watch: int


Step = list[Told] | Wish | Batch | Delete | Hide | Drop | Remove


TELLINGS = st.lists(
    st.builds(
        Told, VIDEOS, st.sampled_from([None, 0, 0, 1]), st.sampled_from([False, False, True])
    ),
    min_size=1,
    max_size=8,
)
STEPS = st.lists(
    st.one_of(
        TELLINGS,
        TELLINGS,
        st.builds(Wish, st.sampled_from([0, 1]), FILTERS),
        st.builds(Batch, st.integers(1, 3)),
        st.builds(Delete, st.sampled_from(IDS)),
        st.builds(Hide, st.sampled_from(IDS), st.booleans()),
        st.builds(Drop, st.sampled_from([0, 1])),
        st.builds(Remove, st.sampled_from([0, 1])),
    ),
    min_size=5,
    max_size=14,
)


@dataclass
class Model:
    """What is known of each video, who found it for certain or not, and what each watch wants."""

    videos: dict[str, Video] = field(default_factory=dict)
    certain: dict[tuple[int, str], bool] = field(default_factory=dict)
    filters: list[Filters] = field(default_factory=lambda: [Filters(), Filters()])
    hidden: set[str] = field(default_factory=set)

    def apply(self, step: Step) -> None:
        match step:
            case Wish(watch, filters):
                self.filters[watch] = filters
            case Delete(video_id):
                self.delete(video_id)
            case Hide(video_id, hidden):
                if not hidden:
                    self.hidden.discard(video_id)
                elif video_id in self.videos:
                    self.hidden.add(video_id)
            case Drop(watch):
                self.certain = {
                    (of, key): certain
                    for (of, key), certain in self.certain.items()
                    if certain or of != watch or not wants(self.filters[of], self.videos[key])
                }
            case Remove(watch):
                self.filters[watch] = Filters()
                mine = {key for of, key in self.certain if of == watch}
                shared = {key for of, key in self.certain if of != watch}
                self.certain = {link: it for link, it in self.certain.items() if link[0] != watch}
                for key in mine - shared:
                    self.delete(key)
            case list():
                self.tell(step)

    def tell(self, batch: list[Told]) -> None:
        tellings: dict[str, Video] = {}
        for each in batch:
            told, key = each.video, each.video.video_id
            tellings[key] = merge(tellings[key], told) if key in tellings else told
            if each.watch is not None:
                link = each.watch, key
                self.certain[link] = self.certain.get(link, False) or not each.uncertain
        for key, told in tellings.items():
            known = self.videos.get(key)
            self.videos[key] = merge(known, told) if known else told

    def delete(self, video_id: str) -> None:
        self.videos.pop(video_id, None)
        self.certain = {link: it for link, it in self.certain.items() if link[1] != video_id}

    def feed(self, watch: int | None) -> list[Video]:
        """What a watch, or any of them, wants and nobody hides; of all also what none has found."""
        found = {key for _, key in self.certain}
        wanted = {
            key
            for (of, key), certain in self.certain.items()
            if (watch is None or (certain and of == watch))
            and wants(self.filters[of], self.videos[key])
        }
        if watch is None:
            wanted |= set(self.videos) - found
        shown = [self.videos[key] for key in wanted - self.hidden]
        return sorted(shown, key=lambda v: (v.published_at, v.video_id), reverse=True)


def wants(filters: Filters, video: Video) -> bool:
    """The rules in the plainest words; the words of these videos are ASCII."""
    texts = [video.title, video.description, video.tags or "", video.channel_title]
    said = ["".join(c if c.isalnum() else " " for c in text.lower()).split() for text in texts]
    rows = [f" {' '.join(words)} " for words in said]

    def says(phrase: str) -> bool:
        return any(f" {phrase.lower()} " in row for row in rows)

    begun = video.live in (LiveState.UPCOMING, LiveState.LIVE)
    seconds = None if begun else video.duration_seconds
    whole = video.detail is Detail.FULL
    states = {video.live}
    if video.live is LiveState.NONE and not whole:
        states.add(LiveState.COMPLETED)
    short = seconds is not None and seconds <= 180
    language = (video.language or "").lower()
    return not any(
        (
            any(says(word) for word in filters.exclude_words),
            whole and filters.include_words and not any(map(says, filters.include_words)),
            seconds is not None and seconds < (filters.min_duration_seconds or 0),
            seconds is not None and seconds > (filters.max_duration_seconds or 10**9),
            filters.live and video.live and not states & set(filters.live),
            filters.shorts is Shorts.ONLY and seconds is not None and not short,
            filters.shorts is Shorts.WITHOUT and short,
            filters.languages
            and language
            and not any(
                language == wanted.lower() or language.startswith(wanted.lower() + "-")
                for wanted in filters.languages
            ),
            filters.categories
            and video.category_id is not None
            and video.category_id not in filters.categories,
        )
    )


class Checked:
    """One database under test."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.store = Store(database)
        wipe(database)
        self.watches = [add_watch(self.store, term).watch_id for term in ("one", "two")]
        self.seen: dict[int | None, Seen] = {watch: self.look(watch) for watch in (None, 0, 1)}

    def apply(self, step: Step) -> None:
        if isinstance(step, Hide):
            with suppress(NotFoundError):
                self.store.write(lambda t: t.set_hidden(step.video_id, hidden=step.hidden, now=NOW))
        elif isinstance(step, Drop):
            settle(self.store, 2)
            watch_id, reach = self.watches[step.watch], timedelta(days=2)
            self.store.write(lambda t: t.drop_uncertain(watch_id, NOW - reach, NOW + reach, NOW))
        elif isinstance(step, Remove):
            self.store.write(lambda t: t.watches.remove(self.watches[step.watch]))
            settle(self.store, 2)
            self.watches[step.watch] = add_watch(self.store, ("one", "two")[step.watch]).watch_id
            self.seen[step.watch] = self.look(step.watch)
        elif isinstance(step, Wish):
            watch_id, options = self.watches[step.watch], {"filters": step.filters}
            self.store.write(lambda t: t.watches.change(watch_id, options))  # type: ignore[arg-type]  # options
        elif isinstance(step, Batch):
            self.store.write(lambda t: t.refilter(step.limit, NOW))
        elif isinstance(step, Delete):
            self.store.write(lambda t: t.delete([step.video_id], NOW))
        else:
            findings = [
                Finding(
                    each.video,
                    Source.SEARCH,
                    None if each.watch is None else self.watches[each.watch],
                    uncertain=each.uncertain,
                )
                for each in step
            ]
            self.store.write(lambda t: t.record(findings, NOW))

    def feed(self, watch: int | None) -> list[Video]:
        return [row.video for row in list_feed(self.store, self._of(watch))]

    def look(self, watch: int | None) -> Seen:
        """The version of a feed, and what readers see of it."""
        feed = self._of(watch)
        rows = list_feed(self.store, feed)
        items = [(replace(r.video, detail=Detail.FULL), r.watches, r.updated_at) for r in rows]
        return get_version(self.store, feed), list(items)

    def _of(self, watch: int | None) -> Feed:
        return ALL if watch is None else Feed(self.watches[watch])

    def check(self) -> None:
        """Counts are what feeds hold, and no feed changes without its version."""
        for watch, scope in ((None, ALL_VIDEOS), *enumerate(self.watches)):
            shown = self.feed(watch)
            assert get_total(self.store, self._of(watch)) == len(shown)
            assert self._hours(scope) == {v.published_at.replace(minute=0) for v in shown}
            before, now = self.seen[watch], self.look(watch)
            assert now[0] > before[0] or now[1] == before[1]
            assert now[0] <= get_version(self.store, ALL)
            self.seen[watch] = now
        assert get_total(self.store, Feed(channel_id=CHANNEL)) == len(self.feed(None))

    def _hours(self, scope: int) -> set[object]:
        hours = select(HourCountRow.hour_at).where(
            HourCountRow.scope == scope, HourCountRow.videos > 0
        )
        negative = select(func.count()).select_from(HourCountRow).where(HourCountRow.videos < 0)
        days = select(func.count()).select_from(DayCountRow).where(DayCountRow.videos < 0)
        with self.database.connection() as connection:
            assert connection.execute(negative).scalar_one() == 0
            assert connection.execute(days).scalar_one() == 0
            return set(connection.execute(hours).scalars())


def _run(databases: list[Database], steps: list[Step]) -> None:
    model, all_checked = Model(), [Checked(database) for database in databases]
    for step in steps:
        model.apply(step)
        for checked in all_checked:
            checked.apply(step)
            checked.check()
    for checked in all_checked:
        settle(checked.store, 2)
        checked.check()
        for watch in (None, 0, 1):
            assert checked.feed(watch) == model.feed(watch)


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # to shrink over three real databases takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_every_database_filters_as_the_model_does(
    databases: list[Database], steps: list[Step]
) -> None:
    _run(databases, steps)


@settings(max_examples=60, deadline=None, derandomize=True, phases=[Phase.generate])
@given(steps=STEPS)
def test_a_feed_is_what_its_watch_wants_whatever_came_first(
    databases: list[Database], steps: list[Step]
) -> None:
    _run(databases[:1], steps)
