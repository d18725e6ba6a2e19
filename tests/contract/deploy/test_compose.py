import re
from pathlib import Path
from typing import TypedDict, cast

import pytest
from ruamel.yaml import YAML


class Logging(TypedDict):
    driver: str
    options: dict[str, str]


class Network(TypedDict, total=False):
    internal: bool
    driver_opts: dict[str, str]


class Service(TypedDict, total=False):
    image: str
    read_only: bool
    cap_drop: list[str]
    security_opt: list[str]
    mem_limit: str
    pids_limit: int
    cpus: float
    cpu_quota: int
    tmpfs: list[str]
    networks: list[str]
    logging: Logging
    env_file: list[object]
    command: list[str]
    group_add: list[str]
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
    networks: dict[str, Network | None]
    volumes: dict[str, None]


PROJECT = Path(__file__).resolve().parents[3]
COMPOSE = PROJECT / "docker-compose.yml"
FILE = cast("Compose", YAML(typ="safe").load(COMPOSE))
SERVICES = FILE["services"]
NETWORKS = FILE["networks"]
ONE_SHOTS = {"init", "demo", "migrate"}
# What the queue of a container's output, and with it of a disk, can grow to.
LARGEST_LOG = {"max-size": "10m", "max-file": "3"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_closed_down_and_bounded(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["cpus"] or service["cpu_quota"], "and `cpus` of 2 would not start on one core"
    assert service["cpus"] <= 1
    assert service["logging"] == {"driver": "json-file", "options": LARGEST_LOG}
    assert service["stop_grace_period"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_container_writes_is_bounded_and_fits_its_memory(name: str) -> None:
    sizes = [re.search(r"size=(\d+)m", mounted) for mounted in SERVICES[name]["tmpfs"]]

    megabytes = [int(size[1]) for size in sizes if size]
    assert len(megabytes) == len(sizes)
    assert sum(megabytes) < _megabytes(SERVICES[name]["mem_limit"])


def test_pages_that_nginx_keeps_fit_where_it_keeps_them() -> None:
    configuration = (PROJECT / "deploy/nginx/nginx.conf").read_text(encoding="utf-8")
    [largest, free] = re.findall(r"(?:max_size|min_free)=(\d+)m", configuration)

    assert f"/var/cache/nginx:size={2 * int(largest)}m" in SERVICES["nginx"]["tmpfs"]
    assert int(free) < int(largest)


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
    assert {name: given for name, given in ports.items() if given} == {
        "nginx": ["${PORT:-5001}:8080"],
        "mysql": ["127.0.0.1:${MYSQL_PORT:-3307}:3306"],
        "redis": ["127.0.0.1:${REDIS_PORT:-6379}:6379"],
        "flower": ["127.0.0.1:${FLOWER_PORT:-5555}:5555"],
        "prometheus": ["127.0.0.1:${PROMETHEUS_PORT:-9090}:9090"],
        "grafana": ["127.0.0.1:${GRAFANA_PORT:-3000}:3000"],
    }


def _members(network: str) -> set[str]:
    return {name for name, service in SERVICES.items() if network in service.get("networks", [])}


def test_who_meets_whom() -> None:
    assert {name: _members(name) for name in NETWORKS} == {
        "edge": {"nginx", "web"},
        "data": {"mysql", "web", "worker", "migrate"},
        "queue": {"redis", "web", "worker", "beat", "flower"},
        "monitoring": {"web", "prometheus", "grafana"},
        "outward": {"web", "worker", "simulator"},
        "published-servers": {"mysql", "redis", "prometheus"},
        "published-pages": {"nginx", "flower", "grafana"},
    }


def test_only_who_asks_youtube_has_a_way_out() -> None:
    ways_out = {
        name
        for name, network in NETWORKS.items()
        if not (network or {}).get("internal")
        and name not in ("published-servers", "published-pages")
    }

    assert ways_out == {"outward"}
    for name in ("published-servers", "published-pages"):
        options = (NETWORKS[name] or {})["driver_opts"]
        assert options["com.docker.network.bridge.enable_ip_masquerade"] == "false"
        assert options["com.docker.network.bridge.enable_icc"] == "false", "nor to each other"


def test_whoever_has_a_port_has_a_network_that_can_publish_it() -> None:
    for name, service in SERVICES.items():
        published = {it for it in service.get("networks", []) if it.startswith("published-")}
        assert bool(published) == bool(service.get("ports")), name


def test_a_name_leads_to_one_network() -> None:
    """Docker's name server would give the address on the one where neighbours are kept apart."""
    for pair in ({"flower", "redis"}, {"grafana", "prometheus"}, {"nginx", "web"}):
        assert len([name for name in NETWORKS if pair <= _members(name)]) == 1


def test_nobody_but_init_is_given_the_operator_s_file() -> None:
    assert {name for name, service in SERVICES.items() if "env_file" in service} == {"init", "demo"}


def test_each_service_mounts_the_secrets_of_its_role_only() -> None:
    mounted = {
        name: {volume.split(":")[0] for volume in service.get("volumes", []) if "secrets" in volume}
        for name, service in SERVICES.items()
        if name not in {"init", "demo"}
    }

    assert mounted.pop("web") == {"app-secrets"}
    assert (mounted.pop("nginx"), mounted.pop("simulator")) == (set(), set())
    assert mounted == {name: {f"{name}-secrets"} for name in mounted}


def test_init_fills_every_volume_of_secrets_and_the_image_has_their_folders() -> None:
    volumes = {name for name in FILE["volumes"] if name.endswith("-secrets")}
    dockerfile = (PROJECT / "Dockerfile").read_text(encoding="utf-8")

    for name in ("init", "demo"):
        given = dict(volume.split(":") for volume in SERVICES[name]["volumes"])
        assert given == {it: f"/secrets/{it.removesuffix('-secrets')}" for it in volumes}
        assert all(f" {folder} " in dockerfile.replace("\n", " ") for folder in given.values())
    initialised = {
        name for name, service in SERVICES.items() if "10001" in service.get("group_add", [])
    }
    assert initialised == {"mysql", "redis", "prometheus", "grafana"}, "theirs are other users"


def test_the_web_has_longer_to_stop_than_its_requests_and_the_worker_than_its_tasks() -> None:
    seconds = {
        name: int(service["stop_grace_period"].removesuffix("s"))
        for name, service in SERVICES.items()
    }

    assert seconds["web"] > 30
    assert seconds["worker"] > 40
    assert max(seconds.values()) <= 60


def test_what_monitoring_reads_is_mounted_by_the_paths_it_has_here() -> None:
    mounted = {
        volume.split(":")[0]
        for name in ("prometheus", "grafana")
        for volume in SERVICES[name]["volumes"]
        if volume.startswith("./")
    }

    assert mounted == {
        "./deploy/monitoring/prometheus.yml",
        "./deploy/monitoring/alerts.yml",
        "./deploy/monitoring/grafana/provisioning",
        "./deploy/monitoring/grafana/dashboards",
    }


def test_images_of_others_are_named_with_their_version() -> None:
    foreign = {service["image"] for service in SERVICES.values()} - {"newsreel"}

    assert all(re.search(r":v?\d+(\.\d+)*$", image) for image in foreign)


def test_nothing_of_a_profile_starts_without_it() -> None:
    profiles = {
        name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service
    }

    assert profiles == {
        "demo": ["demo"],
        "simulator": ["demo"],
        "prometheus": ["monitoring"],
        "grafana": ["monitoring"],
    }


def _megabytes(text: str) -> int:
    return int(text[:-1]) * {"m": 1, "g": 1024}[text[-1]]
