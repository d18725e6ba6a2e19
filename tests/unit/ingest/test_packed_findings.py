"""Whose a video is that a shared search found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.domain.intake import LinkReason
from app.domain.videos import CanonicalJson, Detail
from app.domain.watches import Watch, WatchKind
from app.ingest.packed_findings import findings_of
from tests.unit.ingest.rig import told

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOLD = replace(told("video000001"), title="Sea trial of a new boat", description="On a ...")
FULL = replace(
    TOLD,
    detail=Detail.FULL,
    description="On a windy day near the harbour.",
    tags=CanonicalJson('["sailing","regatta"]'),
)


def watch(watch_id: int, term: str, created_at: datetime = EPOCH) -> Watch:
    return Watch(
        watch_id=watch_id,
        kind=WatchKind.KEYWORD,
        term=term,
        label=term,
        paused=False,
        created_at=created_at,
        next_due_at=EPOCH,
        read_until=EPOCH,
        feed_seq=0,
        last_success_at=None,
        last_error=None,
    )


def links(*watches: Watch) -> dict[int | None, tuple[LinkReason, bool]]:
    found = findings_of(TOLD, FULL, watches)
    return {finding.watch_id: (finding.reason, finding.uncertain) for finding in found}


def test_a_video_belongs_to_each_watch_whose_term_its_full_text_holds_and_says_where() -> None:
    watches = (
        watch(1, "boat"),
        watch(2, "harbour"),
        watch(3, "regatta"),
        watch(4, "radio"),
        watch(5, "mountains"),
    )
    assert links(*watches) == {
        1: (LinkReason.IN_TITLE, False),
        2: (LinkReason.IN_DESCRIPTION, False),
        3: (LinkReason.IN_TAGS, False),
        4: (LinkReason.IN_CHANNEL, False),
    }


def test_a_video_that_holds_no_term_is_linked_to_all_and_uncertain() -> None:
    assert links(watch(1, "mountains"), watch(2, "deserts")) == {
        1: (LinkReason.UNMATCHED, True),
        2: (LinkReason.UNMATCHED, True),
    }


def test_a_watch_gets_nothing_from_before_it_began() -> None:
    later = TOLD.published_at + timedelta(seconds=1)
    assert links(watch(1, "boat"), watch(2, "boat", later)).keys() == {1}
    assert links(watch(2, "boat", later)) == {None: (LinkReason.OWN_SEARCH, False)}


def test_what_a_search_for_one_term_shows_is_certain_whatever_its_text_says() -> None:
    (finding,) = findings_of(TOLD, FULL, (watch(1, "mountains"),), alone=True)
    assert (finding.watch_id, finding.reason, finding.uncertain) == (
        1,
        LinkReason.OWN_SEARCH,
        False,
    )
    later = TOLD.published_at + timedelta(seconds=1)
    (before,) = findings_of(TOLD, FULL, (watch(1, "mountains", later),), alone=True)
    assert before.watch_id is None


def test_what_is_stored_is_the_telling_of_the_search() -> None:
    """The full telling is stored by itself; a snippet never replaces it."""
    (finding,) = findings_of(TOLD, FULL, (watch(1, "boat"),))
    assert finding.video == TOLD
