"""Lists in JSON: Takeout's subscriptions as written until 2021, and what Newsreel exports.

Takeout's shape (recorded export): an array of the API's `youtube#subscription` resources; the
channel subscribed to is `snippet.resourceId.channelId`, `snippet.channelId` is the subscriber's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from app.domain.addresses import Target, parse_address
from app.domain.errors import InvalidMemberError, InvalidValueError
from app.domain.options import OPTIONS, filters_members, options_members, parse_options
from app.domain.watches import WatchKind, parse_keyword
from app.ingest.exchange.entries import read_entry, read_watch, reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from app.domain.watches import Watch
    from app.ingest.exchange.entries import Entry, Item

_SUBSCRIPTION = '"youtube#subscription"'


def is_subscriptions(head: str) -> bool:
    """Tell whether the beginning of a JSON text is that of Takeout's subscriptions."""
    return _SUBSCRIPTION in head


def read_json(text: str) -> Iterator[Item]:
    """Read either list, by its shape.

    Raises:
        InvalidValueError: it is not JSON, or neither.
    """
    try:
        told: object = orjson.loads(text)
    except ValueError as error:  # JSONDecodeError is one
        raise InvalidValueError(f"not JSON: {error}") from None
    if isinstance(told, list):
        return _read_each(told, _read_subscription)
    watches = _member(told, "watches")
    if isinstance(watches, list):
        return _read_each(watches, _read_watch)
    raise InvalidValueError("neither subscriptions of Google Takeout nor watches of Newsreel")


def write_json(watches: Iterable[Watch]) -> bytes:
    """Write watches so that `read_json` gives them back."""
    told = {"watches": [_members(watch) for watch in watches]}
    return orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n"


def read_entry_text(where: str, text: str) -> Item:
    """Read one watch of a list that stands by itself; what cannot be watched is rejected."""
    try:
        told: object = orjson.loads(text)
    except ValueError:
        return reject(where, text, "not JSON")
    return _read_watch(where, told)


def write_entry(entry: Entry) -> str:
    """Write one entry so that `read_entry_text` gives it back."""
    told = {"kind": entry.kind.value, "term": entry.term, **options_members(entry.options)}
    return orjson.dumps(told).decode()


def _members(watch: Watch) -> dict[str, object]:
    options = {name: getattr(watch, name) for name in OPTIONS}
    filters = filters_members(watch.filters)
    return {"kind": watch.kind.value, "term": watch.term, **options, "filters": filters}


def _read_each(told: list[object], read: Callable[[str, object], Item]) -> Iterator[Item]:
    return (read(f"item {number}", each) for number, each in enumerate(told, start=1))


def _read_subscription(where: str, told: object) -> Item:
    snippet = _member(told, "snippet")
    title = _text(_member(snippet, "title"))
    channel_id = _member(_member(snippet, "resourceId"), "channelId")
    if not isinstance(channel_id, str):
        return reject(where, title, "no subscription: it has no snippet.resourceId.channelId")
    return read_entry(where, channel_id, parse_address, title)


def _read_watch(where: str, told: object) -> Item:
    parse = _PARSE.get(_text(_member(told, "kind")))
    term = _text(_member(told, "term"))
    if not isinstance(told, dict) or parse is None or not term:
        return reject(where, term, "no watch: it needs a kind (keyword or channel) and a term")
    rest = {name: value for name, value in told.items() if name not in {"kind", "term"}}
    try:
        return read_watch(where, term, parse, parse_options(rest))
    except InvalidMemberError as error:
        # What is unknown may be called anything: the error's own words quote it.
        path = "" if error.unknown else f"{'.'.join(map(str, error.path))}: "
        return reject(where, term, f"{path}{error}")


def _keyword(text: str) -> Target:
    return WatchKind.KEYWORD, parse_keyword(text)


_PARSE: dict[str, Callable[[str], Target]] = {"keyword": _keyword, "channel": parse_address}


def _member(told: object, name: str) -> object:
    return told.get(name) if isinstance(told, dict) else None


def _text(told: object) -> str:
    return told if isinstance(told, str) else ""
