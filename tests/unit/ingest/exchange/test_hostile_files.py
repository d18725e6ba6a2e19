"""Files made to hurt: each is refused in one sentence, within bounds, and nothing else happens."""

from __future__ import annotations

import random
import struct
import tracemalloc
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_LZMA, ZipFile, ZipInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.errors import InvalidValueError
from app.ingest.exchange.entries import MAX_ENTRIES
from app.ingest.exchange.files import MAX_BYTES, buffered, read_file
from tests.unit.ingest.exchange.files import (
    ONE,
    archive,
    channels,
    entries,
    outline,
    read,
    row,
    subscription,
    subscriptions,
    table,
)

MIB = 2**20
CSV = "Takeout/YouTube/subscriptions/subscriptions.csv"


class Endless(BytesIO):
    """A file of many megabytes that counts what is read of it."""

    def __init__(self, size: int, begins: bytes) -> None:
        super().__init__(begins)
        self.left = size
        self.taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        begins = super().read(size)
        wanted = self.left if size is None or size < 0 else size - len(begins)
        more = b"x" * min(wanted, self.left)
        self.left -= len(more)
        self.taken += len(begins) + len(more)
        return begins + more


@pytest.mark.parametrize("begins", [table(row(ONE, "A")), b"[", b"<opml>", b"keyword\n"])
def test_a_file_of_80_megabytes_is_refused_before_it_is_read_whole(begins: bytes) -> None:
    file = Endless(80 * MIB, begins)
    with pytest.raises(InvalidValueError, match="more than 16 MiB"):
        read_file(file, "subscriptions.csv")
    assert file.taken < MAX_BYTES + 100


def test_a_pipe_is_read_no_further_than_a_file() -> None:
    class Pipe(Endless):
        def seekable(self) -> bool:
            return False

    pipe = Pipe(80 * MIB, b"PK\3\4")
    with pytest.raises(InvalidValueError, match="more than 16 MiB"):
        buffered(pipe)
    assert pipe.taken < MAX_BYTES + 100


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("list", b"a\n" * (MAX_ENTRIES + 1)),
        ("table", table(*[row(ONE, "A")] * (MAX_ENTRIES + 1))),
        ("json", subscriptions(*[subscription(ONE, "A")] * (MAX_ENTRIES + 1))),
        ("opml", outline(*['<outline xmlUrl="x"/>'] * (MAX_ENTRIES + 1))),
    ],
)
def test_more_entries_than_anybody_has_are_refused(name: str, content: bytes) -> None:
    with pytest.raises(InvalidValueError, match="more than 10,000 entries"):
        read(content, name)


def bomb(name: str, megabytes: int) -> bytes:
    """A member that looks like subscriptions and unpacks to a thousand times its size."""
    return archive((name, table(row(ONE, "A")) + b" " * megabytes * MIB))


def memory_to_refuse(content: bytes, words: str) -> int:
    """The most bytes that refusing took beside the content; fails when it is not refused."""
    tracemalloc.start()
    try:
        with pytest.raises(InvalidValueError, match=words):
            read(content)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_flood_of_outlines_is_refused_in_little_memory() -> None:
    content = outline(*['<outline xmlUrl="x"/>'] * 300_000)
    assert memory_to_refuse(content, "more than 10,000 entries") < len(content) + 16 * MIB


def lying(content: bytes, told: int) -> bytes:
    """The archive, whose index tells another unpacked size of its first member."""
    directory = content.index(b"PK\1\2")
    return content[: directory + 24] + struct.pack("<I", told) + content[directory + 28 :]


@pytest.mark.parametrize(
    "content",
    [bomb(CSV, 10), bomb(CSV, 100), bomb("a.json", 100), lying(bomb(CSV, 40), 5_000)],
    ids=["small", "large", "json", "lying"],
)
def test_an_archive_made_to_burst_is_refused_in_little_memory(content: bytes) -> None:
    assert memory_to_refuse(content, "zip archive") < 4 * MIB


