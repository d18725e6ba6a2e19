"""The guide's backup of the compose stack saves what a new machine needs to go on with."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from stat import S_IMODE

import pytest
from dotenv import dotenv_values

from app.settings import Settings, load_settings
from deploy.compose import init
from tests.contract.deploy.pods import compose_services
from tests.contract.deploy.test_init import new_volumes

PROJECT = Path(__file__).resolve().parents[3]
GUIDE = PROJECT / "docs/full-stack.md"
NEEDS_INIT = {"init": {"condition": "service_completed_successfully"}}
OWN_KEY = "0123456789abcdef" * 4

DOCKER = """#!/bin/sh -e
[ "$1 $2 $3" = "compose exec -T" ]
service=$4; shift 4
case $service in
    web) for last; do :; done; exec grep "$2" "$VOLUMES/app/${last#/run/newsreel/}" ;;
    mysql) echo "$*" ;;
esac
"""
"""Runs in the volumes of the web service what the recipe runs there; the dump is its command."""


@pytest.fixture(scope="module")
def recipes() -> list[str]:
    """Return the scripts of the section: the backup, and the way back."""
    guide = GUIDE.read_text(encoding="utf-8")
    [section] = re.findall(r"^## Backup$(.*?)^## ", guide, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^```sh\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(
    "dotenv",
    [
        None,
        "YOUTUBE_API_KEYS=some-key",
        f'SECRET_KEY={OWN_KEY}\nADMIN_PASSWORD="some words # of theirs"\n',
        (PROJECT / ".env.sample").read_text(encoding="utf-8"),
    ],
    ids=["none", "no newline at its end", "secrets of the operator", "the sample"],
)
def test_a_new_machine_has_the_settings_of_the_old_one(
    recipes: list[str], tmp_path: Path, dotenv: str | None
) -> None:
    here = tmp_path / "clone"
    here.mkdir()
    if dotenv is not None:
        (here / ".env").write_text(dotenv)
    before = _settings_of(here / ".env", tmp_path / "old")

    _run(recipes[0], here, tmp_path / "old")

    after = _settings_of(here / "backup.env", tmp_path / "new")
    assert after.secret_key == before.secret_key
    assert after.admin_password == before.admin_password
    assert after.metrics_token == before.metrics_token
    assert after.youtube_api_keys == before.youtube_api_keys
    assert after.database_url != before.database_url, "passwords of servers are made anew"
    assert "mysqldump -uroot " in (here / "backup.sql").read_text()
    modes = {S_IMODE((here / name).stat().st_mode) for name in ("backup.env", "backup.sql")}
    assert modes == {0o600}


def test_the_way_back_fills_an_empty_database_before_anything_writes_to_it(
    recipes: list[str],
) -> None:
    commands = [line.partition(" #")[0].split() for line in recipes[1].splitlines()]

    assert commands[0] == ["cp", "backup.env", ".env"]
    assert commands[1][1:3] == ["compose", "up"]
    assert commands[1][-1] == "mysql"
    assert compose_services()["mysql"]["depends_on"] == NEEDS_INIT, "which makes the passwords"
    assert commands[2][-2:] == ["<", "backup.sql"]
    assert commands[3][1:] == ["compose", "up", "--build", "--detach", "--wait"]


def _settings_of(dotenv: Path, volumes: Path) -> Settings:
    environ = {name: value or "" for name, value in dotenv_values(dotenv).items()}
    init.initialise(init.MODES["real"], environ, new_volumes(volumes))
    return load_settings({}, volumes / "app" / "settings.env")


def _run(script: str, folder: Path, volumes: Path) -> None:
    programs = folder / "bin"
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "VOLUMES": str(volumes)}
    subprocess.run(["sh", "-euc", script], cwd=folder, env=environ, check=True)
