from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import NotFoundError, StoreUnavailableError, UpstreamError
from app.domain.filters import Filters, Shorts
from app.domain.videos import LiveState
from app.domain.watches import MAX_WATCHES, Watch, WatchKind, WatchOptions
from app.ingest.exchange.entries import Entry, reject
from app.ingest.exchange.importer import MAX_LOOKUPS, Importer, Verdict
from app.ingest.exchange.json_lists import read_json, write_json
from app.ingest.exchange.opml import read_opml, write_opml

if TYPE_CHECKING:
    from app.ingest.exchange.entries import Item
    from app.ingest.exchange.importer import Outcome
    from app.ingest.watching import Watching
    from tests.unit.ingest.rig import Rig

NOW = datetime(2026, 1, 2, tzinfo=UTC)
ONE, TWO = "UC0123456789012345678_-A", "UC0123456789012345678_-B"
NEW, KNOWN, REJECTED = Verdict
WATCH = Watch(
    watch_id=1,
    kind=WatchKind.KEYWORD,
    term="news",
    label="news",
    paused=False,
    created_at=NOW,
    next_due_at=NOW,
    read_until=NOW,
    feed_seq=0,
    last_success_at=None,
    last_error=None,
)


class Watched:
    """Watches in memory, for what would take a database too long."""

    def __init__(self, number: int = 0) -> None:
        self.watches = [
            replace(WATCH, watch_id=each, term=f"word {each}") for each in range(number)
        ]

    def list_all(self) -> list[Watch]:
        return list(self.watches)

    def check(self, options: WatchOptions) -> None:
        """Take any."""

    def add(self, kind: WatchKind, text: str, options: WatchOptions) -> tuple[Watch, bool]:
        new = replace(WATCH, watch_id=len(self.watches), kind=kind, term=text, label=text)
        self.watches.append(replace(new, **options))
        return self.watches[-1], True


@pytest.fixture
def watching(rig: Rig) -> Watching:
    return rig.services.watching


def nobody(handle: str) -> str:
    raise NotFoundError(f"nobody is called {handle}")


def keyword(term: str, *, paused: bool = False) -> Entry:
    return Entry("line 1", WatchKind.KEYWORD, term, {"paused": True} if paused else {})


def channel(term: str, label: str = "") -> Entry:
    return Entry("line 1", WatchKind.CHANNEL, term, {"label": label} if label else {})


def verdicts(importer: Importer, items: list[Item], *, dry_run: bool = False) -> list[Verdict]:
    return [outcome.verdict for outcome in importer.run(items, dry_run=dry_run)]


ITEMS: list[Item] = [
    keyword("news"),
    channel(ONE, "One"),
    channel(ONE, "One again"),
    keyword(ONE),
    keyword("paused", paused=True),
    reject("line 6", "?", "odd"),
    Entry("line 7", WatchKind.KEYWORD, "often", {"min_interval_seconds": 1}),
]


def test_each_entry_is_new_known_or_rejected_and_the_second_time_nothing_is_new(
    watching: Watching,
) -> None:
    importer = Importer(watching, nobody)
    assert verdicts(importer, ITEMS) == [NEW, NEW, KNOWN, NEW, NEW, REJECTED, REJECTED]
    before = watching.list_all()
    assert [(watch.kind, watch.term, watch.label, watch.paused) for watch in before] == [
        (WatchKind.KEYWORD, "news", "news", False),
        (WatchKind.CHANNEL, ONE, "One", False),
        (WatchKind.KEYWORD, ONE, ONE, False),
        (WatchKind.KEYWORD, "paused", "paused", True),
    ]
    assert verdicts(importer, ITEMS) == [KNOWN, KNOWN, KNOWN, KNOWN, KNOWN, REJECTED, REJECTED]
    assert watching.list_all() == before


def test_importing_does_not_change_what_is_watched_already(watching: Watching) -> None:
    watching.add(WatchKind.CHANNEL, ONE, {"label": "mine"})
    watching.add_keyword("paused")
    before = watching.list_all()
    verdicts(Importer(watching, nobody), [channel(ONE, "theirs"), keyword("paused", paused=True)])
    assert watching.list_all() == before


def test_a_dry_run_tells_the_same_and_adds_nothing(watching: Watching) -> None:
    importer = Importer(watching, nobody)
    told = list(importer.run(ITEMS, dry_run=True))
    assert watching.list_all() == []
    assert list(importer.run(ITEMS)) == told


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_goes_beyond_the_limit_is_told_and_the_known_stay_known(*, dry_run: bool) -> None:
    watched = Watched(MAX_WATCHES - 1)
    told = list(
        Importer(watched, nobody).run(
            [keyword("new"), keyword("too many"), keyword("word 3")], dry_run=dry_run
        )
    )
    assert [outcome.verdict for outcome in told] == [NEW, REJECTED, KNOWN]
    assert "1000 watches at most" in told[1].reason