@pytest.mark.parametrize("method", [ZIP_BZIP2, ZIP_LZMA])
def test_a_member_packed_so_that_it_bursts_at_the_first_byte_is_refused(method: int) -> None:
    file = BytesIO()
    with ZipFile(file, "w", method) as written:
        written.writestr(CSV, table(row(ONE, "A")) + b" " * 64 * MIB)
    assert memory_to_refuse(lying(file.getvalue(), 5_000), "not packed as usual") < 4 * MIB


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\nstream\n\0\x01\xff\nendstream\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "two\nwords\n".encode("utf-16-le"),
    ],
    ids=["pdf", "png", "utf-16"],
)
def test_lines_of_a_file_that_is_no_text_are_not_taken_for_keywords(content: bytes) -> None:
    with pytest.raises(InvalidValueError, match="not text"):
        read(content)


def test_members_are_bounded_together_and_not_one_by_one() -> None:
    noise = random.Random(5)
    rows = (row(f"UC{number:022}", noise.randbytes(2_500).hex()) for number in range(2_000))
    one = table(*rows)
    assert MAX_BYTES / 2 < len(one) < MAX_BYTES
    with pytest.raises(InvalidValueError, match="too much"):
        read(archive(("1.csv", one), ("2.csv", one)))


def test_a_large_member_that_is_not_wanted_is_no_hindrance() -> None:
    history = ("Takeout/history.json", b" " * (MAX_BYTES + 1))
    assert entries(archive(history, (CSV, table(row(ONE, "A"))))) == channels((ONE, "A"))


@pytest.mark.parametrize(("members", "mebibytes"), [(21_000, 40), (60_000, 4)])
def test_an_archive_of_very_many_files_is_refused(members: int, mebibytes: int) -> None:
    names = (f"Takeout/a/photo/number-{number:050}.txt" for number in range(members))
    file = BytesIO()
    with ZipFile(file, "w") as written:
        for name in names:
            written.writestr(ZipInfo(name), b"")
    content = file.getvalue()
    assert memory_to_refuse(content, "more than 20,000 files") < len(content) + mebibytes * MIB


def test_an_archive_without_subscriptions_is_refused() -> None:
    inner = archive((CSV, table(row(ONE, "A"))))
    with pytest.raises(InvalidValueError, match="holds no subscriptions"):
        read(archive(("inner.zip", inner), ("notes.csv", b"a,b\n")))


def test_an_encrypted_archive_is_refused() -> None:
    content = bytearray(archive((CSV, table(row(ONE, "A")))))
    content[content.index(b"PK\1\2") + 8] |= 1
    content[content.index(b"PK\3\4") + 6] |= 1
    with pytest.raises(InvalidValueError, match="encrypted"):
        read(bytes(content))


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opml>&b;</opml>',
        '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml>&x;</opml>',
        '<!DOCTYPE opml SYSTEM "http://127.0.0.1/opml.dtd"><opml/>',
    ],
)
def test_a_document_type_is_refused_so_there_are_no_entities(document: str) -> None:
    with pytest.raises(InvalidValueError, match="DOCTYPE"):
        read(document.encode())


@pytest.mark.parametrize(
    "document",
    [b"<opml", b"<html/>", b"<opml>\0</opml>", b"<opml>&x;</opml>", b"<opml>\xff</opml>"]
    + [b'<?xml version="1.0" encoding="' + name + b'"?><opml/>' for name in (b"klingon", b"rot13")],
)
def test_what_is_not_whole_opml_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidValueError, match=r"not (XML|OPML)"):
        read(document)


def test_what_is_only_marked_as_utf_16_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="UTF-16"):
        read(b"\xff\xfea")


WHOLE = (
    archive((CSV, table(row(ONE, "A"))), ("b.json", b"[]")),
    outline(f'<outline text="A" xmlUrl="{ONE}"/>'),
    subscriptions(subscription(ONE, "A")),
    table(row(ONE, "A")),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(WHOLE)))
    for at in draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[at] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))] or content)


@given(st.binary() | damaged())
@example(b"PK\3\4")
@example(b"PK\5\6" + bytes(18))
def test_no_damage_brings_a_parser_down(content: bytes) -> None:
    with suppress(InvalidValueError):
        read(content)
