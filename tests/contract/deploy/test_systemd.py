"""The systemd units: systemd takes them, they are closed down, and they run what compose runs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from app.settings import Settings
from tests.contract.deploy.pods import compose_services
from tests.servers.programs import get_program

PROJECT = Path(__file__).resolve().parents[3]
FOLDER = PROJECT / "deploy/systemd"
COMMON = FOLDER / "newsreel-.service.d/common.conf"
OF_COMMANDS = FOLDER / "newsreel-command-.service.d/secrets.conf"
SERVICES = sorted(path.name for path in FOLDER.glob("*.service"))
FULL_STACK = ["newsreel-web.service", "newsreel-worker.service", "newsreel-beat.service"]
LONG_RUNNING = [*FULL_STACK, "newsreel-embedded.service"]
SETTINGS = {name.upper() for name in Settings.model_fields}
OF_THE_WEB = {
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ADMIN_PASSWORD"),
    *("YOUTUBE_API_KEYS", "ALERT_URLS", "METRICS_TOKEN"),
}

COMMAND = "newsreel-command-1.service"
"""A unit as the command `newsreel` makes them: all but what it runs comes from the drop-ins."""

Unit = dict[str, list[str]]


def read(path: Path) -> Unit:
    """Return what each name of a unit is set to, in order; no name is in two sections."""
    found = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            found[name].append(value)
    return dict(found)


def unit(name: str) -> Unit:
    """Return a service's unit with what all of ours have in common."""
    own, common = read(FOLDER / name), read(COMMON)
    return {key: own.get(key, []) + common.get(key, []) for key in own.keys() | common.keys()}


def one(name: str, key: str) -> str:
    [value] = unit(name)[key]
    return value


def seconds(name: str, key: str) -> int:
    return int(one(name, key))


@pytest.fixture(scope="module")
def unit_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the units, of a program that is installed here."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    for path in folder.glob("*.service"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("/opt/newsreel", str(PROJECT)), encoding="utf-8")
    (folder / COMMAND).write_text("[Service]\nExecStart=/usr/bin/env true\n", encoding="utf-8")
    return folder


