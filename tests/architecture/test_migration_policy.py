"""Migrations expand the schema; what only shrinks it waits until no process needs it any more.

Old and new processes run side by side while an upgrade rolls, and a release can be taken back
without its schema (docs/adr/0029-expand-then-contract.md, docs/upgrading.md).
"""

import re

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from alembic.operations.base import AbstractOperations
from alembic.script import Script, ScriptDirectory

from app.store.database import Database
from app.store.revisions import MIGRATIONS, tables_of
from app.store.schema import MOST_OF_A_RELEASE, migrate
from tests.contract.store.any_rows import fill_every_table

SCRIPTS: list[Script] = list(reversed(list(ScriptDirectory(MIGRATIONS).walk_revisions())))

FIRST_UNDER_POLICY = "0021"
RELEASED = "0020"
"""The newest migration of the newest release. Move it with a release."""

CONTRACTS: dict[str, str] = {}
"""Migrations that take something away: which release stopped to use it, before the present one."""

_SHRINKS = re.compile(
    r"\bDROP\s+(TABLE|COLUMN)\b|\bRENAME\b|\bALTER\b.*\bNOT\s+NULL\b", re.IGNORECASE | re.DOTALL
)
Operation = ops.MigrateOperation


def breaks_older_code(operation: Operation, made: set[str]) -> str | None:
    """Say why code of the release before could fail after it; None if it could not.

    `made` are the tables that the same migration makes, which that code does not know.
    """
    why: str | None = None
    match operation:
        case ops.DropTableOp() | ops.DropColumnOp() | ops.RenameTableOp():
            why = "takes away what it uses"
        case ops.AddColumnOp(column=sa.Column(nullable=False, server_default=None)):
            why = "it inserts rows without this column"
        case ops.AlterColumnOp():
            why = _alters(operation)
        case (
            ops.CreateUniqueConstraintOp()
            | ops.CreateForeignKeyOp()
            | ops.CreateCheckConstraintOp()
            | ops.CreateIndexOp(unique=True)
        ):
            why = "it may write rows that this refuses"
        case ops.ExecuteSQLOp() if _SHRINKS.search(str(operation.sqltext)):
            why = "takes away what it uses, or refuses what it writes"
    return None if getattr(operation, "table_name", None) in made else why


def _alters(operation: ops.AlterColumnOp) -> str | None:
    if operation.modify_name is not None or operation.modify_type is not None:
        return "it knows the column otherwise"
    if operation.modify_nullable is False or operation.modify_server_default is None:
        return "it inserts rows without this column"
    return None


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Operation]:
    """The operations of migrations as they run, in batches and by themselves."""
    operations: list[Operation] = []
    invoke = AbstractOperations.invoke

    def record(self: AbstractOperations, operation: Operation) -> object:
        operations.append(operation)
        return invoke(self, operation)

    monkeypatch.setattr(AbstractOperations, "invoke", record)
    return operations


def test_processes_of_the_release_before_can_stay_while_an_upgrade_rolls(
    database_url: str, seen: list[Operation]
) -> None:
    database = Database(database_url)
    reasons: dict[str, list[str]] = {}
    known: dict[str, list[str]] = {}
    for script in SCRIPTS:
        if script.revision == SCRIPTS[-1].revision:
            known = known or _columns(database)  # of the last but one, if nothing came since
        seen.clear()
        migrate(database, script.revision)
        made = {it.table_name for it in seen if isinstance(it, ops.CreateTableOp)}
        reasons[script.revision] = [it for op in seen if (it := breaks_older_code(op, made))]
        if script.revision == RELEASED != SCRIPTS[-1].revision:
            known = _columns(database)

    _check_operations(reasons)
    with database.connection() as connection:
        fill_every_table(connection, 3, known)
        for name, columns in known.items():
            listed = sa.select(sa.table(name, *map(sa.column, columns)))
            assert len(connection.execute(listed).all()) in (1, 3), name
    database.dispose()


def _check_operations(reasons: dict[str, list[str]]) -> None:
    ruled = {it: why for it, why in reasons.items() if it >= FIRST_UNDER_POLICY}
    assert {it: why for it, why in ruled.items() if why and it not in CONTRACTS} == {}
    assert [it for it in CONTRACTS if not reasons[it]] == [], "they take nothing away"
    assert reasons["0002"], "nothing is seen any more: this one came before the policy"


def test_a_release_adds_no_more_migrations_than_the_one_before_bears() -> None:
    assert int(SCRIPTS[-1].revision) - int(RELEASED) <= MOST_OF_A_RELEASE


def _columns(database: Database) -> dict[str, list[str]]:
    with database.connection() as connection:
        inspector = sa.inspect(connection)
        return {
            name: [column["name"] for column in inspector.get_columns(name)]
            for name in tables_of(connection)
            if not name.startswith("ft_")  # SQLite's index of texts
        }


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
