"""Slips in YOUTUBE_API_KEYS stop the start, before a key stands where a project's name is shown."""

from pathlib import Path

import pytest

from app.domain.quota import parse_keys
from app.settings import LONGEST_PROJECT, SettingsError, load_settings

KEY = "AIza" + "Sy0123456789-_abcdefghijklmnopqrstu"
NO_FILE = Path("/dev/null")


@pytest.mark.parametrize(
    "value",
    [f"{KEY}:", f"main:{KEY},{KEY}:spare", f"{KEY}:main", "main:", f"{'p' * 101}:{KEY}", ":"],
)
def test_a_key_in_the_place_of_a_project_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"YOUTUBE_API_KEYS": value}, NO_FILE)
    assert str(refused.value).startswith("YOUTUBE_API_KEYS: ")
    assert KEY not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    ["", f"{KEY}", f"main:{KEY}", f" main : {KEY} , {KEY} ,", f"a:b:{KEY}", f"{'p' * 100}:{KEY}"],
)
def test_keys_with_and_without_projects_are_taken_as_they_are(value: str) -> None:
    settings = load_settings({"YOUTUBE_API_KEYS": value}, NO_FILE)
    assert settings.youtube_api_keys == value
    assert all(len(key.project) <= LONGEST_PROJECT for key in parse_keys(value))
