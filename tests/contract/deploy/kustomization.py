"""What `kubectl kustomize` makes of a folder, as far as ours go: no binary is needed to test them.

Known are resources, components, configMapGenerator (literals, envs, merge), JSON patches (add,
remove) and image names; anything else in a kustomization is an error, so that nothing is passed
over. `test_k8s.py` holds this against the real kustomize where one is installed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Manifest = dict[str, object]

_KNOWN = {"apiVersion", "kind", "namespace", "resources", "components", "configMapGenerator"}
_KNOWN |= {"patches", "images"}
_CLUSTER_WIDE = {"Namespace"}
_KUSTOMIZATION = "kustomization.yaml"


@dataclass
class Built:
    """The manifests of a folder, and every file that was read for them."""

    manifests: list[Manifest] = field(default_factory=list)
    files: set[Path] = field(default_factory=set)

    def of_kind(self, kind: str) -> list[Manifest]:
        """Return the manifests of a kind."""
        return [manifest for manifest in self.manifests if manifest["kind"] == kind]

    def settings(self) -> dict[str, str]:
        """Return the data of the one ConfigMap."""
        [config] = self.of_kind("ConfigMap")
        return cast("dict[str, str]", config["data"])


def build(folder: Path, *components: Path) -> Built:
    """Return what applying a folder would apply, with components switched on that it leaves out."""
    built = Built()
    _take_in(folder, built)
    for component in components:
        _take_in(component, built)
    return built


def documents(path: Path) -> list[Manifest]:
    """Return the documents of a file."""
    return [cast("Manifest", it) for it in YAML(typ="safe").load_all(path) if it is not None]


def at(manifest: object, path: str) -> object:
    """Return what stands at a JSON pointer."""
    for step in path.split("/")[1:]:
        manifest = manifest[int(step)] if isinstance(manifest, list) else _dict(manifest)[step]
    return manifest


def name_of(manifest: Manifest) -> str:
    """Return the name of an object."""
    return str(at(manifest, "/metadata/name"))


def _take_in(folder: Path, built: Built) -> None:
    [given] = documents(folder / _KUSTOMIZATION)
    built.files.add(folder / _KUSTOMIZATION)
    assert given.keys() <= _KNOWN, f"{folder}: {given.keys() - _KNOWN}"
    for name in _strings(given, "resources"):
        path = (folder / name).resolve()
        if path.is_dir():
            _take_in(path, built)
        else:
            built.files.add(path)
            built.manifests += documents(path)
    for generator in _dicts(given, "configMapGenerator"):
        _generate(folder, generator, built)
    for name in _strings(given, "components"):
        _take_in((folder / name).resolve(), built)
    for patch in _dicts(given, "patches"):
        _patch(built.manifests, patch)
    for image in _dicts(given, "images"):
        _rename(built.manifests, image)
    if namespace := given.get("namespace"):
        for manifest in built.manifests:
            if manifest["kind"] not in _CLUSTER_WIDE:
                _dict(manifest["metadata"])["namespace"] = namespace


def _generate(folder: Path, generator: Manifest, built: Built) -> None:
    lines = _strings(generator, "literals")
    for name in _strings(generator, "envs"):
        built.files.add(folder / name)
        lines += (folder / name).read_text(encoding="utf-8").splitlines()
    given = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    data: dict[str, object] = {name: value for name, value in given}  # noqa: C416 - pairs are lists
    if generator.get("behavior") == "merge":
        [config] = [it for it in built.of_kind("ConfigMap") if name_of(it) == generator["name"]]
        _dict(config["data"]).update(data)
        return
    options = _dict(generator.get("options", {}))
    metadata = {"name": generator["name"], **options}
    built.manifests.append(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
    )


def _patch(manifests: list[Manifest], patch: Manifest) -> None:
    target = _dict(patch["target"])
    [manifest] = [
        it for it in manifests if it["kind"] == target["kind"] and name_of(it) == target["name"]
    ]
    for operation in YAML(typ="safe").load(str(patch["patch"])):
        parent, _, last = operation["path"].rpartition("/")
        place = at(manifest, parent)
        if operation["op"] == "remove":
            del _dict(place)[last]
        else:
            assert (operation["op"], last) == ("add", "-"), operation
            cast("list[object]", place).append(operation["value"])


def _rename(manifests: list[Manifest], image: Manifest) -> None:
    for manifest in manifests:
        for container in containers(manifest):
            if container["image"] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"


def containers(manifest: Manifest) -> Iterator[Manifest]:
    """Yield the containers of what makes pods."""
    if manifest["kind"] in {"Deployment", "Job"}:
        yield from cast("list[Manifest]", at(manifest, "/spec/template/spec/containers"))


def _dict(value: object) -> Manifest:
    return cast("Manifest", value)


def _strings(given: Manifest, name: str) -> list[str]:
    return list(cast("list[str]", given.get(name, [])))


def _dicts(given: Manifest, name: str) -> list[Manifest]:
    return cast("list[Manifest]", given.get(name, []))
