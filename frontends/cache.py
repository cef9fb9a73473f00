"""A cache of builds on disk, for the user who runs a script again.

An entry is a JSON file of strings, named by a hash of all that it was made from, the package's own
source included. It lies in `$TASO_CACHE_DIR`, by default `taso` in the user's cache folder, and
holds code that will be run: whoever can write there can already change what the user runs.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from taso.frontends.files import write_atomically

MAX_ENTRIES = 512
"""The entries read or written longest ago are dropped beyond this many."""

Entry = Mapping[str, str]


def load(key: str) -> Entry | None:
    """The entry for a key, if there is a whole one."""
    path = _path(key)
    try:
        entry = json.loads(path.read_text("utf-8"))
        os.utime(path)
    except (OSError, ValueError):
        return None
    fits = isinstance(entry, dict) and all(isinstance(v, str) for v in entry.values())
    return entry if fits else None


def store(key: str, entry: Entry) -> None:
    """Keep an entry. A folder that cannot be written is no error: nothing is kept then."""
    path = _path(key)
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(str(path), json.dumps(dict(entry)))
        _drop_oldest(path.parent)


def key_of(*parts: str) -> str:
    """The hash of some texts, and of the code that makes an entry of them."""
    digest = hashlib.sha256(_fingerprint())
    for part in parts:
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def folder() -> Path:
    """Where entries lie."""
    chosen = os.environ.get("TASO_CACHE_DIR")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(home) / "taso"


def _path(key: str) -> Path:
    return folder() / f"{key}.json"


def _drop_oldest(parent: Path) -> None:
    entries = list(parent.glob("*.json"))
    if len(entries) > MAX_ENTRIES:
        entries.sort(key=lambda path: path.stat().st_mtime)
        for path in entries[: len(entries) - MAX_ENTRIES]:
            path.unlink(missing_ok=True)


@functools.cache
def _fingerprint() -> bytes:
    """A hash of the package's source and of the versions that what it writes depends on."""
    digest = hashlib.sha256(sys.version.encode())
    for package in ("xdsl", "highspy", "numpy", "torch"):
        digest.update(version(package).encode())
    for path in _sources(files("taso")):
        digest.update(path.read_bytes())
    return digest.digest()


def _sources(parent: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for entry in sorted(parent.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found += _sources(entry)
        elif entry.name.endswith(".py"):
            found.append(entry)
    return found
