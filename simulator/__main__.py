"""`python -m simulator`: reads the arguments, builds the parts, serves until it is stopped."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from simulator import calling
from simulator.api import DataApi
from simulator.corpus import DEFAULT_ARRIVING, CorpusSource, read_rows
from simulator.faults import Faults, Rule, parse_rule
from simulator.generated import GeneratedSource
from simulator.quota import Key, Quota, parse_key
from simulator.server import Server, Simulator, make_simulator
from simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from simulator.world import Source

LEAST_MEMORY = timedelta(days=1)
LARGEST = 1e9


def _now() -> datetime:
    return datetime.now(UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description="A fake YouTube.")
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=8800, help="0 takes a free one")
    add("--seed", type=int, default=1, help="another seed, another world")
    add("--index-lag", type=_amount, default=0, metavar="SECONDS", help="longest delay of search")
    add("--key", type=_key, nargs="+", action="extend", default=[], metavar="KEY[:PROJECT[:STATE]]")
    add("--search-calls-per-day", type=int, default=100, metavar="N", help="per project")
    add("--units-per-day", type=int, default=10_000, metavar="N", help="per project")
    add("--faults", type=_rules, default=[], metavar="FILE", help="a JSON list of rules")
    add("--while-stdin", action="store_true", help="end when standard input ends")
    generated = parser.add_argument_group("generated videos (the default)")
    add = generated.add_argument
    add("--rate", type=_amount, default=20, metavar="VIDEOS_PER_MINUTE")
    add("--history-seconds", type=_amount, default=86_400, metavar="N", help="published before")
    corpus = parser.add_argument_group("replayed videos")
    add = corpus.add_argument
    add("--corpus", type=Path, metavar="FILE.jsonl[.gz]")
    add("--speed", type=_speed, default=1, metavar="X", help="divides the gaps between videos")
    add("--arriving", type=int, default=DEFAULT_ARRIVING, metavar="N", help="newest N come later")
    add(
        "--corpus-published", dest="arriving", action="store_const", const=0, help="none come later"
    )
    add("--match-all", action="store_true", help="every search text matches every video")
    return parser


def _amount(text: str) -> float:
    number = float(text)
    if not 0 <= number < LARGEST:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 0 on")
    return number


def _speed(text: str) -> float:
    number = _amount(text)
    if number == 0:
        raise argparse.ArgumentTypeError("the speed is above 0")
    return number


def _key(text: str) -> Key:
    try:
        return parse_key(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rules(path: str) -> list[Rule]:
    try:
        return [parse_rule(value) for value in json.loads(Path(path).read_text("utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def build(options: argparse.Namespace, clock: Callable[[], datetime] = _now) -> Simulator:
    """The simulator that the arguments describe, at the clock's present."""
    start = clock()
    history = timedelta(seconds=options.history_seconds)
    source: Source
    if options.corpus is None:
        source = GeneratedSource(seed=options.seed, rate=options.rate, start=start - history)
        keep = max(history, LEAST_MEMORY)
    else:
        rows = read_rows(options.corpus)
        source = CorpusSource(rows, start=start, speed=options.speed, arriving=options.arriving)
        keep = None
    lag = timedelta(seconds=options.index_lag)
    quota = Quota(
        clock,
        search_calls_per_day=options.search_calls_per_day,
        units_per_day=options.units_per_day,
        keys=options.key,
    )
    api = DataApi(World(source, clock, index_lag=lag, keep=keep), match_all=options.match_all)
    return make_simulator(api, quota, Faults(options.faults, seed=options.seed))


def _stop(_: int, __: FrameType | None) -> None:
    sys.exit(0)


def _stop_at_end_of_input(server: Server) -> None:
    sys.stdin.read()
    server.shutdown()


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = _parser()
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        server = Server((options.host, options.port), build(options))
    except (OSError, ValueError, KeyError) as error:
        parser.error(f"{type(error).__name__}: {error}")
    with server:
        sys.stdout.write(f"listening on http://{options.host}:{server.server_port}\n")
        sys.stdout.flush()
        # The history takes a moment to invent; callers need not wait for it to connect.
        Thread(target=server.simulator.api.world.now, daemon=True).start()
        if options.while_stdin:
            Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
        calling.start(server.simulator.hub)
        server.serve_forever()


if __name__ == "__main__":
    main()
