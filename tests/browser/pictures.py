"""Thumbnails as the harness draws them; nothing is fetched."""

from __future__ import annotations

import struct
import zlib
from colorsys import hls_to_rgb
from functools import lru_cache
from hashlib import sha256

WIDTH, HEIGHT = 320, 180
STEPS = 40


@lru_cache(maxsize=512)
def thumbnail(name: str) -> bytes:
    """Return a PNG that fades from one calm colour into another, both of the name alone."""
    hue = sha256(name.encode()).digest()[0] / 256
    row = b"".join(_colour(hue, step / STEPS) * (WIDTH // STEPS) for step in range(STEPS))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    pixels = zlib.compress((b"\0" + row) * HEIGHT, 1)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _colour(hue: float, share: float) -> bytes:
    """Return the red, green and blue of a place between the left edge (0) and the right one."""
    parts = hls_to_rgb((hue + share / 6) % 1, 0.3 + 0.3 * share, 0.4)
    return bytes(int(255 * part) for part in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
