"""The key that signs tokens in the embedded mode: made at the first start, and kept."""

from __future__ import annotations

import secrets
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from app import files
from app.settings import LEAST_SECRET, SettingsError

if TYPE_CHECKING:
    from app.settings import Settings

PATH = Path("var/secret_key")
_RANDOM_BYTES = 32


def with_secret_key(settings: Settings, path: Path = PATH) -> Settings:
    """Return the settings with the key in `path` if they name none; it is made if need be.

    Raises:
        SettingsError: the file holds no key.
    """
    if settings.secret_key:
        return settings
    if not path.exists():
        _make(path)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    if len(key) < LEAST_SECRET:
        raise SettingsError(f"SECRET_KEY: {path} holds no key: remove it")
    return settings.model_copy(update={"secret_key": key})


def _make(path: Path) -> None:
    """Write a key for its owner's eyes; of several processes that do so the first one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_hex(_RANDOM_BYTES).encode()
    with TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        draft = files.write(Path(folder, path.name), BytesIO(key))
        with suppress(FileExistsError):
            files.publish(draft, path)
