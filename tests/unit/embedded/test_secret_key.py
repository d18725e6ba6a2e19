from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.embedded.secret_key import with_secret_key
from app.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = "given-0123456789abcdefghijklmnopqrstuvw"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "secret_key"


@pytest.mark.usefixtures("links")
def test_the_first_start_makes_a_key_for_its_owner_alone_and_the_next_keeps_it(path: Path) -> None:
    first = with_secret_key(Settings(), path).secret_key
    assert path.stat().st_mode & 0o777 == 0o600
    assert with_secret_key(Settings(), path).secret_key == first
    assert load_settings({"SECRET_KEY": first}).secret_keys == (first.encode(),)
    assert [it.name for it in path.parent.iterdir()] == ["secret_key"]


def test_no_two_installations_share_a_key(path: Path) -> None:
    keys = {with_secret_key(Settings(), path.with_name(name)).secret_key for name in "abc"}
    assert len(keys) == 3


def test_a_key_of_the_operator_goes_first_and_none_is_made(path: Path) -> None:
    assert with_secret_key(Settings(secret_key=GIVEN), path).secret_key == GIVEN
    assert not path.exists()


@pytest.mark.parametrize("held", ["", "short", "\n"])
def test_a_file_that_was_damaged_is_told_and_not_replaced(path: Path, held: str) -> None:
    path.parent.mkdir()
    path.write_text(held)
    with pytest.raises(SettingsError, match=r"SECRET_KEY: .* holds no key"):
        with_secret_key(Settings(), path)
    assert path.read_text() == held
