"""The pods of the manifests and of the compose file, as tests ask for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

from ruamel.yaml import YAML

from tests.contract.deploy.kustomization import Built, Manifest, at

COMPOSE = Path(__file__).resolve().parents[3] / "docker-compose.yml"
_SECONDS = re.compile(r"([0-9]+)s")


@dataclass(frozen=True)
class Pods:
    """The pods of a Deployment or a Job, of one container each."""

    role: str
    labels: dict[str, str]
    spec: Manifest
    container: Manifest

    @property
    def is_ours(self) -> bool:
        """Whether they run our image."""
        return "newsreel" in str(self.container["image"])

    @property
    def grace_seconds(self) -> int:
        """How long they have to end; Kubernetes gives 30 s if nothing is said."""
        return cast("int", self.spec.get("terminationGracePeriodSeconds", 30))

    @property
    def variables(self) -> dict[str, str]:
        """The environment that stands in the manifest."""
        given = cast("list[dict[str, str]]", self.container.get("env", []))
        return {it["name"]: it["value"] for it in given}

    @property
    def secret_keys(self) -> dict[str, set[str]]:
        """The keys that are mounted, by Secret; none of a Secret means all."""
        found: dict[str, set[str]] = {}
        for secret in self._secrets():
            name = str(secret.get("secretName", secret.get("name")))
            found.setdefault(name, set()).update(_keys(secret))
        return found

    @property
    def optional_keys(self) -> set[str]:
        """The keys without which they start, too."""
        return {key for it in self._secrets() if it.get("optional") for key in _keys(it)}

    def _secrets(self) -> list[Manifest]:
        found = []
        for volume in cast("list[Manifest]", self.spec.get("volumes", [])):
            projected = cast("Manifest", volume.get("projected", {"sources": [volume]}))
            sources = cast("list[Manifest]", projected["sources"])
            found += [cast("Manifest", it["secret"]) for it in sources if "secret" in it]
        return found


def _keys(secret: Manifest) -> list[str]:
    return [str(item["key"]) for item in cast("list[Manifest]", secret.get("items", []))]


def pods_of(built: Built) -> dict[str, Pods]:
    """Return them by role."""
    found = {}
    for manifest in built.of_kind("Deployment") + built.of_kind("Job"):
        labels = cast("dict[str, str]", at(manifest, "/spec/template/metadata/labels"))
        spec = cast("Manifest", at(manifest, "/spec/template/spec"))
        [container] = cast("list[Manifest]", spec["containers"])
        role = labels["app.kubernetes.io/component"]
        found[role] = Pods(role, labels, spec, container)
    return found


def selected(selector: object, pods: dict[str, Pods]) -> set[str]:
    """Return the roles that a label selector selects."""
    given = cast("dict[str, object]", selector)
    assert given.keys() <= {"matchLabels", "matchExpressions"}
    equal = cast("dict[str, str]", given.get("matchLabels", {}))
    among = cast("list[dict[str, object]]", given.get("matchExpressions", []))
    assert all(it["operator"] == "In" for it in among)
    return {
        role
        for role, it in pods.items()
        if equal.items() <= it.labels.items()
        and all(it.labels.get(str(one["key"])) in cast("list[str]", one["values"]) for one in among)
    }


@cache
def compose_services() -> dict[str, Manifest]:
    """Return the services of the compose file."""
    given = YAML(typ="safe").load(COMPOSE)
    return cast("dict[str, Manifest]", given["services"])


def seconds(text: object) -> int:
    """Return a duration of the compose file."""
    found = _SECONDS.fullmatch(str(text))
    assert found, text
    return int(found[1])
