"""/assets/...: what pages are made of beside their text, held in memory and kept by browsers.

The path names the content of all of them together, so a browser may keep one for a year and still
has the new ones with the first page after an upgrade. A page of before it gets the new ones, too.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2s
from pathlib import Path

from apiflask import APIBlueprint
from flask import Response, request, url_for

from app.auth.scopes import Scope
from app.domain.errors import NotFoundError
from app.web.representations import accepts_gzip
from app.web.scopes import scope

assets = APIBlueprint("assets", __name__, enable_openapi=False)

_FOLDER = Path(__file__).parent.parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_ICON = "icon.svg"
_LEVEL = 6
_KEPT = "public, max-age=31536000, immutable"
_ASKED_ABOUT = "public, no-cache"


@dataclass(frozen=True)
class Asset:
    """One file, as it is and compressed."""

    content_type: str
    body: bytes

    @cached_property
    def gzipped(self) -> bytes:
        """The file compressed; made when it is first asked for."""
        return gzip.compress(self.body, _LEVEL, mtime=0)


@dataclass(frozen=True, slots=True)
class Bundle:
    """All files by their names, and the name of their content."""

    digest: str
    files: dict[str, Asset]


@lru_cache(maxsize=1)
def load_bundle(folder: Path = _FOLDER) -> Bundle:
    """Return what is in the folder, of the types that pages load; read once per process."""
    files = {
        path.relative_to(folder).as_posix(): Asset(_TYPES[path.suffix], path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES
    }
    digest = blake2s(digest_size=6)
    for name, asset in files.items():
        digest.update(b"%b\0%d\0%b" % (name.encode(), len(asset.body), asset.body))
    return Bundle(digest.hexdigest(), files)


def asset_path(name: str) -> str:
    """Return the path of a file, for templates; below SCRIPT_NAME."""
    bundle = load_bundle()
    if name not in bundle.files:
        raise NotFoundError(f"there is no asset {name}")
    return url_for("assets.show", digest=bundle.digest, name=name)


@assets.get("/assets/<digest>/<path:name>")
@scope(Scope.PUBLIC)
def show(digest: str, name: str) -> Response:
    """Return a file."""
    bundle = load_bundle()
    if name not in bundle.files:
        raise NotFoundError("There is no such file.")
    return _reply(bundle, name, _KEPT if digest == bundle.digest else _ASKED_ABOUT)


@assets.get("/favicon.ico")
@scope(Scope.PUBLIC)
def show_icon() -> Response:
    """Return the icon to browsers that ask by the old name, as they do beside what is no page."""
    return _reply(load_bundle(), _ICON, _ASKED_ABOUT)


def _reply(bundle: Bundle, name: str, cache_control: str) -> Response:
    asset = bundle.files[name]
    compressed = accepts_gzip(request.headers.get("Accept-Encoding", ""))
    response = Response(
        asset.gzipped if compressed else asset.body, content_type=asset.content_type
    )
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(f"{bundle.digest}{'-gzip' if compressed else ''}")
    response.headers["Cache-Control"] = cache_control
    response.headers["Vary"] = "Accept-Encoding"
    response.make_conditional(request)
    return response
