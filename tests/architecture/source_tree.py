"""The project's own code as syntax trees, for tests about the shape of the code."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PACKAGES = ("app", "workers", "simulator", "migrations")


@dataclass(frozen=True)
class SourceFile:
    """One parsed file; `path` is relative to the project."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    def at(self, node: ast.stmt | ast.expr) -> str:
        """Where the node stands, in the form editors open."""
        return f"{self.path}:{node.lineno}"


def source_files(*packages: str) -> Iterator[SourceFile]:
    """Every Python file of the packages, by default of all the product's."""
    for package in packages or PACKAGES:
        for path in sorted((PROJECT / package).rglob("*.py")):
            yield SourceFile(str(path.relative_to(PROJECT)), path.read_text(encoding="utf-8"))
