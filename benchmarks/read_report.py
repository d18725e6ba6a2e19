"""The reading benchmark in words and tables."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.results import Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.read_endurance import Endured
    from benchmarks.read_memory import Grown
    from benchmarks.read_samples import Compared, Size

OURS, UNCHANGED = "ours", "ours, 304"
BARE, FLASK, FASTAPI = "bare WSGI", "bare Flask", "FastAPI + uvicorn"
USUAL = ("the usual way, gthread", "the usual way, event worker")
CHOSEN = "event"

MOST_TIMES_BARE = 1.2
MOST_TIMES_WHOLE = 1.05
MOST_TIMES_FASTAPI = 1.2
LEAST_TIMES_CHEAPER_THAN_USUAL = 3.0
MOST_GROWTH = 0.1

_INTRODUCTION = """\
Every server is one worker process on loopback; a client in a process of its own keeps 8 connections
busy, asks for no compression and reads whole replies. In each of {rounds} rounds every server gets
{requests} requests (the usual way a tenth), in an order drawn anew (seed 4). CPU is the server's
processes' per request; figures are medians over the rounds, and "ours / it" is the median of the
rounds' own ratios. All on gunicorn run with `gunicorn.conf.py`, bare WSGI and bare Flask on its
event worker and in its loop. Bare WSGI, bare Flask and FastAPI (uvloop, httptools, no access log, a
response made once) give the bytes and headers that ours gave at the start. The usual way is a Flask
view: GET from Redis, `json.loads`, slice, `jsonify`; the cheaper of its two workers counts.
Goals, by CPU: ours at most {bare} x bare WSGI, cheaper than bare Flask, at most {fastapi} x
FastAPI, the usual way at least {usual:.0f} x ours, 304 not dearer than 200 (up to {same} x is
the same: the rounds of one server differ by more). The break that misses them: let
`ReadLayer.ready` return None always ({broken}).
"""
_BROKEN = "7.9 x bare WSGI, 2.3 x bare Flask, 5.5 x FastAPI at limit 10"
_MEMORY = """\
### Memory

Our web process, {requests:,} requests of which no two are the same (limits and their other names,
orders of parameters, watches, channels, numbered pages, cursors, unknown keywords and parameters;
seed 5) after {warm_up:,} others. PSS in MiB after these and after each quarter: {pss}; \
{share:+.1%}. Goal: under {goal:.0%} more.
"""
_ENDURANCE = """\
### Endurance

{clients} clients at some {rate:.0f} requests a second each for {seconds} s against 2 workers (after
3 s to warm up), while ingest stored 3 videos and published them {writes} times and Redis was
restarted {restarts} times. Half of them keep one connection and ask anew; half connect again every
20 requests and name the version they have. Goal: no 5xx, no version going back.

| replies | 5xx or broken | versions going back | p50 ms | p99 ms | longest ms |
|---|---|---|---|---|---|
| {replies} | {errors} | {went_back} | {p50:.1f} | {p99:.1f} | {longest:.0f} |

X-Cache: {marks}.
"""
_WORKERS = """\
### Worker class

The bare WSGI application with a page of 10 under gunicorn's workers, one process each. sync keeps
no connection alive.
"""


def render(
    limits: Mapping[int, Compared], workers: Compared, memory: Grown, endured: Endured, size: Size
) -> Result:
    """Return the section and the goals that were missed."""
    text = _INTRODUCTION.format(
        rounds=size.rounds,
        requests=size.requests,
        bare=MOST_TIMES_BARE,
        fastapi=MOST_TIMES_FASTAPI,
        usual=LEAST_TIMES_CHEAPER_THAN_USUAL,
        same=MOST_TIMES_WHOLE,
        broken=_BROKEN,
    )
    for limit, compared in limits.items():
        text += f"\n### Page 1, limit {limit}\n\n" + "\n".join(_table(compared, OURS)) + "\n"
    text += f"\n{_WORKERS}\n" + "\n".join(_table(workers, CHOSEN)) + "\n"
    text += f"\n{_of_memory(memory)}\n{_of_endurance(endured)}"
    missed = [goal for limit, compared in limits.items() for goal in _missed(limit, compared)]
    return Result(text, (*missed, *_missed_in_the_long_run(memory, endured)))


def _missed(limit: int, compared: Compared) -> Iterator[str]:
    page = f"page 1, limit {limit}"
    bare, fastapi = compared.ratio(OURS, BARE), compared.ratio(OURS, FASTAPI)
    if bare > MOST_TIMES_BARE:
        yield f"{page}: {bare:.2f} x bare WSGI"
    if (flask := compared.ratio(OURS, FLASK)) >= 1:
        yield f"{page}: {flask:.2f} x bare Flask"
    if fastapi > MOST_TIMES_FASTAPI:
        yield f"{page}: {fastapi:.2f} x FastAPI + uvicorn"
    usual = min(compared.ratio(name, OURS) for name in USUAL)
    if usual < LEAST_TIMES_CHEAPER_THAN_USUAL:
        yield f"{page}: the usual way costs only {usual:.2f} x ours"
    if (unchanged := compared.ratio(UNCHANGED, OURS)) > MOST_TIMES_WHOLE:
        yield f"{page}: a 304 costs {unchanged:.2f} x a 200"


def _missed_in_the_long_run(memory: Grown, endured: Endured) -> Iterator[str]:
    if memory.share >= MOST_GROWTH:
        yield f"the web process grew by {memory.share:.1%}"
    if endured.errors:
        yield f"{endured.errors} of {len(endured.latencies)} requests failed under trouble"
    if endured.went_back:
        yield f"{endured.went_back} replies were older than one before"


def _table(compared: Compared, base: str) -> Iterator[str]:
    yield f"| server | CPU µs | {base} / it | requests/s | p50 ms | p99 ms |"
    yield "|---|---|---|---|---|---|"
    for name in compared.rounds[0]:
        samples = [samples[name] for samples in compared.rounds]
        cpu = median(sample.cpu for sample in samples) * 1e6
        rate = median(sample.rate for sample in samples)
        p50, p99 = (median(of) * 1e3 for of in zip(*((s.p50, s.p99) for s in samples), strict=True))
        ratio = compared.ratio(base, name)
        yield f"| {name} | {cpu:.0f} | {ratio:.2f} | {rate:,.0f} | {p50:.2f} | {p99:.2f} |"


def _of_memory(memory: Grown) -> str:
    return _MEMORY.format(
        requests=memory.requests,
        warm_up=memory.warm_up,
        pss=", ".join(f"{pss / 2**20:.1f}" for pss in memory.pss),
        share=memory.share,
        goal=MOST_GROWTH,
    )


def _of_endurance(endured: Endured) -> str:
    return _ENDURANCE.format(
        clients=endured.clients,
        rate=1 / endured.seconds_between_requests,
        seconds=endured.seconds,
        writes=endured.writes,
        restarts=endured.restarts,
        replies=", ".join(f"{n:,} x {status}" for status, n in sorted(endured.statuses.items())),
        errors=endured.errors,
        went_back=endured.went_back,
        p50=endured.percentile(50) * 1e3,
        p99=endured.percentile(99) * 1e3,
        longest=max(endured.latencies) * 1e3,
        marks=", ".join(f"{mark} {n:,}" for mark, n in sorted(endured.marks.items())),
    )
