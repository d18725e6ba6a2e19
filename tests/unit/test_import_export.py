"""`python -m app import` and `export`, as an operator uses them."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.bootstrap import build_services
from app.cli import FAILED, MISUSED, OK, main
from app.domain.audit import COMMAND_LINE
from app.domain.errors import StoreUnavailableError
from app.domain.feeds import Feed, Selection
from app.domain.intake import Finding
from app.domain.videos import Detail, Source, StoredVideo, Video
from app.domain.watches import Watch, WatchKind, WatchOptions
from app.feed.exporting import VideoExport
from app.ingest.watching import Watching
from app.settings import Settings
from tests.unit.ingest.exchange.files import ONE, TWO, archive, row, table

CSV = "Takeout/YouTube/subscriptions/subscriptions.csv"
NOW = datetime(2026, 1, 2, 18, tzinfo=UTC)
Pages = Iterator[list[StoredVideo]]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in an empty folder, with a key and what is given on stdin."""
    environment.setenv("YOUTUBE_API_KEYS", "some-key")

    def command(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        environment.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(arguments)
        return code, *capsys.readouterr()

    return command


def videos() -> int:
    """Stores three videos, two of them of a watch."""
    settings = Settings(database_url="sqlite:///var/newsreel.db")
    services = build_services(settings, lambda: NOW, actor=COMMAND_LINE)  # which logs nothing
    services.store.migrate()
    watch, _ = services.watching.add_keyword("news")
    findings = [
        Finding(
            Video(
                video_id=f"video-{number:05}",
                title=f"={number}",
                description="",
                published_at=NOW - timedelta(hours=number),
                channel_id=ONE,
                channel_title="One",
                detail=Detail.FULL,
            ),
            Source.SEARCH,
            watch.watch_id if number else None,
        )
        for number in range(3)
    ]
    services.store.write(lambda transaction: transaction.record(findings, NOW))
    services.close()
    return watch.watch_id


def ids(out: str) -> list[str]:
    return [json.loads(line)["video_id"] for line in out.splitlines()]


def test_an_import_tells_what_became_of_each_entry(run: Run) -> None:
    Path("list.txt").write_text(f"news\n# music\n{ONE}\nnews\n")
    code, out, err = run("import", "list.txt")
    assert (code, err) == (OK, "")
    assert [line.split() for line in out.splitlines()] == [
        ["new", "line", "1", "keyword", "news"],
        ["new", "line", "3", "channel", ONE],
        ["known", "line", "4", "keyword", "news"],
        ["2", "new,", "1", "known,", "0", "rejected"],
    ]
    assert len(run("watch", "list")[1].splitlines()) == 2


def test_entries_that_are_rejected_are_told_and_counted_in_one_line(run: Run) -> None:
    content = b"x" * 300 + b"\njavascript:alert(1)\na\x07b\nhttps://youtu.be/dQw4w9WgXcQ\nnews"
    code, out, err = run("import", "-", stdin=content)
    assert code == FAILED
    assert err == "newsreel: 4 of 5 entries cannot be watched\n"
    assert [line.split()[0] for line in out.splitlines()[:-1]] == ["rejected"] * 4 + ["new"]
    assert "\x07" not in out


def test_the_report_is_json_for_programs(run: Run) -> None:
    Path("all.zip").write_bytes(archive((CSV, table(row(ONE, "One"), row("dQw4w9WgXcQ", "bad")))))
    code, out, err = run("import", "--json", "--dry-run", "all.zip")
    told = json.loads(out)
    assert (code, len(err.splitlines())) == (FAILED, 1)
    assert [told[key] for key in ("dry_run", "new", "known", "rejected")] == [True, 1, 0, 1]
    assert told["entries"][0] == {
        "where": "line 2",
        "verdict": "new",
        "kind": "channel",
        "term": ONE,
        "label": "One",
        "reason": "",
    }
    assert "video" in told["entries"][1]["reason"]


def test_bytes_that_are_no_text_do_not_spoil_the_report(run: Run) -> None:
    code, out, _ = run("import", "--json", "-", stdin=b"caf\xe9\n")
    assert (code, json.loads(out)["rejected"]) == (FAILED, 1)
    assert "valid Unicode" in run("import", "-", stdin=b"caf\xe9\n")[1]


def test_a_terminal_is_told_nothing_raw_of_what_was_rejected(run: Run) -> None:
    watch = {"kind": "keyword", "term": "a"}
    told = [{**watch, "\x1b[31m\n": 1}, {**watch, "filters": {"\x1b[31m\n": 1}}]
    _, out, _ = run("import", "-", stdin=json.dumps({"watches": told}).encode())
    assert [line.split()[0] for line in out.splitlines()] == ["rejected", "rejected", "0"]
    assert "\x1b" not in out


def test_what_stdout_cannot_encode_is_escaped_and_the_work_is_done(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    stdout = io.TextIOWrapper(written, encoding="ascii", write_through=True)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", stdout)
        code, _, err = run("import", "-", stdin="caf\u00e9\n".encode())
    assert (code, err) == (OK, "")
    assert b"caf\\xe9\n" in written.getvalue()
    assert "caf\u00e9" in run("watch", "list")[1]


@pytest.mark.parametrize(
    "arguments",
    [("watch", "add", "news"), ("import", "--dry-run", "bad.txt"), ("export", "watches")],
)
def test_a_full_disk_under_stdout_is_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "bad.txt").write_text("javascript:alert(1)")
    buffered = {"PATH": os.environ["PATH"], "YOUTUBE_API_KEYS": "some-key"}
    command = [sys.executable, "-m", "app", *arguments]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            command,
            cwd=tmp_path,
            env={**buffered, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ended.returncode, len(ended.stderr.splitlines())) == (FAILED, 1)
    assert ended.stderr.startswith("newsreel: ")


def test_a_dry_run_changes_nothing(run: Run) -> None:
    code, out, _ = run("import", "--dry-run", "-", stdin=b"news\n")
    assert (code, out.splitlines()[-1]) == (OK, "would be: 1 new, 0 known, 0 rejected")
    assert run("watch", "list")[1] == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("large.csv", table(row(ONE, "A")) + b"x" * 2**24),
        ("bomb.zip", archive((CSV, table(row(ONE, "A")) + b" " * 2**25))),
        ("cut.zip", archive((CSV, table(row(ONE, "A"))))[:-10]),
        ("bad.opml", b"<!DOCTYPE x><opml/>"),
        ("none.csv", b"Channel Id,Channel Url\nx,y\n"),
        ("cut.json", b'{"watches": ['),
    ],
)
def test_a_bad_file_is_one_line_and_adds_nothing(run: Run, name: str, content: bytes) -> None:
    Path(name).write_bytes(content)
    code, out, err = run("import", name)
    assert (code, out, len(err.splitlines())) == (MISUSED, "", 1)
    assert err.startswith("newsreel: ")
    assert not Path("var").exists()


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_one_line(run: Run, name: str) -> None:
    code, out, err = run("import", name)
    assert (code, out, len(err.splitlines())) == (FAILED, "", 1)


