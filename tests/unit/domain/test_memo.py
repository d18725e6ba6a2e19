from __future__ import annotations

from app.domain.memo import MAX_CHARACTERS, MAX_TEXTS, Memo


def test_a_text_is_worked_out_once() -> None:
    numbers = iter("12")
    memo = Memo(lambda text: f"{text}{next(numbers)}")
    assert [memo["word"], memo["word"]] == ["word1", "word1"]


def test_what_is_remembered_is_bounded_and_stays_right() -> None:
    memo = Memo(str.upper)
    for number in range(MAX_TEXTS + 10):
        assert memo[f"w{number}"] == f"W{number}"
    assert len(memo) <= MAX_TEXTS


def test_long_texts_are_not_remembered() -> None:
    memo = Memo(str.upper)
    text = "a" * (MAX_CHARACTERS + 1)
    assert memo[text] == text.upper()
    assert not memo
