"""/dashboard/import: watches from a file: a look at what it lists, then what is chosen of it.

Nothing is kept between the two steps: the form of the second holds the entries as JSON, and they
are read again like those of any file. A script sends them a few at a time; without it they go in
one request, which adds for as long as it may and offers the rest again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from app.auth.scopes import Scope
from app.domain.addresses import is_handle
from app.domain.errors import InvalidValueError
from app.domain.options import MAX_LABEL_CHARACTERS
from app.domain.text import storable
from app.domain.watches import MAX_WATCHES, WatchKind
from app.ingest.exchange.entries import Entry, clean_label
from app.ingest.exchange.importer import Verdict
from app.ingest.exchange.json_lists import read_entry_text, write_entry
from app.web import browsers
from app.web.callers import caller
from app.web.dashboard.pages import page, page_blueprint
from app.web.limits import costs
from app.web.parameters import Query
from app.web.request_limits import MAX_BODY_BYTES, MAX_UPLOAD_BYTES
from app.web.scopes import scope
from app.web.services import services

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Response

    from app.ingest.exchange.entries import Item
    from app.ingest.exchange.importer import Outcome

importing = page_blueprint("importing")

_PATH = "/dashboard/import"
_FORM = "multipart/form-data"
_COST = 25
_CHUNK = 25
"""Entries that the script sends at once: a second or two, were each of them a @handle."""

_SHOWN = 200
"""Entries of a kind that nothing can be done with; a file may have ten thousand."""

_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Listed:
    """What a file lists, by what would become of it.

    Args:
        source: the file's name.
        new: each with its entry as JSON; no more than there can be watches.
        known: the first of those that are watched already.
        rejected: the first of those that cannot be watched.
        counts: how many there are of each.
        handles: how many of the new ones have to be looked up.
    """

    source: str
    new: tuple[tuple[Outcome, str], ...]
    known: tuple[Outcome, ...]
    rejected: tuple[Outcome, ...]
    counts: Mapping[str, int]
    handles: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form of the second step holds.

    Args:
        source: the file's name.
        entries: of the form, as JSON.
        before: how many entries of earlier requests ended how, as the page says itself.
        more: the page will send others.
    """

    source: str
    entries: tuple[str, ...]
    before: Mapping[str, int]
    more: bool


@importing.get(_PATH)
@scope(Scope.WATCHES_WRITE, or_login=True)
@importing.input(Query, location="query", arg_name="query")
def show(query: Query) -> Response:  # noqa: ARG001 - it takes no parameters
    """Show where to drop a file."""
    return _import_page()


@importing.post(_PATH)
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(_COST)
@importing.input(Query, location="query", arg_name="query")
def look(query: Query) -> Response:  # noqa: ARG001 - as above
    """Show what a file lists; adds nothing."""
    _check_form({browsers.CSRF_FIELD}, files={"file"})
    file = request.files["file"]
    name = clean_label(file.filename or "")
    if not name:
        return _import_page(HTTPStatus.BAD_REQUEST, problem="Choose a file first.")
    try:
        found = services().importing.look(file.stream, name)  # type: ignore[arg-type] # an IO[bytes]
    except InvalidValueError as error:
        return _import_page(HTTPStatus.BAD_REQUEST, problem=storable(f"{name}: {error}"))
    return _import_page(listed=_listed(name, found))


@importing.post(f"{_PATH}/watches")
@scope(Scope.WATCHES_WRITE, or_login=True)
@costs(_COST)
@importing.input(Query, location="query", arg_name="query")
def add(query: Query) -> Response:  # noqa: ARG001 - as above
    """Add the entries of the form, and say what became of each.

    The import is noted once, with the last of its requests, and with the counts that the page has
    of the earlier ones; each watch that is added has an entry of its own in any case.
    """
    chosen = _chosen()
    items = [read_entry_text(f"entry {n}", it) for n, it in enumerate(chosen.entries, start=1)]
    acting = services().importing.by(caller())
    outcomes = acting.add(items)
    left = chosen.entries[len(outcomes) :]
    counts = _counts(outcomes, chosen.before)
    if not chosen.more and not left and any(counts.values()):
        acting.note(chosen.source, counts)
    rejected = tuple(it for it in outcomes if it.verdict is Verdict.REJECTED)
    return _import_page(
        source=chosen.source,
        done=counts,
        rejected=rejected,
        left=[(read_entry_text("", text), text) for text in left],
    )


def _chosen() -> Chosen:
    """Return what the form of the second step says.

    Raises:
        InvalidValueError: it is not that form, or holds more entries than there can be watches.
    """
    once = {browsers.CSRF_FIELD, "source", "more", *Verdict}
    _check_form(once, repeated={"entry"})
    entries = tuple(request.form.getlist("entry"))
    if len(entries) > MAX_WATCHES:
        raise InvalidValueError(f"There can be {MAX_WATCHES} watches at most.")
    return Chosen(
        source=clean_label(request.form["source"])[:MAX_LABEL_CHARACTERS],
        entries=entries,
        before={verdict: _count(request.form[verdict]) for verdict in Verdict},
        more=request.form["more"] == "yes",
    )


def _check_form(
    once: set[str],
    *,
    repeated: frozenset[str] | set[str] = frozenset(),
    files: set[str] | None = None,
) -> None:
    """Refuse what is not the form of the page.

    Raises:
        InvalidValueError: fields are missing, unknown, or given too often.
    """
    given = Counter(name for name, _ in request.form.items(multi=True) if name not in repeated)
    sent = Counter(name for name, _ in request.files.items(multi=True))
    is_ours = given == Counter(once) and sent == Counter(files or set())
    if request.mimetype != _FORM or not is_ours:
        raise InvalidValueError("This is not the form of the page: load it and send it again.")


def _count(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST_COUNTED))
    if not is_number or int(text) > _MOST_COUNTED:
        raise InvalidValueError("This is not the form of the page: load it and send it again.")
    return int(text)


def _counts(outcomes: Sequence[Outcome], before: Mapping[str, int]) -> dict[str, int]:
    now = Counter(outcome.verdict for outcome in outcomes)
    return {verdict.value: before.get(verdict, 0) + now[verdict] for verdict in Verdict}


def _listed(source: str, found: Sequence[tuple[Item, Outcome]]) -> Listed:
    outcomes = [outcome for _, outcome in found]
    new = tuple(
        (outcome, write_entry(item))
        for item, outcome in found
        if isinstance(item, Entry) and outcome.verdict is Verdict.NEW
    )
    return Listed(
        source=source,
        new=new,
        known=tuple(it for it in outcomes if it.verdict is Verdict.KNOWN)[:_SHOWN],
        rejected=tuple(it for it in outcomes if it.verdict is Verdict.REJECTED)[:_SHOWN],
        counts=_counts(outcomes, {}),
        handles=sum(it.kind is WatchKind.CHANNEL and is_handle(it.term) for it, _ in new),
    )


def _import_page(status: HTTPStatus = HTTPStatus.OK, **shown: object) -> Response:
    nothing = dict.fromkeys(("problem", "listed", "done", "source", "rejected", "left"))
    return page(
        "import.html",
        status,
        has_form=True,
        most_bytes=MAX_UPLOAD_BYTES - MAX_BODY_BYTES,
        chunk=_CHUNK,
        printable=storable,
        **(nothing | shown),
    )


@importing.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    problem = (
        f"At most {MAX_UPLOAD_BYTES // 2**20} MiB are read, and {MAX_WATCHES:,} entries added."
    )
    return _import_page(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problem=problem)
