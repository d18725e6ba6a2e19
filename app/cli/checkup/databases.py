"""The database and its replica: whether they answer, are new enough, and mean what we mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.checkup.findings import error, warning, well
from app.domain.errors import StoreUnavailableError
from app.store.database import Database
from app.store.drafts import DraftError
from app.store.inspecting import inspect_database
from app.store.revisions import newest_revision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.cli.checkup.findings import Finding
    from app.domain.clock import Clock
    from app.store.inspecting import DatabaseFacts

OLDEST: Mapping[str, tuple[int, int]] = {
    "SQLite": (3, 34),
    "MySQL": (8, 0),
    "MariaDB": (10, 11),
    "PostgreSQL": (15, 0),
}
"""The oldest versions this release is for."""

MOST_SECONDS_APART = 5.0
"""Clocks further apart make leases end early or late."""

_CHARSETS = {"SQLite": "UTF-8", "MySQL": "utf8mb4", "MariaDB": "utf8mb4", "PostgreSQL": "UTF8"}


def check_database(url: str, clock: Clock, name: str = "database") -> Iterator[Finding]:
    """Look at one; `name` is what its findings are called after."""
    database = Database(url, pool_size=1)
    try:
        facts = inspect_database(database)
    except StoreUnavailableError as trouble:
        is_draft = isinstance(trouble, DraftError)
        advice = "run `copy` to its end" if is_draft else "start it, or correct its URL"
        yield error(name, str(trouble), advice)
        return
    finally:
        database.dispose()
    yield well(name, "answers")
    yield _version(facts, name)
    yield _charset(facts, name)
    yield _schema(facts, name)
    if facts.now is not None:
        yield clock_finding(f"{name}_clock", (facts.now - clock()).total_seconds())


def clock_finding(code: str, ahead_seconds: float) -> Finding:
    """Return what to think of a server's clock."""
    detail = f"{abs(ahead_seconds):.1f} s {'ahead of' if ahead_seconds > 0 else 'behind'} ours"
    if abs(ahead_seconds) <= MOST_SECONDS_APART:
        return well(code, detail)
    return warning(code, detail, "have both machines follow a time server (NTP)")


def version_finding(
    code: str, product: str, version: tuple[int, int], oldest: tuple[int, int]
) -> Finding:
    """Return what to think of a server's version."""
    detail = f"{product} {version[0]}.{version[1]}"
    if version >= oldest:
        return well(code, detail)
    return error(code, detail, f"this release needs {product} {oldest[0]}.{oldest[1]} or newer")


def _version(facts: DatabaseFacts, name: str) -> Finding:
    return version_finding(f"{name}_version", facts.product, facts.version, OLDEST[facts.product])


def _charset(facts: DatabaseFacts, name: str) -> Finding:
    code = f"{name}_charset"
    if facts.odd_columns:
        odd = ", ".join(facts.odd_columns[:3])
        advice = "ids that differ in case are mixed up: make the database anew and `copy` into it"
        return error(code, f"texts that do not compare byte for byte: {odd}", advice)
    wanted = _CHARSETS[facts.product]
    if facts.charset != wanted:
        # Our tables name their own; what others make in it would not.
        return warning(code, facts.charset, f"make databases with the character set {wanted}")
    return well(code, facts.charset)


def _schema(facts: DatabaseFacts, name: str) -> Finding:
    code, newest = f"{name}_schema", newest_revision()
    if facts.revision == newest:
        return well(code, f"at {newest}, the newest of this release")
    if facts.revision is None or facts.revision < newest:
        detail = f"at {facts.revision or 'none'}, this release needs {newest}"
        return error(code, detail, "run `python -m app migrate`")
    detail = f"at {facts.revision}, which is newer than this release's {newest}"
    return warning(code, detail, "this process is of an older release: upgrade it, too")
