"""Measured costs on disk, one file for each device and the libraries that compute on it.

A file lies in the folder of the cache of builds. It says what it was measured on, so that one that
has been copied from elsewhere, or that is damaged, is known for it: it is set aside.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import platform
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from taso import __version__
from taso.frontends.cache import folder
from taso.frontends.files import write_atomically
from taso.lowering.measured_cost import Call

FORMAT = 1


def environment(device: str) -> dict[str, str]:
    """What costs on a device, "cpu" or "cuda", depend on beside the calls."""
    found = {"taso": __version__, "torch": torch.__version__, "python": platform.python_version()}
    if device == "cuda":
        versions = (torch.version.cuda, torch.backends.cudnn.version())
        return {**found, "device": torch.cuda.get_device_name(), "libraries": str(versions)}
    threads = str(torch.get_num_threads())
    return {
        **found,
        "device": _cpu_name(),
        "threads": threads,
        "libraries": torch.__config__.show(),
    }


def _cpu_name() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def path_of(device: str) -> Path:
    """The file for this device and these libraries, whether it is there or not."""
    text = json.dumps(environment(device), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return folder() / f"{device}-{digest[:16]}.costs"


def load(device: str) -> dict[str, float]:
    """Seconds by the keys of calls; nothing where nothing has been measured.

    A file that cannot be used is renamed, with a warning on stderr.
    """
    if device == "cuda" and not torch.cuda.is_available():
        return {}
    path = path_of(device)
    try:
        return _read(path, device)
    except FileNotFoundError:
        return {}
    except OSError as e:
        _warn(f"{path}: cannot be read: {e.strerror}; nothing counts as measured")
    except (ValueError, LookupError, TypeError, AttributeError) as e:
        _set_aside(path, str(e))
    return {}


def store(device: str, costs: Mapping[str, float]) -> None:
    """Add costs to the file, over those that it has for the same calls. Raises OSError."""
    path = path_of(device)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(path):
        whole = {**load(device), **costs}
        content = {"format": FORMAT, "environment": environment(device), "seconds": whole}
        write_atomically(str(path), json.dumps(content, indent=0) + "\n")


def digest(costs: Mapping[str, float]) -> str:
    """A hash of costs: what is built under them depends on it."""
    return hashlib.sha256(json.dumps(dict(costs), sort_keys=True).encode()).hexdigest()


def _read(path: Path, device: str) -> dict[str, float]:
    content: Any = json.loads(path.read_text("utf-8"))
    if content["format"] != FORMAT:
        raise ValueError(f"format {content['format']}, expected {FORMAT}")
    if content["environment"] != environment(device):
        raise ValueError("it was measured on another device, or with other libraries")
    seconds: dict[str, float] = content["seconds"]
    for key, value in seconds.items():
        Call.parse(key)
        if not isinstance(value, float) or not 0 <= value < math.inf:
            raise ValueError(f"{value!r} is no time")
    return seconds


def _set_aside(path: Path, reason: str) -> None:
    kept = path.with_suffix(".costs.bad")
    with suppress(OSError):
        path.replace(kept)
    _warn(f"{path}: not a cache of costs for here ({reason}); it is now {kept.name}")


def _warn(text: str) -> None:
    print(f"warning: {text}", file=sys.stderr)


@contextmanager
def _locked(path: Path) -> Generator[None]:
    """Only one process at a time adds to a file."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
