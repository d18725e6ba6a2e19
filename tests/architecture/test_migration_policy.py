"""Migrations expand the schema; what only shrinks it waits until no process needs it any more.

Old and new processes run side by side while an upgrade rolls, and a release can be taken back
without its schema (docs/adr/0029-expand-then-contract.md, docs/upgrading.md).
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from alembic.operations.base import AbstractOperations
from alembic.script import Script, ScriptDirectory

from app.store.database import Database
from app.store.schema import MIGRATIONS, migrate, tables_of
from tests.contract.store.any_rows import fill_every_table

SCRIPTS: list[Script] = list(reversed(list(ScriptDirectory(MIGRATIONS).walk_revisions())))

FIRST_UNDER_POLICY = "0021"
RELEASED = "0020"
"""The newest migration of the newest release. Move it with a release."""

CONTRACTS: dict[str, str] = {}
"""Migrations that take something away: which release stopped to use it, before the present one."""

_SHRINKS = re.compile(r"\bDROP\s+(TABLE|COLUMN)\b|\bRENAME\b|\bNOT\s+NULL\b", re.IGNORECASE)
Operation = ops.MigrateOperation


def breaks_older_code(operation: Operation, made: set[str]) -> str | None:
    """Say why code of the release before could fail after it; None if it could not.

    `made` are the tables that the same migration makes, which that code does not know.
    """
    if getattr(operation, "table_name", None) in made:
        return None
    match operation:
        case ops.DropTableOp() | ops.DropColumnOp() | ops.RenameTableOp():
            return "takes away what it uses"
        case ops.AddColumnOp(column=sa.Column(nullable=False, server_default=None)):
            return "it inserts rows without this column"
        case ops.AlterColumnOp():
            return _alters(operation)
        case (
            ops.CreateUniqueConstraintOp()
            | ops.CreateForeignKeyOp()
            | ops.CreateCheckConstraintOp()
        ):
            return "it may write rows that this refuses"
        case ops.CreateIndexOp(unique=True):
            return "it may write rows that this refuses"
        case ops.ExecuteSQLOp() if _SHRINKS.search(str(operation.sqltext)):
            return "takes away what it uses, or refuses what it writes"
    return None


def _alters(operation: ops.AlterColumnOp) -> str | None:
    if operation.modify_name is not None or operation.modify_type is not None:
        return "it knows the column otherwise"
    if operation.modify_nullable is False or operation.modify_server_default is None:
        return "it inserts rows without this column"
    return None


@pytest.fixture
def found(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What each migration does that older code could not bear, seen as it runs."""
    seen: list[Operation] = []
    invoke = AbstractOperations.invoke

    def record(self: AbstractOperations, operation: Operation) -> object:
        seen.append(operation)
        return invoke(self, operation)

    monkeypatch.setattr(AbstractOperations, "invoke", record)
    database = Database(sqlite_url)
    reasons: dict[str, list[str]] = defaultdict(list)
    for script in SCRIPTS:
        seen.clear()
        migrate(database, script.revision)
        made = {it.table_name for it in seen if isinstance(it, ops.CreateTableOp)}
        # SQLite's own tables of its index are no other database's.
        reasons[script.revision] += filter(None, (breaks_older_code(it, made) for it in seen))
    database.dispose()
    return reasons


def test_migrations_since_the_policy_only_expand(found: dict[str, list[str]]) -> None:
    ruled = [it.revision for it in SCRIPTS if it.revision >= FIRST_UNDER_POLICY]
    assert {it: found[it] for it in ruled if found[it] and it not in CONTRACTS} == {}
    assert [it for it in CONTRACTS if not found[it]] == [], "they take nothing away"
    # That it sees anything at all: before the policy some did so, in batches and by themselves.
    assert {"0002", "0009"} <= {revision for revision, reasons in found.items() if reasons}


def _column(**options: object) -> sa.Column[int]:
    return sa.Column("weight", sa.Integer(), **options)  # type: ignore[arg-type] # any option


@pytest.mark.parametrize(
    ("operation", "breaks"),
    [
        (ops.AddColumnOp("videos", _column()), False),
        (ops.AddColumnOp("videos", _column(nullable=False, server_default="1")), False),
        (ops.AddColumnOp("videos", _column(nullable=False)), True),
        (ops.AddColumnOp("fresh", _column(nullable=False)), False),
        (ops.CreateTableOp("fresh", []), False),
        (ops.CreateIndexOp("ix", "videos", ["seq"]), False),
        (ops.CreateIndexOp("ix", "videos", ["seq"], unique=True), True),
        (ops.DropIndexOp("ix", "videos"), False),
        (ops.DropTableOp("videos"), True),
        (ops.DropColumnOp("videos", "seq"), True),
        (ops.RenameTableOp("videos", "films"), True),
        (ops.AlterColumnOp("videos", "seq", modify_name="number"), True),
        (ops.AlterColumnOp("videos", "seq", modify_nullable=False), True),
        (ops.AlterColumnOp("videos", "seq", modify_nullable=True), False),
        (ops.AlterColumnOp("videos", "seq", modify_type=sa.Text()), True),
        (ops.AlterColumnOp("videos", "seq", modify_server_default=None), True),
        (ops.CreateUniqueConstraintOp("uq", "videos", ["seq"]), True),
        (ops.ExecuteSQLOp("UPDATE videos SET seq = 1"), False),
        (ops.ExecuteSQLOp("ALTER TABLE videos DROP COLUMN seq"), True),
    ],
)
def test_what_older_code_bears(operation: Operation, breaks: bool) -> None:  # noqa: FBT001 - a case
    assert (breaks_older_code(operation, {"fresh"}) is not None) is breaks


@pytest.fixture
def rolled(database_url: str) -> Iterator[tuple[Database, dict[str, list[str]]]]:
    """A database of this release, and the columns that code of the release before knows."""
    before = RELEASED if RELEASED != SCRIPTS[-1].revision else SCRIPTS[-2].revision
    database = Database(database_url)
    migrate(database, before)
    with database.connection() as connection:
        inspector = sa.inspect(connection)
        known = {
            name: [column["name"] for column in inspector.get_columns(name)]
            for name in tables_of(connection)
        }
    migrate(database)
    yield database, known
    database.dispose()


def test_rows_of_the_release_before_go_into_the_schema_of_this_one(
    rolled: tuple[Database, dict[str, list[str]]],
) -> None:
    database, known = rolled
    with database.connection() as connection:
        fill_every_table(connection, 3, known)
        for name, columns in known.items():
            if name.startswith("ft_"):
                continue
            listed = sa.select(*(sa.column(it) for it in columns)).select_from(sa.table(name))
            assert len(connection.execute(listed).all()) in (1, 3), name
