from pathlib import Path

import pytest

from app.store import schema
from app.store.database import Database
from app.store.revisions import MIGRATIONS, revision_of


def test_an_install_path_may_hold_a_percent_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "100%(here)s" / "migrations"
    link.parent.mkdir()
    link.symlink_to(MIGRATIONS)
    monkeypatch.setattr(schema, "MIGRATIONS", link)
    database = Database(f"sqlite:///{tmp_path}/new.db")
    schema.migrate(database, "0001")
    with database.snapshot() as connection:
        assert revision_of(connection) == "0001"
    database.dispose()
