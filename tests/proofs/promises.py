"""What Newsreel promises, as values: the words, and which proof or test shows each.

The table at the head of docs/reliability.md is made of this and of what the proofs wrote; a result
is never written here.
"""

from __future__ import annotations

from dataclasses import dataclass

BY_TESTS = "promises"
"""The proof that runs the tests named here, for promises that tests show."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A proof that shows a promise.

    Args:
        by: its name, as `--only` takes it.
        columns: of a table of its section, whose cells are the result; by default the section's
            line `Result P1: ...` is, or its line `Result: ...`.
    """

    by: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """A benchmark that has the figures of a promise.

    Args:
        by: its name.
        columns: of tables of its section.
        rows: of these, by their first cell; by default all.
    """

    by: str
    columns: tuple[str, ...]
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise.

    Args:
        number: P1, P2 and so on.
        words: as published.
        shown: by these proofs.
        tests: files, or tests of a file after `::`, that show it as well.
        measured: what has its figures.
    """

    number: str
    words: str
    shown: tuple[Shown, ...] = ()
    tests: tuple[str, ...] = ()
    measured: Measured | None = None

    @property
    def all_shown(self) -> tuple[Shown, ...]:
        """The proofs, that of the tests among them."""
        return (*self.shown, Shown(BY_TESTS)) if self.tests else self.shown


_KILLED = Shown("kills", ("kills", "shown = served"))
_REPLAYED = Shown("replay", ("shown", "served", "distinct"))
_FULL_STACK = "tests/e2e/test_full_stack.py"
_LEDGER = "tests/contract/store/test_ledger.py"
_REFRESH = "tests/unit/ingest/test_refresh_limits.py"
_BAD_ROWS = "tests/contract/store/test_bad_rows.py"

PROMISES: tuple[Promise, ...] = (
    Promise(
        "P1",
        "**No loss.** What a poll that counts as successful was shown is stored before the poll"
        " counts; what search shows within `LOOKBACK_SECONDS` (an hour) is stored while quota"
        " lasts.",
        shown=(
            _KILLED,
            Shown("machine", ("examples", "pages read", "videos")),
            _REPLAYED,
            Shown("chaos"),
            Shown("full_disk"),
        ),
    ),
    Promise(
        "P2",
        "**No duplicate, no mixed rows.** Ids are compared byte for byte.",
        shown=(_REPLAYED, Shown("chaos")),
        tests=(
            "tests/contract/store/test_bytes.py",
            (
                "tests/contract/store/test_transactions.py"
                "::test_a_video_found_by_two_writers_at_once_is_stored_once"
            ),
        ),
    ),
    Promise(
        "P3",
        "**What counts as read was read.** A checkpoint is never ahead of its rows, and a worker"
        " that was overtaken stores nothing.",
        shown=(Shown("machine", ("examples", "polls died in", "interrupted", "overtaken")),),
        tests=(
            "tests/integration/ingest/test_interruptions.py",
            "tests/contract/store/test_claims.py::test_a_claimant_that_was_overtaken_stores_nothing",
        ),
    ),
    Promise(
        "P4",
        "**The feed never goes back.** No client that tells which version it has is shown an older"
        " one.",
        shown=(Shown("chaos"),),
        tests=(
            (
                "tests/contract/cache/test_cache.py"
                "::test_versions_that_readers_see_never_go_back_under_eight_slow_writers"
            ),
            (
                "tests/integration/feed/test_heads.py"
                "::test_a_client_that_has_seen_a_newer_version_is_not_shown_an_older_one"
            ),
            (
                "tests/integration/feed/test_replicas.py"
                "::test_a_deep_page_is_not_older_than_the_one_that_a_client_has_seen"
            ),
        ),
        measured=Measured("read_feed", ("replies", "versions going back")),
    ),
    Promise(
        "P5",
        "**Stored is served.** A new row is in the API within 2 s of its commit, within 15 s after"
        " any single crash.",
        shown=(Shown("crashes"),),
        tests=(
            (
                "tests/integration/feed/test_heads.py"
                "::test_a_publish_that_was_missed_is_made_up_for_by_the_next_repair"
            ),
            (
                "tests/contract/web/test_event_worker.py"
                "::test_one_client_that_keeps_asking_sees_a_new_version_after_a_second"
            ),
        ),
    ),
    Promise(
        "P6",
        "**Paging.** Each row there when a walk by cursor began is met exactly once; a deep page"
        " costs at most twice the second one, by cursor, and by number where feeds, channels and"
        " stretches of time are paged.",
        tests=("tests/contract/store/test_paging_property.py",),
        measured=Measured(
            "depth", ("CPU x page 2",), ("all: page 90,000", "all: by cursor at depth")
        ),
    ),
    Promise(
        "P7",
        "**Reads survive.** Without Redis, worker, Beat or YouTube they go on; without the database"
        " first pages do; without both it is a 503 with `Retry-After`. Never an unhandled 500.",
        shown=(
            Shown("outages"),
            Shown("full_disk"),
            Shown("replicas"),
            Shown("compose"),
            Shown("schemathesis", ("requests", "failures")),
        ),
        tests=(
            "tests/integration/feed/test_outages.py",
            "tests/integration/feed/test_replicas.py",
        ),
    ),
    Promise(
        "P8",
        "**It heals itself.** When anything it needs was away, fetching goes on within 30 s of its"
        " return, without a restart and with at most two ticks of backlog.",
        shown=(Shown("outages"), Shown("full_disk"), Shown("compose")),
        tests=(
            f"{_FULL_STACK}::test_reads_go_on_without_redis_and_ingest_comes_back_by_itself",
            (
                f"{_FULL_STACK}"
                "::test_page_one_goes_on_without_the_database_and_ingest_comes_back_by_itself"
            ),
            (
                "tests/integration/workers/test_queues.py"
                "::test_without_a_worker_one_tick_waits_and_no_more"
            ),
        ),
    ),
    Promise(
        "P9",
        "**Redis holds nothing that matters.** All of it may be lost: no video goes, no quota is"
        " overspent.",
        shown=(_KILLED, Shown("chaos")),
    ),
    Promise(
        "P10",
        "**Quota.** A project makes at most its calls of a day in Pacific time; each is counted"
        " before it is made, across processes.",
        shown=(Shown("kills", ("searches", "units")),),
        tests=(
            f"{_LEDGER}::test_eight_threads_never_overspend_a_day_that_none_has_opened",
            f"{_LEDGER}::test_four_processes_never_overspend",
            "tests/unit/domain/test_clock.py",
        ),
    ),
    Promise(
        "P11",
        "**One bad item costs one item.** Garbage from YouTube neither crashes nor counts as read.",
        tests=(
            "tests/integration/ingest/test_bad_bodies.py",
            f"{_BAD_ROWS}::test_a_bad_row_in_a_batch_of_fifty_costs_that_row",
            f"{_BAD_ROWS}::test_a_bad_change_in_a_batch_of_fifty_leaves_that_row_as_it_was",
        ),
    ),
    Promise(
        "P12",
        "**No secret** is in logs, tracebacks, task arguments, Redis, the database or an answer.",
        tests=("tests/e2e/test_canary.py", "tests/e2e/test_secrets.py"),
    ),
    Promise(
        "P13",
        "**It stops when asked.** After SIGTERM it ends within 30 s with status 0, the poll under"
        " way is whole or undone, and a request that was taken is answered.",
        shown=(Shown("stops"), Shown("compose")),
    ),
    Promise(
        "P14",
        "**It does not grow.** Over 50,000 ticks of all its services in one process memory, Redis"
        " keys, connections, threads and open files stay level, ids are not burned, and logs and"
        " marks are pruned. Celery begins a process anew after 1,000 tasks, gunicorn after a"
        " million requests.",
        shown=(Shown("endurance"),),
    ),
    Promise(
        "P15",
        "**Both ways to run answer alike,** byte for byte, on SQLite, MariaDB and PostgreSQL.",
        shown=(Shown("replay", ("sha256 of the items",)),),
        tests=(
            "tests/contract/web/test_same_answers.py",
            "tests/contract/web/test_feed.py::test_every_database_gives_the_same_bytes",
        ),
    ),
    Promise(
        "P16",
        "**Upgrades keep everything.** Data and checkpoints of an earlier release are read on.",
        tests=(
            "tests/contract/store/test_migrations.py",
            "tests/contract/upgrade/test_first_release.py",
            "tests/architecture/test_migration_policy.py",
        ),
    ),
    Promise(
        "P17",
        "**Nothing unrefreshed is kept for 30 days.**",
        tests=(
            f"{_REFRESH}::test_in_sixty_days_nothing_is_older_than_thirty",
            f"{_REFRESH}::test_after_a_month_without_keys_nothing_is_left",
            f"{_REFRESH}::test_tombstones_go_after_thirty_days_and_no_sooner",
        ),
    ),
)

NOT_PROMISED: tuple[str, ...] = (
    "that YouTube's search shows every video there is, or soon;",
    (
        "a video that search begins to show later than `LOOKBACK_SECONDS` (an hour) after it was"
        " published;"
    ),
    "an order among videos of one second that different polls found;",
    "that a webhook is told of a video only once: it may be told again.",
)
