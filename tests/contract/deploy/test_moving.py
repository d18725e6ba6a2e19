"""The guide's way from `make run` to the compose stack names what is there, and its copy copies."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from app.bootstrap import build_services
from app.settings import Settings, load_settings
from deploy.compose import init
from tests.contract.deploy.pods import compose_services
from tests.contract.deploy.test_init import new_volumes

if TYPE_CHECKING:
    from tests.contract.deploy.kustomization import Manifest

PROJECT = Path(__file__).resolve().parents[3]
GUIDE = PROJECT / "docs/upgrading.md"
TAKE_VALUES = {"--user", "--volume"}


@pytest.fixture(scope="module")
def commands() -> list[list[str]]:
    """Return the words of each command of `docker compose` in the recipe."""
    guide = GUIDE.read_text(encoding="utf-8")
    [recipe] = re.findall(
        r"^### From `make run`.*?^```sh\n(.*?)^```", guide, flags=re.MULTILINE | re.DOTALL
    )
    lines = shlex.split(recipe.replace("\ndocker ", "\n; docker "), comments=True)
    found: list[list[str]] = [[]]
    for word in lines:
        if word == ";":
            found.append([])
        found[-1].append(word)
    return [words[1:] for words in found[1:]]


def one(commands: list[list[str]], verb: str) -> list[str]:
    [found] = [words for words in commands if words[2] == verb]
    return found[3:]


def option(words: list[str], name: str) -> str:
    return words[words.index(name) + 1]


def arguments(words: list[str]) -> list[str]:
    """Return what is no option: a service and its command."""
    rest = iter(words)
    found: list[str] = []
    for word in rest:
        if word in TAKE_VALUES and not found:
            next(rest)
        elif not word.startswith("--") or found:
            found.append(word)
    return found


def test_only_the_database_runs_while_it_is_copied_into(commands: list[list[str]]) -> None:
    verbs = [words[2] for words in commands]
    ups = [arguments(words[3:]) for words in commands if words[2] == "up"]

    assert verbs == ["up", "run", "up", "exec"]
    assert ups == [["mysql"], []], "first the database, in the end everything"
    assert _needs("mysql") == {"init"}, "which makes the secrets, and ends"
    assert arguments(one(commands, "exec"))[0] in compose_services()


def test_the_copy_runs_where_it_may_change_tables_and_read_its_secrets(
    commands: list[list[str]],
) -> None:
    run = one(commands, "run")
    service = compose_services()[arguments(run)[0]]
    [image_user] = re.findall(
        r"^USER \d+:(\d+)$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE
    )
    _, _, group = option(run, "--user").partition(":")

    assert arguments(run)[0] == "migrate", "whose user may make tables"
    assert group == image_user, "for whom secrets are readable"
    assert "migrate-secrets:/run/newsreel:ro" in cast("list[str]", service["volumes"])
    mysql = cast("list[str]", compose_services()["mysql"]["networks"])
    assert set(cast("list[str]", service["networks"])) & set(mysql)
    assert any(it.startswith("/tmp:") for it in cast("list[str]", service["tmpfs"]))
    folder, inside, _ = option(run, "--volume").split(":")
    assert folder == "$PWD/var"
    assert f"sqlite:///{inside}/newsreel.db" in arguments(run)[-1]
    assert str(Settings().database_url) == "sqlite:///var/newsreel.db"


def test_the_copy_s_script_copies(commands: list[list[str]], tmp_path: Path) -> None:
    secrets, old, scratch = (tmp_path / name for name in ("migrate", "old", "tmp"))
    for folder in (secrets, old, scratch):
        folder.mkdir()
    new = f"sqlite:///{tmp_path}/new.db"
    (secrets / "settings.env").write_text(init.dotenv({"DATABASE_URL": new}))
    _service_with_a_watch(f"sqlite:///{old}/newsreel.db")
    shell, flags, script = arguments(one(commands, "run"))[1:]
    here = {"/run/newsreel": secrets, "/old": old, "/tmp": scratch}
    script = re.sub("|".join(here), lambda found: str(here[found[0]]), script)

    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {"PATH": path, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run(
        [shell, flags, script],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    services = build_services(Settings(database_url=new))
    assert [watch.term for watch in services.watching.list_all()] == ["news"]
    services.close()


@pytest.mark.parametrize("file", ["@/no/such/file", "@-/no/such/file", "@-such"])
def test_without_the_file_of_a_url_nothing_is_copied_anywhere(tmp_path: Path, file: str) -> None:
    source = f"sqlite:///{tmp_path}/old.db"
    _service_with_a_watch(source)
    command = [sys.executable, "-m", "app", "copy", "--from", source, "--to", file]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "--to: " in done.stderr
    assert not (tmp_path / "var").exists(), "where the usual database would be"


def test_the_script_finds_the_url_in_what_init_writes(
    commands: list[list[str]], tmp_path: Path
) -> None:
    new_volumes(tmp_path)
    init.initialise(init.MODES["real"], {}, tmp_path)
    settings = tmp_path / "migrate" / "settings.env"
    [line] = [it for it in arguments(one(commands, "run"))[-1].splitlines() if "sed " in it]
    command = line.replace("/run/newsreel/settings.env", str(settings)).partition(" > ")[0]

    told = subprocess.run(["sh", "-ec", command], capture_output=True, text=True, check=True).stdout

    assert told.strip() == load_settings({}, settings).database_url
    assert "newsreel_owner:" in told


def _needs(service: str) -> set[str]:
    return set(cast("Manifest", compose_services()[service]["depends_on"]))


def _service_with_a_watch(url: str) -> None:
    services = build_services(Settings(database_url=url))
    services.store.migrate()
    services.watching.add_keyword("news")
    services.close()
