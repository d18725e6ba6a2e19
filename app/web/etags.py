"""ETags: which version of what, in which encoding. They name what is shown, not the bytes.

To hash half a megabyte per request would cost more than the page. Figures that move without a
change of content (counts of views and likes, when a video was fetched) and with them the bytes may
differ under one ETag; who asks again by it keeps the older figures until the content changes.
"""

from __future__ import annotations

import re
from hashlib import blake2s

IDENTITY, GZIP = "identity", "gzip"

_TAG = re.compile(r'"([0-9]{1,19})-([0-9a-f]{12})-(?:identity|gzip)"', re.ASCII)


def make_etag(version: int, address: str) -> str:
    """Return the ETag, without quotes, of a reply as it is.

    Args:
        version: of the content that the reply shows; a change of it means another version.
        address: the canonical path of the reply.
    """
    return f"{version}-{_short_hash(address)}-{IDENTITY}"


def gzipped(etag: str) -> str:
    """Return the header's ETag of the same reply, compressed."""
    return f'{etag[: -len(IDENTITY) - 1]}{GZIP}"'


def is_plain(etag: str) -> bool:
    """Tell whether a header's ETag is one of ours, of a reply as it is."""
    return etag.endswith(f'-{IDENTITY}"')


def newest_named(if_none_match: str, address: str) -> int:
    """Return the newest version of a reply that a client says it has; 0 if none."""
    named = _TAG.findall(if_none_match)
    ours = _short_hash(address) if named else ""
    return max((int(version) for version, hashed in named if hashed == ours), default=0)


def newest_tag(if_none_match: str, address: str) -> str:
    """Return the ETag, with its quotes, of the newest version of a reply that a client has.

    Raises:
        ValueError: it names none.
    """
    named = (tag for tag in _TAG.finditer(if_none_match) if tag[2] == _short_hash(address))
    return max(named, key=lambda tag: int(tag[1]))[0]


def _short_hash(text: str) -> str:
    return blake2s(text.encode(), digest_size=6).hexdigest()
