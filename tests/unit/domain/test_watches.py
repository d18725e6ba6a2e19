from __future__ import annotations

import pytest

from app.domain.errors import InvalidValueError
from app.domain.watches import parse_keyword


@pytest.mark.parametrize("text", ["news", "a|b -c", "café", "🔥", "x" * 200, '"exact words"'])
def test_a_keyword_is_kept_as_it_is_without_white_space_around_it(text: str) -> None:
    assert parse_keyword(f" {text}\n") == text


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "a\0b", "a\nb", "a\x7fb", "a\ud83d"])
def test_a_keyword_that_cannot_be_searched_or_stored_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        parse_keyword(text)
