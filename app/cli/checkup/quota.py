"""Keys and quota: what is left, and whether YouTube takes the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.cli.checkup.findings import error, warning, well
from app.domain.clock import format_instant
from app.domain.errors import NoUsableKeyError
from app.domain.quota import Bucket, KeyState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.bootstrap import Services
    from app.cli.checkup.findings import Finding
    from app.domain.quota import KeyReport, Usage
    from app.ingest.quota_report import ProjectQuota


def check_quota(services: Services) -> Iterator[Finding]:
    """Look at what the ledger says; it costs nothing."""
    report = services.quota.report()
    resets = format_instant(report.resets_at)
    for project in report.projects:
        yield _spent(project, resets)
    usable = {key.project for p in report.projects for key in p.keys if _is_usable(key)}
    search = [u for p in report.projects for u in p.usage if u.bucket is Bucket.SEARCH]
    if report.projects and not any(used.left for used in search if used.project in usable):
        advice = "searches go on then; channels are still polled (docs/quota.md)"
        yield warning("search_calls", f"none is left until {resets}", advice)


def check_key(services: Services, key: KeyReport) -> Iterator[Finding]:
    """Try a key with one unit, which is charged before the call."""
    code = f"key_{key.fingerprint}"
    if key.state is KeyState.HELD:
        yield warning(code, "held by the operator, not tried", "`keys enable` puts it back to use")
        return
    trouble = services.keys.test(key.fingerprint)
    if trouble is None:
        yield well(code, f"of {key.project}: YouTube takes it")
    elif isinstance(trouble, NoUsableKeyError):
        yield warning(code, str(trouble), "nothing: the next day brings more")
    else:
        yield error(code, f"{trouble.code}: {trouble}", "docs/quota.md says what each error means")


def _spent(project: ProjectQuota, resets: str) -> Finding:
    spent = ", ".join(_used(usage) for usage in project.usage)
    detail = f"project {project.project}: {spent}; full again at {resets}"
    if all(usage.left for usage in project.usage):
        return well("quota", detail)
    return warning("quota", detail, "add keywords with care, or ask YouTube for more quota")


def _used(usage: Usage) -> str:
    return f"{usage.left} of {usage.limit} {usage.bucket} left"


def _is_usable(key: KeyReport) -> bool:
    return key.state is KeyState.USABLE