def analyze(unit_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [get_program("systemd-analyze"), *arguments],
        env={"SYSTEMD_UNIT_PATH": f"{unit_path}:"},  # ours, then those of the system
        cwd=unit_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_systemd_understands_every_line(unit_path: Path) -> None:
    paths = [f"./{name}" for name in [*SERVICES, COMMAND, "newsreel.target"]]
    done = analyze(unit_path, "verify", "--man=no", "--recursive-errors=one", *paths)

    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_thinks_little_of_what_they_could_do(unit_path: Path) -> None:
    """The scale is 0 to 10, here times ten; what is left is the network and the root folder."""
    paths = [f"./{name}" for name in SERVICES]
    done = analyze(unit_path, "security", "--offline=yes", "--threshold=15", *paths)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("role", ["web", "worker", "beat", "migrate"])
def test_a_unit_runs_the_command_that_compose_runs(role: str) -> None:
    command = shlex.split(one(f"newsreel-{role}.service", "ExecStart"))
    program = command.index(next(word for word in command if word.startswith("/opt/newsreel/")))
    plain = [word.removeprefix("/opt/newsreel/") for word in command[program:]]

    assert [plain[0].removeprefix(".venv/bin/"), *plain[1:]] == compose_services()[role]["command"]


@pytest.mark.parametrize("role", ["web", "worker", "beat", "migrate"])
def test_a_unit_has_the_memory_that_a_container_of_compose_has(role: str) -> None:
    allowed = str(compose_services()[role]["mem_limit"])

    assert one(f"newsreel-{role}.service", "MemoryMax") == allowed.upper()


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_what_ends_begins_again_however_often(name: str) -> None:
    assert one(name, "Restart") == "always"
    assert seconds(name, "StartLimitIntervalSec") == 0
    assert seconds(name, "RestartSec") <= 5


@pytest.mark.parametrize("name", SERVICES)
def test_wrong_settings_are_told_once(name: str) -> None:
    assert seconds(name, "RestartPreventExitStatus") == 2


def test_a_stop_never_cuts_a_task_or_a_request_off() -> None:
    worker = (PROJECT / "workers/celery_app.py").read_text(encoding="utf-8")
    web = (PROJECT / "gunicorn.conf.py").read_text(encoding="utf-8")
    embedded = (PROJECT / "app/embedded/server.py").read_text(encoding="utf-8")
    limits = {
        "worker": (worker, r'"task_time_limit": ([0-9]+),'),
        "web": (web, r"^graceful_timeout = ([0-9]+)\b"),
        "embedded": (embedded, r'"graceful_timeout": ([0-9]+),'),
    }
    for role, (source, pattern) in limits.items():
        [longest] = re.findall(pattern, source, flags=re.MULTILINE)
        assert seconds(f"newsreel-{role}.service", "TimeoutStopSec") > int(longest)


@pytest.mark.parametrize("name", SERVICES)
def test_children_are_left_to_their_parent(name: str) -> None:
    assert one(name, "KillMode") == "mixed"
    assert one(name, "KillSignal") == "SIGTERM"


def secrets(given: Unit) -> dict[str, str]:
    """Return the file of root's that each setting of a unit comes from."""
    loaded = dict(it.split(":") for it in given["LoadCredential"])
    shown = dict(it.split("=") for it in given["Environment"] if "_FILE=" in it)
    assert set(shown.values()) == {f"%d/{name}" for name in loaded}
    return {
        name.removesuffix("_FILE"): loaded[path.removeprefix("%d/")] for name, path in shown.items()
    }


@pytest.mark.parametrize(
    ("role", "names"),
    {
        "beat": {"REDIS_URL"},
        "worker": {"REDIS_URL", "DATABASE_URL", "YOUTUBE_API_KEYS", "ALERT_URLS"},
        "web": OF_THE_WEB,
        "embedded": OF_THE_WEB,
    }.items(),
)
def test_a_unit_is_shown_the_secrets_that_it_reads(role: str, names: set[str]) -> None:
    known = secrets(unit(f"newsreel-{role}.service"))

    assert known == {name: f"/etc/newsreel/secrets/{name}" for name in names}
    assert names <= SETTINGS


def test_what_all_units_have_in_common_is_no_secret() -> None:
    assert "LoadCredential" not in read(COMMON)


def test_every_secret_that_is_loaded_is_made() -> None:
    made = (FOLDER / "newsreel.tmpfiles.conf").read_text(encoding="utf-8")
    paths = set(re.findall(r"^f (/etc/newsreel/secrets/\w+) 0600 root root -$", made, re.MULTILINE))

    assert paths == {path for name in SERVICES for path in secrets(unit(name)).values()}


def test_only_the_migration_is_shown_the_user_that_may_change_tables() -> None:
    owner = "/etc/newsreel/secrets/OWNER_DATABASE_URL"

    shown = [name for name in SERVICES if owner in secrets(unit(name)).values()]

    assert shown == ["newsreel-migrate.service"]
    assert secrets(unit("newsreel-migrate.service")) == {"DATABASE_URL": owner}


def test_a_replica_of_a_redis_that_it_is_not_told_of_does_not_stop_the_migration() -> None:
    left_out = one("newsreel-migrate.service", "UnsetEnvironment").split()

    assert left_out == ["REDIS_READ_URL", "REDIS_READ_URL_FILE"]


def test_the_full_stack_and_the_single_process_never_run_together() -> None:
    for name in FULL_STACK:
        assert one(name, "Conflicts") == "newsreel-embedded.service"
        assert one(name, "PartOf") == "newsreel.target"
    embedded = unit("newsreel-embedded.service")
    assert embedded["Conflicts"] == ["newsreel.target"]
    assert set(FULL_STACK) <= set(" ".join(embedded["After"]).split()), "the port must be free"
    assert read(FOLDER / "newsreel.target")["Wants"] == [" ".join(FULL_STACK)]


@pytest.mark.parametrize("name", FULL_STACK[:2])
def test_the_full_stack_never_falls_back_to_a_file(name: str) -> None:
    assert "/etc/newsreel/secrets/DATABASE_URL" in unit(name)["AssertFileNotEmpty"]


def test_commands_run_with_what_the_services_have() -> None:
    """A transient unit of this name gets the drop-ins of all that its name begins with."""
    script = (FOLDER / "newsreel.sh").read_text(encoding="utf-8")
    [name] = re.findall(r'--unit="([^"]+)"', script)

    for path in (COMMON, OF_COMMANDS):
        assert name.startswith(path.parent.name.removesuffix(".service.d"))
    of_the_web = secrets(unit("newsreel-web.service"))
    assert secrets(read(OF_COMMANDS)) == secrets(unit("newsreel-embedded.service")) == of_the_web
    assert "--property" not in script
    assert "--setenv" not in script


def test_everything_of_the_folder_is_installed() -> None:
    script = (FOLDER / "install.sh").read_text(encoding="utf-8")
    named = set(re.findall(r"\S*newsreel[\w.*/-]*\.(?:service|target|conf|sh)\b", script))
    installed = {path for pattern in named for path in FOLDER.glob(pattern.lstrip("/"))}

    every = {path for path in FOLDER.rglob("*") if path.is_file()}
    assert every - installed == {FOLDER / "install.sh"}
