"""Kubernetes would take the manifests, and kustomize makes of them what the other tests look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema
import kubernetes_validate
import pytest

from tests.contract.deploy.conftest import K8S
from tests.contract.deploy.custom_resources import SPECS
from tests.contract.deploy.kustomization import Built, build, name_of

if TYPE_CHECKING:
    from tests.contract.deploy.kustomization import Manifest

# The oldest that has all we use without a feature gate, and the newest that is known here.
VERSIONS = ("1.29", kubernetes_validate.latest_version())
OVERLAYS = [K8S / "base", K8S / "overlays/demo", K8S / "overlays/production"]
COMPONENTS = sorted((K8S / "components").iterdir())


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_member_of_every_manifest(
    demo: Built, production: Built, version: str
) -> None:
    every = {**_by_name(demo.manifests), **_by_name(production.manifests)}
    for manifest in every.values():
        if (str(manifest["apiVersion"]), str(manifest["kind"])) in SPECS:
            continue
        kubernetes_validate.validate(manifest, version, strict=True)


def test_keda_and_the_prometheus_operator_know_every_member(production: Built) -> None:
    checked = set()
    for manifest in production.manifests:
        kind = str(manifest["apiVersion"]), str(manifest["kind"])
        if kind in SPECS:
            jsonschema.validate(manifest["spec"], SPECS[kind])
            assert manifest.keys() == {"apiVersion", "kind", "metadata", "spec"}
            checked.add(kind)
    assert checked == SPECS.keys()


def test_every_file_of_the_folder_is_used(demo: Built, production: Built) -> None:
    used = {path.relative_to(K8S) for path in demo.files | production.files}

    assert used == {path.relative_to(K8S) for path in K8S.rglob("*") if path.is_file()}


def test_no_object_is_there_twice(built: Built) -> None:
    named = [(manifest["kind"], name_of(manifest)) for manifest in built.manifests]

    assert len(set(named)) == len(named)


def test_no_secret_is_committed(built: Built) -> None:
    assert built.of_kind("Secret") == []


def test_the_components_are_off_until_they_are_wanted() -> None:
    kinds = {str(it["kind"]) for it in build(K8S / "overlays/production").manifests}

    assert not kinds & {kind for _, kind in SPECS}


def _by_name(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {(str(it["kind"]), name_of(it)): it for it in manifests}
