"""Thumbnails as the harness draws them; nothing is fetched."""

from __future__ import annotations

import struct
import zlib
from hashlib import sha256

WIDTH, HEIGHT = 320, 180


def thumbnail(name: str) -> bytes:
    """Return a PNG that fades from one colour into another, both of the name alone."""
    seed = sha256(name.encode()).digest()
    left, right = seed[:3], seed[3:6]
    row = b"".join(_between(left, right, column / WIDTH) for column in range(WIDTH))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + row) * HEIGHT, 1)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _between(left: bytes, right: bytes, share: float) -> bytes:
    return bytes(int(a + (b - a) * share) for a, b in zip(left, right, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