def test_the_limit_holds_when_others_add_meanwhile(watching: Watching) -> None:
    class Late(Watched):
        def add(self, kind: WatchKind, text: str, options: WatchOptions) -> tuple[Watch, bool]:
            return watching.add(kind, text, options)

    watching.add_keyword("news")
    assert verdicts(Importer(Late(), nobody), [keyword("news"), keyword("x" * 201)]) == [
        KNOWN,
        REJECTED,
    ]


def test_a_handle_is_looked_up_and_watched_by_its_id() -> None:
    watched = Watched()
    importer = Importer(watched, {"@one": ONE}.__getitem__)
    [outcome] = importer.run([channel("@one", "One")])
    assert (outcome.verdict, outcome.term, watched.watches[0].term) == (NEW, ONE, ONE)
    assert verdicts(importer, [channel("@one")]) == [KNOWN]


def test_a_dry_run_asks_nobody_whose_a_handle_is() -> None:
    importer = Importer(Watched(), nobody)
    assert verdicts(importer, [channel("@one"), channel("@one")], dry_run=True) == [NEW, KNOWN]


@pytest.mark.parametrize("error", [NotFoundError("no such channel"), UpstreamError("502")])
def test_a_handle_that_cannot_be_looked_up_costs_one_entry(error: Exception) -> None:
    def fail(_handle: str) -> str:
        raise error

    importer = Importer(Watched(), fail)
    assert verdicts(importer, [channel("@one"), channel(TWO)]) == [REJECTED, NEW]


def test_an_import_spends_a_bounded_number_of_units_on_handles() -> None:
    asked = Counter[str]()

    def find(handle: str) -> str:
        asked[handle] += 1
        return ONE

    items: list[Item] = [channel(f"@name{number}") for number in range(MAX_LOOKUPS + 5)]
    told = verdicts(Importer(Watched(), find), items)
    assert asked.total() == MAX_LOOKUPS
    assert told[-5:] == [REJECTED] * 5


def test_what_was_told_before_the_database_failed_was_done() -> None:
    class Failing(Watched):
        def add(self, kind: WatchKind, text: str, options: WatchOptions) -> tuple[Watch, bool]:
            if len(self.watches) == 2:
                raise StoreUnavailableError("gone")
            return super().add(kind, text, options)

    watched = Failing()
    told: list[Outcome] = []
    with pytest.raises(StoreUnavailableError):
        told.extend(Importer(watched, nobody).run([keyword(word) for word in "abc"]))
    assert [watch.term for watch in watched.watches] == [outcome.term for outcome in told]


text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)
clean = text.map(str.strip).filter(bool)
channel_ids = st.from_regex(r"UC[A-Za-z0-9_-]{22}", fullmatch=True)
targets = st.tuples(st.just(WatchKind.KEYWORD), clean) | st.tuples(
    st.just(WatchKind.CHANNEL), channel_ids
)
filters = st.builds(
    Filters,
    include_words=st.lists(st.sampled_from(["boat", "日本", "🔥"]), unique=True).map(tuple),
    max_duration_seconds=st.none() | st.integers(0, 7 * 86_400),
    live=st.lists(st.sampled_from(LiveState), unique=True).map(tuple),
    shorts=st.sampled_from(Shorts),
)
options = st.builds(
    WatchOptions,
    label=clean,
    paused=st.booleans(),
    min_interval_seconds=st.none() | st.integers(10, 7 * 86_400),
    weight=st.floats(0.01, 100),
    region=st.sampled_from([None, "NZ"]),
    language=st.sampled_from([None, "en", "zh-Hant"]),
    filters=filters,
    follow=st.booleans(),
)
watches = st.lists(
    st.builds(
        lambda target, said: replace(WATCH, kind=target[0], term=target[1], **said),
        targets,
        options,
    ),
    max_size=8,
    unique_by=lambda watch: (watch.kind, watch.term),
)


def shown(watch: Watch) -> Watch:
    return replace(watch, watch_id=0)


@given(watches)
def test_watches_exported_as_json_are_imported_as_they_were(exported: list[Watch]) -> None:
    watched = Watched()
    told = verdicts(Importer(watched, nobody), list(read_json(write_json(exported).decode())))
    assert told == [NEW] * len(exported)
    assert [shown(watch) for watch in watched.watches] == [shown(watch) for watch in exported]
    assert write_json(watched.watches) == write_json(exported)


@given(watches)
def test_watches_exported_as_opml_are_imported_with_their_terms(exported: list[Watch]) -> None:
    watched = Watched()
    told = verdicts(Importer(watched, nobody), list(read_opml(write_opml(exported))))
    assert told == [NEW] * len(exported)
    assert [(watch.kind, watch.term) for watch in watched.watches] == [
        (watch.kind, watch.term) for watch in exported
    ]
    assert write_opml(watched.watches) == write_opml(exported)


def test_what_xml_cannot_hold_is_missing_from_a_label_and_not_from_a_keyword() -> None:
    odd = replace(WATCH, term="a\uffff", label="b\ufffe")
    [item] = read_opml(write_opml([odd]))
    assert item == Entry("line 2", WatchKind.KEYWORD, "a\uffff", {"label": "b"})