def test_what_was_done_before_the_database_failed_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Watching.add

    def fail_at_b(
        watching: Watching, kind: WatchKind, text: str, options: WatchOptions
    ) -> tuple[Watch, bool]:
        if text == "b":
            raise StoreUnavailableError("gone")
        return add(watching, kind, text, options)

    monkeypatch.setattr(Watching, "add", fail_at_b)
    code, out, err = run("import", "-", stdin=b"a\nb\nc\n")
    assert (code, err) == (FAILED, "newsreel: gone\n")
    assert [line.split()[0] for line in out.splitlines()] == ["new", "1"]


@pytest.mark.parametrize("wanted", ["opml", "json"])
def test_exported_watches_are_all_known_when_imported_and_new_elsewhere(
    run: Run, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("import", "-", stdin=f'"a & b" -c|d\n{ONE}\n{TWO}\n'.encode())
    code, exported, err = run("export", "watches", "--format", wanted)
    assert (code, err) == (OK, "")
    again = run("import", "-", stdin=exported.encode())[1]
    assert again.splitlines()[-1] == "0 new, 3 known, 0 rejected"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///var/other.db")
    there = run("import", "-", stdin=exported.encode())[1]
    assert there.splitlines()[-1] == "3 new, 0 known, 0 rejected"
    assert run("export", "watches", "--format", wanted)[1] == exported


def test_videos_are_exported_whole_or_in_part(run: Run) -> None:
    watch_id = videos()
    code, out, err = run("export", "videos")
    assert (code, ids(out), err) == (OK, ["video-00000", "video-00001", "video-00002"], "")
    for name in ("news", str(watch_id)):
        assert ids(run("export", "videos", "--watch", name)[1]) == ["video-00001", "video-00002"]
    after = ("--after", "2026-01-02T17:00:00Z")
    assert ids(run("export", "videos", *after)[1]) == ["video-00000", "video-00001"]
    between = (*after, "--before", "2026-01-02T17:00:00+00:00")
    assert ids(run("export", "videos", *between)[1]) == ["video-00001"]
    assert len(ids(run("export", "videos", "--channel", ONE)[1])) == 3
    assert run("export", "videos", "--channel", TWO)[1] == ""


def test_videos_for_a_spreadsheet_run_nothing_there(run: Run) -> None:
    videos()
    code, out, _ = run("export", "videos", "--format", "csv")
    assert code == OK
    assert out.startswith("\ufeffvideo_id,title,")
    assert "\r\nvideo-00000,'=0," in out


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        (FAILED, ("--watch", "not watched")),
        (MISUSED, ("--channel", "dQw4w9WgXcQ")),
        (MISUSED, ("--watch", "news", "--channel", ONE)),
        (MISUSED, ("--after", "yesterday")),
        (MISUSED, ("--before", "2026-01-02T18:00:00")),
        (FAILED, ("-o", "no/such/folder/videos.jsonl")),
    ],
)
def test_what_cannot_be_exported_is_one_line_and_leaves_the_file_as_it_was(
    run: Run, code: int, arguments: tuple[str, ...]
) -> None:
    videos()
    Path("videos.jsonl").write_text("before")
    ended, out, err = run("export", "videos", "-o", "videos.jsonl", *arguments)
    assert (ended, out, len(err.splitlines())) == (code, "", 1)
    assert Path("videos.jsonl").read_text() == "before"


