import re
from pathlib import Path
from typing import TypedDict, cast

import pytest
from ruamel.yaml import YAML


class Service(TypedDict, total=False):
    image: str
    read_only: bool
    cap_drop: list[str]
    security_opt: list[str]
    mem_limit: str
    pids_limit: int
    restart: str
    healthcheck: dict[str, object]
    ports: list[str]
    volumes: list[str]
    profiles: list[str]
    user: str
    privileged: bool
    network_mode: str
    environment: dict[str, str]
    stop_grace_period: str


class Compose(TypedDict):
    services: dict[str, Service]


PROJECT = Path(__file__).resolve().parents[3]
COMPOSE = PROJECT / "docker-compose.yml"
SERVICES = cast("Compose", YAML(typ="safe").load(COMPOSE))["services"]
ONE_SHOTS = {"init", "demo", "migrate"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_closed_down_and_bounded(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_runs_as_root_or_reaches_the_host(name: str) -> None:
    service = SERVICES[name]

    assert service.get("user", "root" if service["image"] != "newsreel" else "10001") != "root"
    assert "privileged" not in service
    assert service.get("network_mode", "none") == "none"
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


def test_the_image_ends_as_a_user_without_rights() -> None:
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]


def test_what_serves_the_web_cannot_change_tables() -> None:
    script = (PROJECT / "deploy/compose/mysql.sh").read_text(encoding="utf-8")
    grants = re.findall(r"^GRANT (.+) ON \w+\.\* TO newsreel;$", script, flags=re.MULTILINE)

    assert set(grants) == {"SELECT, INSERT, UPDATE, DELETE"}


def test_no_secret_stands_in_the_environment_of_a_container() -> None:
    given = {
        name
        for service in SERVICES.values()
        for name in service.get("environment", {})
        if any(word in name for word in ("PASSWORD", "SECRET", "KEY", "TOKEN"))
    }

    assert all(name.endswith("_FILE") for name in given)


@pytest.mark.parametrize("path", [".gitignore", ".dockerignore"])
def test_the_operator_s_settings_stay_out_of_git_and_images(path: str) -> None:
    rules = (PROJECT / path).read_text(encoding="utf-8").splitlines()

    assert ".env" in rules or ("*" in rules and not any(rule.startswith("!.env") for rule in rules))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOTS - {"web"}))
def test_every_long_running_service_is_watched_and_comes_back(name: str) -> None:
    service = SERVICES[name]

    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"


def test_only_nginx_can_be_reached_from_another_machine() -> None:
    ports = {name: service.get("ports", []) for name, service in SERVICES.items()}
    open_ports = {
        name for name, given in ports.items() for port in given if "127.0.0.1" not in port
    }

    assert open_ports == {"nginx"}


def test_each_service_mounts_the_secrets_of_its_role_only() -> None:
    mounted = {
        name: {volume.split(":")[0] for volume in service.get("volumes", []) if "secrets" in volume}
        for name, service in SERVICES.items()
        if name not in {"init", "demo"}
    }

    for name in ("web", "worker", "beat", "flower"):
        assert mounted.pop(name) == {"app-secrets"}
    assert mounted == {
        "migrate": {"migrate-secrets"},
        "mysql": {"mysql-secrets"},
        "redis": {"redis-secrets"},
        "simulator": set(),
        "nginx": set(),
    }


def test_nothing_of_the_demo_starts_without_its_profile() -> None:
    with_profile = {name for name, service in SERVICES.items() if service.get("profiles")}

    assert with_profile == {"demo", "simulator"}
