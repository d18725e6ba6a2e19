"""The shape of the code, where neither ruff nor import-linter can see it."""

import ast
import subprocess
import sys
from collections.abc import Iterator

from tests.architecture.source_tree import PROJECT, SourceFile, source_files

COMMAND_LINE = "app/cli/"  # imports a command's code when the command runs
SETTINGS = "app/settings.py"
# These are what a process server imports to get a running application.
ENTRY_POINTS = ("app.__main__", "app.wsgi")
MOST_LINES = 400


def test_only_the_command_line_imports_inside_functions() -> None:
    hidden = [
        source.at(node)
        for source in source_files()
        if not source.path.startswith(COMMAND_LINE)
        for function in _functions(source.tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert hidden == []


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        source.at(node)
        for source in source_files("app", "workers")
        if source.path != SETTINGS
        for node in _environment_reads(source)
    ]
    assert readers == []


def test_no_file_is_too_long_to_hold_in_mind() -> None:
    long = [
        source.path
        for source in source_files()
        if source.path.partition("/")[0] != "migrations"
        if len(source.text.splitlines()) > MOST_LINES
    ]
    assert long == []


def test_importing_the_code_opens_no_socket_and_writes_no_file() -> None:
    modules = [
        name
        for source in source_files("app", "simulator")
        if (name := source.path.removesuffix(".py").replace("/", ".")) not in ENTRY_POINTS
        if not name.endswith("__main__")
    ]
    done = subprocess.run(
        [sys.executable, "-B", "-c", IMPORT_UNDER_WATCH, *modules],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


# Fails on the first import that reaches outside the process.
IMPORT_UNDER_WATCH = """
import importlib, os, sys
def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_ACCMODE
    if writes or event in ("socket.connect", "socket.bind", "subprocess.Popen", "sqlite3.connect"):
        raise SystemExit(f"{event} {arguments}")
sys.addaudithook(watch)
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def _functions(tree: ast.Module) -> Iterator[ast.AST]:
    return (
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def _of_request(node: ast.Attribute) -> bool:
    """A request's environ is WSGI's."""
    return isinstance(node.value, ast.Name) and node.value.id == "request"


def _environment_reads(source: SourceFile) -> Iterator[ast.expr | ast.stmt]:
    names = ("environ", "environb", "getenv")
    for node in ast.walk(source.tree):
        if (isinstance(node, ast.Attribute) and node.attr in names and not _of_request(node)) or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and any(alias.name in names for alias in node.names)
        ):
            yield node
