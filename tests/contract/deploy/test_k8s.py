"""The manifests hold together, close every pod down, and run what compose runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from shutil import copytree
from typing import cast

import pytest

from app.settings import Settings
from deploy.compose.init import MODES
from tests.contract.deploy.kustomization import Built, Manifest, at, documents, name_of
from tests.contract.deploy.pods import Pods, compose_services, pods_of, seconds, selected

PROJECT = Path(__file__).resolve().parents[3]
SETTINGS = {name.upper() for name in Settings.model_fields}
METRICS_TOKEN = "METRICS_TOKEN"  # of /metrics, for the monitoring component
SECRETS = {name.upper() for name, field in Settings.model_fields.items() if not field.repr}
QUEUE = "CELERY_BROKER_URL"
REPLICAS = ("DATABASE_REPLICA_URL", "REDIS_READ_URL")
COMPOSE_ROLES = {"ticker": "beat"}
OURS = ["web", "worker", "ticker", "flower", "migrate"]


@pytest.fixture(scope="module")
def every(demo: Built, production: Built) -> dict[str, Pods]:
    return pods_of(demo) | pods_of(production)


# --- closed down ---------------------------------------------------------------------------------


def test_every_pod_is_without_root_rights_and_writable_places(every: dict[str, Pods]) -> None:
    for pods in every.values():
        context = cast("Manifest", pods.spec["securityContext"])
        assert context["runAsNonRoot"] is True
        assert context["runAsUser"] == (10001 if pods.is_ours else 999)
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pods.container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostPath"} & pods.spec.keys()


def test_no_pod_can_ask_the_kubernetes_api(built: Built, every: dict[str, Pods]) -> None:
    assert [it["automountServiceAccountToken"] for it in built.of_kind("ServiceAccount")] == [False]
    for pods in every.values():
        assert pods.spec["serviceAccountName"] == "newsreel"
        assert pods.spec["automountServiceAccountToken"] is False


def test_every_container_asks_for_resources_and_is_bounded(every: dict[str, Pods]) -> None:
    for pods in every.values():
        assert at(pods.container, "/resources/limits/memory")
        assert cast("Manifest", at(pods.container, "/resources/requests")).keys() == {
            "cpu",
            "memory",
        }


def test_the_namespace_refuses_pods_that_are_not_closed_down(built: Built) -> None:
    [namespace] = built.of_kind("Namespace")
    labels = cast("dict[str, str]", at(namespace, "/metadata/labels"))

    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


# --- settings and secrets ------------------------------------------------------------------------


def test_only_settings_that_exist_are_set(built: Built) -> None:
    named = set(built.settings())
    for pods in pods_of(built).values():
        if pods.is_ours:
            named |= {name.removesuffix("_FILE") for name in pods.variables}

    assert named <= SETTINGS


def test_no_secret_stands_in_the_environment(built: Built) -> None:
    assert not built.settings().keys() & SECRETS
    for pods in pods_of(built).values():
        if pods.is_ours:
            assert all(name.endswith("_FILE") for name in pods.variables)


def test_each_secret_that_is_read_is_mounted_and_no_other(every: dict[str, Pods]) -> None:
    for role in ("web", "worker", "ticker", "flower"):
        read = {name.removesuffix("_FILE") for name in every[role].variables}
        assert every[role].secret_keys["newsreel"] == read
        assert every[role].secret_keys.keys() <= {"newsreel", f"newsreel-{role}"}
        for name, path in every[role].variables.items():
            key = name.removesuffix("_FILE")
            dash = "-" if key in every[role].optional_keys else ""
            assert path == f"{dash}/run/newsreel/{key}", "a dash: the file may be missing"


def test_who_uses_the_queue_takes_it_from_a_server_of_its_own_if_there_is_one(
    every: dict[str, Pods],
) -> None:
    for role in ("web", "worker", "ticker", "flower"):
        assert every[role].variables[f"{QUEUE}_FILE"] == f"-/run/newsreel/{QUEUE}"
        assert QUEUE in every[role].optional_keys


def test_only_who_reads_feeds_is_told_of_replicas(every: dict[str, Pods]) -> None:
    for name in REPLICAS:
        told = {role for role, it in every.items() if f"{name}_FILE" in it.variables}
        assert told == {"web"}
    assert every["web"].optional_keys == {QUEUE, *REPLICAS}


def test_the_guide_tells_of_every_key_of_the_secret(every: dict[str, Pods]) -> None:
    guide = (PROJECT / "docs/kubernetes.md").read_text(encoding="utf-8")
    [told] = re.findall(r"^ +\| `newsreel` \| (.*) \|$", guide, flags=re.MULTILINE)
    mounted = set().union(*(it.secret_keys.get("newsreel", set()) for it in every.values()))
    [optional] = re.findall(r"may be left out: ([^;]*);", told)

    assert set(re.findall(r"`([A-Z_]+)`", told)) == mounted
    assert set(re.findall(r"`([A-Z_]+)`", optional)) == every["web"].optional_keys


def test_the_ticker_knows_the_queue_and_nothing_else(every: dict[str, Pods]) -> None:
    assert every["ticker"].secret_keys == {"newsreel": {"REDIS_URL", QUEUE}}


def test_only_the_migration_has_the_user_that_may_change_tables(every: dict[str, Pods]) -> None:
    users = {role for role, pods in every.items() if "newsreel-migrate" in pods.secret_keys}

    assert users == {"migrate"}
    assert every["migrate"].secret_keys.keys() == {"newsreel-migrate"}


# --- who finds whom ------------------------------------------------------------------------------


def test_a_selector_selects_the_pods_of_its_own_role_and_no_other(built: Built) -> None:
    pods = pods_of(built)
    for kind in ("Deployment", "PodDisruptionBudget"):
        for manifest in built.of_kind(kind):
            labels = cast("dict[str, str]", at(manifest, "/metadata/labels"))
            role = labels["app.kubernetes.io/component"]
            assert selected(at(manifest, "/spec/selector"), pods) == {role}


def test_a_service_leads_to_a_port_of_its_pods(built: Built) -> None:
    pods = pods_of(built)
    for service in built.of_kind("Service"):
        [role] = selected({"matchLabels": at(service, "/spec/selector")}, pods)
        ports = {it["name"] for it in cast("list[Manifest]", pods[role].container["ports"])}
        wanted = cast("list[Manifest]", at(service, "/spec/ports"))
        assert {it["targetPort"] for it in wanted} <= ports


def test_the_ingress_and_the_monitor_lead_to_the_web_service(production: Built) -> None:
    [service] = production.of_kind("Service")
    [ingress] = production.of_kind("Ingress")
    [monitor] = production.of_kind("ServiceMonitor")
    names = {it["name"] for it in cast("list[Manifest]", at(service, "/spec/ports"))}

    assert at(ingress, "/spec/rules/0/http/paths/0/backend/service") == {
        "name": name_of(service),
        "port": {"name": "http"},
    }
    assert at(monitor, "/spec/endpoints/0/port") in names
    labels = cast("dict[str, str]", at(service, "/metadata/labels"))
    wanted = cast("dict[str, str]", at(monitor, "/spec/selector/matchLabels"))
    assert wanted.items() <= labels.items()


def test_the_token_of_the_monitor_is_the_one_that_the_web_service_has(production: Built) -> None:
    [monitor] = production.of_kind("ServiceMonitor")

    assert at(monitor, "/spec/endpoints/0/authorization/credentials") == {
        "name": "newsreel",
        "key": METRICS_TOKEN,
    }
    assert METRICS_TOKEN in pods_of(production)["web"].secret_keys["newsreel"]


def test_the_cluster_s_rules_are_those_of_prometheus_and_know_their_job(production: Built) -> None:
    [rule] = production.of_kind("PrometheusRule")
    [given] = documents(PROJECT / "deploy/monitoring/alerts.yml")
    [monitor] = production.of_kind("ServiceMonitor")
    [service] = production.of_kind("Service")

    assert rule["spec"] == given, "docs/kubernetes.md has the command that puts them there"
    jobs = set(re.findall(r'job="([^"]*)"', str(given)))
    assert jobs == {name_of(service)}, "the job is the Service's name"
    assert "jobLabel" not in cast("Manifest", monitor["spec"])


def test_the_guide_s_command_makes_the_rules_anew(tmp_path: Path) -> None:
    guide = (PROJECT / "docs/kubernetes.md").read_text(encoding="utf-8")
    [command] = re.findall(r"^```sh\n(rules=.*?)^```", guide, flags=re.MULTILINE | re.DOTALL)
    folders = ("deploy/monitoring", "deploy/k8s/components/monitoring")
    for folder in folders:
        copytree(PROJECT / folder, tmp_path / folder)
    alerts, rules = (tmp_path / folder for folder in folders)
    made = (rules / "rules.yaml").read_text(encoding="utf-8")
    with (alerts / "alerts.yml").open("a", encoding="utf-8") as file:
        file.write("\n  - {name: another, rules: []}\n")

    subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True)

    expected = f"{made}\n    - {{name: another, rules: []}}\n"
    assert (rules / "rules.yaml").read_text(encoding="utf-8") == expected
    assert len(list(rules.iterdir())) == len(list((PROJECT / folders[1]).iterdir()))


def test_what_is_scaled_exists_and_has_no_number_of_its_own(production: Built) -> None:
    deployments = {name_of(it): it for it in production.of_kind("Deployment")}
    scalers = production.of_kind("HorizontalPodAutoscaler") + production.of_kind("ScaledObject")
    scaled = {at(scaler, "/spec/scaleTargetRef/name") for scaler in scalers}

    assert scaled == {"newsreel-web", "newsreel-worker"}
    for name in scaled:
        assert "replicas" not in cast("Manifest", deployments[str(name)]["spec"])


def test_workers_never_scale_to_none(production: Built) -> None:
    [scaler] = production.of_kind("ScaledObject")
    [trigger] = cast("list[Manifest]", at(scaler, "/spec/triggers"))
    [credentials] = production.of_kind("TriggerAuthentication")

    assert at(scaler, "/spec/minReplicaCount") == 1
    assert at(trigger, "/authenticationRef/name") == name_of(credentials)


def test_one_pod_of_each_role_may_be_taken_away_and_one_stays(production: Built) -> None:
    numbers = {
        name_of(it): cast("Manifest", it["spec"]).get("replicas", 2)
        for it in production.of_kind("Deployment")
    }
    for budget in production.of_kind("PodDisruptionBudget"):
        spec = cast("Manifest", budget["spec"])
        assert spec.get("minAvailable", spec.get("maxUnavailable")) == 1
        assert numbers[name_of(budget)] == 2


# --- the network ---------------------------------------------------------------------------------


def entering(built: Built) -> dict[str, list[Manifest]]:
    """Return, by role, the rules by which it may be reached."""
    return _rules(built, "ingress")


def leaving(built: Built) -> dict[str, set[int | str]]:
    """Return, by role, the ports that it may reach."""
    return {role: set(map(_port, _ports(rules))) for role, rules in _rules(built, "egress").items()}


def _rules(built: Built, direction: str) -> dict[str, list[Manifest]]:
    pods = pods_of(built)
    found: dict[str, list[Manifest]] = {role: [] for role in pods}
    for policy in built.of_kind("NetworkPolicy"):
        for role in selected(at(policy, "/spec/podSelector"), pods):
            found[role] += cast(
                "list[Manifest]", cast("Manifest", policy["spec"]).get(direction, [])
            )
    return found


def _ports(rules: list[Manifest]) -> list[Manifest]:
    return [port for rule in rules for port in cast("list[Manifest]", rule["ports"])]


def _port(port: Manifest) -> int | str:
    return cast("int | str", port["port"])


def test_what_no_policy_allows_is_denied(built: Built) -> None:
    [policy] = [it for it in built.of_kind("NetworkPolicy") if at(it, "/spec/podSelector") == {}]

    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_every_policy_says_which_direction_it_opens(built: Built) -> None:
    for policy in built.of_kind("NetworkPolicy"):
        spec = cast("Manifest", policy["spec"])
        types = cast("list[str]", spec["policyTypes"])
        opened = [it.capitalize() for it in ("ingress", "egress") if it in spec]
        assert opened == types or name_of(policy) == "nothing"


def test_only_the_web_service_is_reached_and_by_whom_the_operator_names(production: Built) -> None:
    rules = entering(production)

    assert {role for role, given in rules.items() if given} == {"web"}
    sources = [it for rule in rules["web"] for it in cast("list[Manifest]", rule["from"])]
    assert sources == [
        {"namespaceSelector": {"matchLabels": {"newsreel-ingress": "true"}}},
        {"namespaceSelector": {"matchLabels": {"newsreel-monitoring": "true"}}},
    ]
    assert set(map(_port, _ports(rules["web"]))) == {"http"}


def test_each_role_reaches_what_it_needs(production: Built) -> None:
    names, database, redis, internet = {53}, {3306, 5432}, {6379}, {443, 8443}

    assert leaving(production) == {
        "web": names | database | redis | internet,
        "worker": names | database | redis | internet,
        "ticker": names | redis,
        "flower": names | redis,
        "migrate": names | database,
    }


def test_the_internet_holds_neither_private_networks_nor_the_cloud_s_metadata(
    production: Built,
) -> None:
    blocks = [
        cast("Manifest", peer["ipBlock"])
        for rule in _rules(production, "egress")["worker"]
        for peer in cast("list[Manifest]", rule["to"])
        if "ipBlock" in peer
    ]
    wide = {str(it["cidr"]): cast("list[str]", it["except"]) for it in blocks if "except" in it}

    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(
        wide["0.0.0.0/0"]
    )
    assert {"fc00::/7", "fe80::/10"} <= set(wide["::/0"])
    assert all(not str(it["cidr"]).endswith("/0") for it in blocks if "except" not in it)


def test_in_the_demo_only_its_own_pods_reach_database_and_simulator(demo: Built) -> None:
    rules = entering(demo)

    assert {role for role, given in rules.items() if given} == {
        "web",
        "simulator",
        "mysql",
        "redis",
    }
    for role in ("simulator", "mysql", "redis"):
        [rule] = rules[role]
        [peer] = cast("list[Manifest]", rule["from"])
        assert peer.keys() == {"podSelector"}
    assert leaving(demo)["mysql"] == leaving(demo)["redis"] == {53}
    for role in ("web", "worker", "ticker", "migrate"):
        assert {"mysql", "redis"} <= leaving(demo)[role], "by name: no address of a pod is known"


# --- as compose does it --------------------------------------------------------------------------


@pytest.mark.parametrize("role", [*OURS, "simulator"])
def test_a_role_runs_the_command_that_it_runs_under_compose(
    every: dict[str, Pods], role: str
) -> None:
    service = compose_services()[COMPOSE_ROLES.get(role, role)]

    assert every[role].container["args"] == service["command"]
    assert "command" not in every[role].container


@pytest.mark.parametrize("role", [*OURS, "simulator", "mysql", "redis"])
def test_a_role_has_the_memory_that_it_has_under_compose(every: dict[str, Pods], role: str) -> None:
    service = compose_services()[COMPOSE_ROLES.get(role, role)]
    limit = str(at(every[role].container, "/resources/limits/memory"))

    assert limit.removesuffix("i").lower() == service["mem_limit"]


@pytest.mark.parametrize("role", ["web", "worker"])
def test_a_role_has_as_long_to_end_as_under_compose(every: dict[str, Pods], role: str) -> None:
    allowed = seconds(compose_services()[role]["stop_grace_period"])

    assert every[role].grace_seconds >= allowed + _waits_before_stopping(every[role])


def _waits_before_stopping(pods: Pods) -> int:
    if "lifecycle" not in pods.container:
        return 0
    command, wait = cast("list[str]", at(pods.container, "/lifecycle/preStop/exec/command"))
    assert command == "sleep"
    return int(wait)


def test_the_web_service_waits_until_proxies_have_learned_that_it_goes(
    every: dict[str, Pods],
) -> None:
    assert _waits_before_stopping(every["web"]) >= 5


def test_a_worker_is_never_cut_off_in_a_task(every: dict[str, Pods]) -> None:
    source = (PROJECT / "workers/celery_app.py").read_text(encoding="utf-8")
    [longest] = re.findall(r'"task_time_limit": ([0-9]+),', source)

    assert every["worker"].grace_seconds > int(longest)


def test_the_probes_that_run_a_command_run_that_of_compose(every: dict[str, Pods]) -> None:
    services = compose_services()
    for role, probes in (
        ("worker", ["livenessProbe", "readinessProbe"]),
        ("ticker", ["livenessProbe"]),
    ):
        told = at(services[COMPOSE_ROLES.get(role, role)], "/healthcheck/test")
        shell, line = cast("list[str]", told)
        assert shell == "CMD-SHELL"
        for probe in probes:
            command = at(every[role].container, f"/{probe}/exec/command")
            assert command == ["sh", "-c", line.replace("$$", "$")]


def test_the_probe_of_flower_is_that_of_compose(every: dict[str, Pods]) -> None:
    told = str(at(compose_services()["flower"], "/healthcheck/test/3"))
    [port] = cast("list[Manifest]", every["flower"].container["ports"])
    path = at(every["flower"].container, "/livenessProbe/httpGet/path")

    assert f"http://127.0.0.1:{port['containerPort']}{path}'" in told


def test_whether_a_pod_lives_asks_no_database_and_whether_it_is_ready_does(
    every: dict[str, Pods],
) -> None:
    container = every["web"].container

    assert at(container, "/startupProbe/httpGet/path") == "/health"
    assert at(container, "/livenessProbe/httpGet/path") == "/health"
    assert at(container, "/readinessProbe/httpGet/path") == "/ready"


def test_a_worker_outlives_redis_being_away_for_a_while(every: dict[str, Pods]) -> None:
    probe = cast("dict[str, int]", every["worker"].container["livenessProbe"])

    assert probe["periodSeconds"] * probe["failureThreshold"] >= 10 * 60


def test_the_demo_is_that_of_compose(demo: Built) -> None:
    given = dict(demo.settings())
    mode = MODES["demo"]
    del given["LOG_LEVEL"]

    assert given == {
        **{name: value for name, value in mode.settings.items() if name != "YOUTUBE_API_KEYS"},
        **mode.defaults,
    }
