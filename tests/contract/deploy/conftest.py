"""The Kubernetes manifests, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.deploy.kustomization import Built, build

K8S = Path(__file__).resolve().parents[3] / "deploy/k8s"


@pytest.fixture(scope="session")
def demo() -> Built:
    """What the overlay for a look applies."""
    return build(K8S / "overlays/demo")


@pytest.fixture(scope="session")
def production() -> Built:
    """What the other overlay applies with every component switched on."""
    return build(K8S / "overlays/production", *sorted((K8S / "components").iterdir()))


@pytest.fixture(scope="session", params=["demo", "production"])
def built(request: pytest.FixtureRequest) -> Built:
    """Each of them in turn."""
    manifests: Built = request.getfixturevalue(request.param)
    return manifests
