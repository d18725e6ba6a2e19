import pytest

from app.domain.errors import InvalidValueError, NotFoundError
from app.domain.watches import MAX_WATCHES, WatchKind
from tests.unit.ingest.rig import Rig


def test_terms_that_differ_in_any_byte_are_watches_of_their_own(rig: Rig) -> None:
    terms = ["cafe", "Cafe", "café", "cafe\u0301", "😀", "🔥", "a b", "a  b"]
    assert len({rig.watch(term).watch_id for term in terms}) == len(terms)


def test_adding_a_known_keyword_gives_the_watch_there_is(rig: Rig) -> None:
    watch, is_new = rig.services.watching.add_keyword("music")
    again, is_new_again = rig.services.watching.add_keyword("  music\t")
    assert (is_new, is_new_again) == (True, False)
    assert again == watch


def test_a_watch_is_found_by_its_keyword_or_its_id_unless_two_are(rig: Rig) -> None:
    rig.watch("music")
    rig.watch("1")
    rig.watch("3")
    with pytest.raises(InvalidValueError, match=r"'music'.* 2: "):
        rig.services.watching.find("1")
    assert rig.services.watching.find("2").term == "1"
    assert rig.services.watching.find("3").term == "3"
    assert rig.services.watching.find(" music ").watch_id == 1


@pytest.mark.parametrize("name", ["0", "77", "no such term", "9" * 19, "9" * 200, "²", "-1"])
def test_what_is_not_watched_is_not_found(rig: Rig, name: str) -> None:
    with pytest.raises(NotFoundError, match="there is no watch"):
        rig.services.watching.find(name)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\udcff", "x" * 201, "a\0b"])
def test_what_no_keyword_can_be_is_refused(rig: Rig, name: str) -> None:
    with pytest.raises(InvalidValueError):
        rig.services.watching.find(name)
    with pytest.raises(InvalidValueError):
        rig.services.watching.add_keyword(name)


def test_the_number_of_watches_is_bounded(rig: Rig) -> None:
    for number in range(MAX_WATCHES):
        rig.watch(f"word {number}")
    with pytest.raises(InvalidValueError, match="1000"):
        rig.watch("one more")
    assert len(rig.services.watching.list_all()) == MAX_WATCHES


def test_changing_a_watch_that_is_gone_is_told(rig: Rig) -> None:
    with pytest.raises(NotFoundError):
        rig.services.watching.set_paused(7, paused=True)
    with pytest.raises(NotFoundError):
        rig.services.watching.remove(7)


def test_a_channel_is_watched_by_its_id_under_its_label(rig: Rig) -> None:
    watching = rig.services.watching
    channel_id = "UC0123456789012345678_-A"
    watch, is_new = watching.add_channel(channel_id, "A channel")
    assert (is_new, watch.kind, watch.term, watch.label) == (
        True,
        WatchKind.CHANNEL,
        channel_id,
        "A channel",
    )
    assert watching.add_channel(channel_id, "Another name") == (watch, False)
    assert watching.add_channel("UC0123456789012345678_-B")[0].label == "UC0123456789012345678_-B"
    with pytest.raises(InvalidValueError, match="by its id"):
        watching.add_channel("dQw4w9WgXcQ")