def test_a_file_is_put_in_place_when_it_is_whole(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    videos()
    Path("videos.jsonl").write_text("before")

    pages = VideoExport.pages

    def cut_off(export: VideoExport, feed: Feed, wanted: Selection) -> Pages:
        yield from pages(export, feed, wanted)
        raise StoreUnavailableError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(VideoExport, "pages", cut_off)
        ended, _, err = run("export", "videos", "-o", "videos.jsonl")
    assert (ended, err) == (FAILED, "newsreel: gone\n")
    assert Path("videos.jsonl").read_text() == "before"
    assert sorted(path.name for path in Path().iterdir()) == ["var", "videos.jsonl"]
    assert run("export", "videos", "-o", "videos.jsonl") == (OK, "", "")
    assert len(ids(Path("videos.jsonl").read_text())) == 3
    assert sorted(path.name for path in Path().iterdir()) == ["var", "videos.jsonl"]


def test_a_new_file_has_the_rights_of_any_other_and_a_link_stays_one(run: Run) -> None:
    videos()
    Path("link.jsonl").symlink_to("videos.jsonl")
    Path("usual").touch()
    run("export", "videos", "-o", "link.jsonl")
    assert Path("link.jsonl").is_symlink()
    assert Path("videos.jsonl").stat().st_mode == Path("usual").stat().st_mode


def test_a_file_that_is_replaced_keeps_its_rights(run: Run) -> None:
    Path("watches.opml").touch(mode=0o600)
    run("export", "watches", "-o", "watches.opml")
    assert Path("watches.opml").stat().st_mode & 0o777 == 0o600
    assert Path("watches.opml").read_text()


def test_a_pipe_or_device_is_written_to_and_not_replaced(run: Run) -> None:
    videos()
    assert run("export", "videos", "-o", "/dev/null") == (OK, "", "")
    assert Path("/dev/null").is_char_device()
