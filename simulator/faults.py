"""Trouble on demand: rules say when, one function for each kind says what.

A rule counts the calls it applies to, so the same calls meet the same trouble again. Faults
change answers only: the world and the quota stay as they are.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from simulator import errors
from simulator.reply import HTML_TYPE, JSON_TYPE, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Item = dict[str, object]

REPEATING = "duplicate_on_page_2"
GARBAGE_LENGTH = 512


@dataclass(frozen=True, slots=True)
class Rule:
    """When a fault happens.

    Of the calls of `method` (empty: of any), the first `skip` pass, then every `every`-th one
    is hit with probability `chance`, at most `times` times (0: without end). `seconds` is the
    delay of "slow".
    """

    kind: str
    method: str = ""
    every: int = 1
    skip: int = 0
    times: int = 0
    chance: float = 1.0
    seconds: float = 1.0


def parse_rule(value: object) -> Rule:
    """A rule from JSON; ValueError for an unknown kind, an unknown field or a wrong type."""
    if not isinstance(value, dict) or str(value.get("kind")) not in KINDS:
        raise ValueError(f"a fault needs a kind of {', '.join(sorted(KINDS))}: {value!r}")
    defaults = asdict(Rule(kind=""))
    for name, given in value.items():
        numeric = isinstance(given, int | float) and not isinstance(given, bool)
        if name not in defaults or numeric == isinstance(defaults[name], str):
            raise ValueError(f"fault {value['kind']}: bad field {name}={given!r}")
    if value.get("every", 1) < 1:
        raise ValueError("a fault's `every` is at least 1")
    return Rule(**cast("dict[str, Any]", value))


class Faults:
    """The rules in force. Calls from several threads are safe."""

    def __init__(self, rules: Iterable[Rule] = (), *, seed: int = 0) -> None:
        self._rules: list[Rule] = []
        self._seen: list[int] = []
        self._hits: list[int] = []
        self._random = Random(f"{seed} faults")  # noqa: S311 - repeatable, not secret
        self._lock = Lock()
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule) -> None:
        """Another rule, counting from now."""
        with self._lock:
            self._rules.append(rule)
            self._seen.append(0)
            self._hits.append(0)

    def clear(self) -> None:
        """No more trouble."""
        with self._lock:
            self._rules.clear()
            self._seen.clear()
            self._hits.clear()

    def for_call(self, method: str) -> list[Rule]:
        """The rules that hit this call; counts it."""
        with self._lock:
            return [
                rule
                for number, rule in enumerate(self._rules)
                if rule.method in ("", method) and self._hits_now(number, rule)
            ]

    def counts(self) -> list[dict[str, object]]:
        """Each rule with the calls it saw and hit."""
        with self._lock:
            return [
                {**asdict(rule), "seen": seen, "hits": hits}
                for rule, seen, hits in zip(self._rules, self._seen, self._hits, strict=True)
            ]

    def _hits_now(self, number: int, rule: Rule) -> bool:
        self._seen[number] += 1
        turn = self._seen[number] - rule.skip
        spent = rule.times and self._hits[number] >= rule.times
        hit = turn > 0 and turn % rule.every == 0 and not spent
        hit = hit and (rule.chance >= 1 or self._random.random() < rule.chance)
        self._hits[number] += hit
        return hit


def overlap(rules: Iterable[Rule]) -> int:
    """How many results a later page repeats: the one fault made while searching."""
    return sum(rule.kind == REPEATING for rule in rules)


def apply(reply: Reply, rules: Iterable[Rule]) -> Reply:
    """The answer after all its faults."""
    for rule in rules:
        reply = KINDS[rule.kind](reply, rule)
    return reply


def _unchanged(reply: Reply, _: Rule) -> Reply:
    return reply


def _backend_error(reply: Reply, rule: Rule) -> Reply:
    error = errors.backend_error(int(rule.kind))
    return replace(json_reply(error.status, error.body), delay_seconds=reply.delay_seconds)


def _html_200(reply: Reply, _: Rule) -> Reply:
    page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Wi-Fi login</body></html>"
    return replace(reply, status=200, body=page.encode(), content_type=HTML_TYPE)


def _truncated(reply: Reply, _: Rule) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def _cut_off(reply: Reply, _: Rule) -> Reply:
    return replace(reply, cut_after=len(reply.body) // 2)


def _empty(reply: Reply, _: Rule) -> Reply:
    return replace(reply, body=b"")


def _null(reply: Reply, _: Rule) -> Reply:
    return replace(reply, body=b"null")


def _reset(reply: Reply, _: Rule) -> Reply:
    return replace(reply, reset=True)


def _slow(reply: Reply, rule: Rule) -> Reply:
    return replace(reply, delay_seconds=reply.delay_seconds + rule.seconds)


def _garbage(reply: Reply, _: Rule) -> Reply:
    return replace(reply, body=Random(len(reply.body)).randbytes(GARBAGE_LENGTH))  # noqa: S311 - repeatable, not secret


def _wrong_types(reply: Reply, _: Rule) -> Reply:
    def confuse(items: list[Item]) -> list[Item]:
        wrong: Item = {"publishedAt": 17, "title": None, "thumbnails": [], "channelId": {}}
        return [{**item, "snippet": wrong, "statistics": "none"} for item in items]

    return _with_items(reply, confuse)


def _channel_item(reply: Reply, _: Rule) -> Reply:
    """A channel among videos (seen once in reality); it comes on top of the page."""
    channel = {"kind": "youtube#channel", "channelId": "UC" + "A" * 22}
    return _with_items(reply, lambda items: [{**item, "id": channel} for item in items[:1]] + items)


def _missing_video_id(reply: Reply, _: Rule) -> Reply:
    return _with_items(
        reply,
        lambda items: [{**item, "id": {"kind": "youtube#video"}} for item in items[:1]] + items,
    )


def _not_found(reply: Reply, _: Rule) -> Reply:
    """What the feeds of channels that exist have answered for days."""
    page = b"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title>"
    return replace(reply, status=404, body=page, content_type=HTML_TYPE)


def _unsorted(reply: Reply, _: Rule) -> Reply:
    return _with_items(reply, lambda items: items[::-1])


def _lone_surrogate(reply: Reply, _: Rule) -> Reply:
    return _with_items(reply, lambda items: _with_title_end(items, "\ud83d"))


def _nul(reply: Reply, _: Rule) -> Reply:
    return _with_items(reply, lambda items: _with_title_end(items, "\0"))


def _with_title_end(items: list[Item], end: str) -> list[Item]:
    for item in items[:1]:
        snippet = item.get("snippet")
        if isinstance(snippet, dict):
            snippet["title"] = f"{snippet['title']}{end}"
    return items


def _with_items(reply: Reply, change: Callable[[list[Item]], list[Item]]) -> Reply:
    """The reply with other items; errors and empty lists stay as they are."""
    if reply.status != HTTPStatus.OK or reply.content_type != JSON_TYPE:
        return reply
    payload = json.loads(reply.body)
    if not isinstance(payload, dict) or not payload.get("items"):
        return reply
    changed = json_reply(200, {**payload, "items": change(payload["items"])})
    return replace(reply, body=changed.body)


KINDS: Mapping[str, Callable[[Reply, Rule], Reply]] = {
    "404": _not_found,
    "500": _backend_error,
    "503": _backend_error,
    "html_200": _html_200,
    "truncated": _truncated,
    "cut_off": _cut_off,
    "empty": _empty,
    "null": _null,
    "reset": _reset,
    "slow": _slow,
    "garbage": _garbage,
    "wrong_types": _wrong_types,
    "channel_item": _channel_item,
    "missing_video_id": _missing_video_id,
    "unsorted": _unsorted,
    "lone_surrogate": _lone_surrogate,
    "nul": _nul,
    REPEATING: _unchanged,
}
