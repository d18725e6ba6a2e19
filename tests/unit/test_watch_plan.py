"""`python -m app watch plan`, read as a person reads it."""

from collections.abc import Callable

import pytest

from app.cli import MISUSED, OK, main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a `watch` command in an empty folder, with one key unless another is given."""

    def command(*arguments: str, keys: str = "some-key") -> tuple[int, str, str]:
        environment.setenv("YOUTUBE_API_KEYS", keys)
        code = main(["watch", *arguments])
        return code, *capsys.readouterr()

    return command


def test_a_plan_tells_cost_delay_and_what_slows_down_and_changes_nothing(run: Run) -> None:
    run("add", "news")
    before = run("list")
    code, out, _ = run("plan", " sailing ", "--videos-per-day", "1")
    assert code == OK
    assert out.splitlines() == [
        "sailing  (not watched yet)",
        "  reckoned with  1 videos a day",
        "  search calls   45.0 a day",
        "  polled every   32 min",
        "  mean delay     16 min after search shows a video",
        "  slows down",
        "    1  news  every 16 min -> 32 min",
    ]
    assert run("list") == before


def test_the_first_watch_slows_nothing_down(run: Run) -> None:
    _, out, _ = run("plan", "sailing")
    assert "reckoned with  50 videos a day" in out
    assert out.endswith("slows nothing down\n")


def test_a_watched_keyword_is_told_as_it_is(run: Run) -> None:
    run("add", "news")
    code, out, _ = run("plan", "news")
    assert code == OK
    assert out.startswith("news  (watched already)\n")
    assert "slows" not in out


def test_without_a_key_there_is_nothing_to_plan_with(run: Run) -> None:
    code, out, _ = run("plan", "sailing", keys="")
    assert code == OK
    assert "no search calls to plan with" in out


@pytest.mark.parametrize("rate", ["0", "-5", "nan", "inf", "2000000"])
def test_a_rate_that_cannot_be_is_misuse(run: Run, rate: str) -> None:
    code, out, err = run("plan", "sailing", "--videos-per-day", rate)
    assert (code, out) == (MISUSED, "")
    assert err.startswith("newsreel: videos per day: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["a\nb"], [""], ["x" * 201]])
def test_a_term_that_cannot_be_watched_is_misuse(run: Run, arguments: list[str]) -> None:
    code, _, err = run("plan", *arguments)
    assert code == MISUSED
    assert "keyword" in err


def test_a_rate_that_is_no_number_is_wrong_usage(run: Run) -> None:
    with pytest.raises(SystemExit) as ended:
        run("plan", "sailing", "--videos-per-day", "many")
    assert ended.value.code == MISUSED
