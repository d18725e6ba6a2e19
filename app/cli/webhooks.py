"""`webhook`: who is sent new videos."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.cli.session import say, services

if TYPE_CHECKING:
    from app.domain.webhooks import Delivery, Webhook
    from app.settings import Settings

_LOGGED = 20


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands of the noun."""
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add = commands.add_parser("add", help="send new videos to an address, signed")
    add.add_argument("url", help="public https, or what OUTGOING_ALLOW allows")
    add.add_argument("--watch", help="those of one watch, by its id or its term; else of all")
    add.set_defaults(run=_add)
    commands.add_parser("list", help="show the webhooks").set_defaults(run=_list)
    for name, run, text in (
        ("pause", _pause, "send nothing for now"),
        ("resume", _resume, "go on where it was, as if nothing had failed"),
        ("remove", _remove, "send nothing more, and forget its log"),
        ("test", _test, "send a delivery without videos and say what came of it"),
        ("log", _log, "show what was sent last, and what came of it"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("webhook", type=_number, help="its id")
        command.set_defaults(run=run)
    rotate = commands.add_parser("rotate", help="another secret; shows it once")
    rotate.add_argument("webhook", type=_number, help="its id")
    rotate.add_argument(
        "--overlap-hours",
        type=_hours,
        metavar="N",
        help="deliveries are signed by the last one, too, for so long (24); 0: no more at once",
    )
    rotate.set_defaults(run=_rotate)
    replay = commands.add_parser("replay", help="send again what came in after a seq")
    replay.add_argument("webhook", type=_number, help="its id")
    replay.add_argument("after", type=_number, help="a next_seq of a delivery; 0: all")
    replay.set_defaults(run=_replay)


def _add(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        watch_id = opened.watching.find(parsed.watch).watch_id if parsed.watch else None
        webhook = opened.webhooks.add(parsed.url, watch_id)
    _say_with_secret(webhook)


def _list(settings: Settings, _parsed: argparse.Namespace) -> None:
    from app.domain.webhooks import MAX_WEBHOOKS

    with services(settings) as opened:
        for webhook in opened.webhooks.page(1, MAX_WEBHOOKS).items:
            say(_line(webhook))


def _pause(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        say(_line(opened.webhooks.change(parsed.webhook, pause=True)))


def _resume(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        say(_line(opened.webhooks.change(parsed.webhook, pause=False)))


def _rotate(settings: Settings, parsed: argparse.Namespace) -> None:
    from datetime import timedelta

    from app.domain.webhooks import OVERLAP_HOURS

    hours = OVERLAP_HOURS if parsed.overlap_hours is None else parsed.overlap_hours
    with services(settings) as opened:
        rotated = opened.webhooks.rotate(parsed.webhook, timedelta(hours=hours))
    _say_with_secret(rotated)


def _replay(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        say(_line(opened.webhooks.replay(parsed.webhook, parsed.after)))


def _remove(settings: Settings, parsed: argparse.Namespace) -> None:
    with services(settings) as opened:
        webhook = opened.webhooks.get(parsed.webhook)
        opened.webhooks.remove(webhook.webhook_id)
    say(f"removed: {_line(webhook)}")


def _test(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.domain.errors import UpstreamError

    with services(settings) as opened:
        delivery = opened.deliverer.test(parsed.webhook)
    if delivery.error is not None:
        raise UpstreamError(f"it did not arrive: {delivery.error}")
    say(f"arrived: {_outcome(delivery)}")


def _say_with_secret(webhook: Webhook) -> None:
    say(_line(webhook))
    say(f"secret, shown only now: {webhook.secret}")


def _log(settings: Settings, parsed: argparse.Namespace) -> None:
    from app.domain.clock import format_instant

    with services(settings) as opened:
        for sent in reversed(opened.webhooks.deliveries(parsed.webhook, 1, _LOGGED).items):
            outcome = sent.error or _outcome(sent)
            at = format_instant(sent.started_at)
            say(f"{at}  {sent.videos} videos, seq {sent.after_seq} to {sent.next_seq}  {outcome}")


def _line(webhook: Webhook) -> str:
    from app.domain.clock import format_instant

    of = "all" if webhook.watch_id is None else f"watch {webhook.watch_id}"
    state = f"sent up to {webhook.next_seq}"
    if webhook.paused is not None:
        state = f"paused ({webhook.paused.value})"
    elif webhook.failing_since is not None:
        state = f"failing since {format_instant(webhook.failing_since)}"
    return f"{webhook.webhook_id}  {of}  {webhook.url}  {state}"


def _outcome(delivery: Delivery) -> str:
    took = delivery.finished_at - delivery.started_at
    return f"HTTP {delivery.status} after {took.total_seconds():.2f} s"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004 - what every database holds as an integer
        raise argparse.ArgumentTypeError("must be a number")
    return int(text)


def _hours(text: str) -> int:
    from app.domain.webhooks import LONGEST_OVERLAP_HOURS

    if (hours := _number(text)) > LONGEST_OVERLAP_HOURS:
        raise argparse.ArgumentTypeError(f"must be at most {LONGEST_OVERLAP_HOURS}")
    return hours
