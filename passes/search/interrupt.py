"""Ctrl-C ends a search early, not the program: what was found so far is used.

Search and solver look at `is_over` as they go. A KeyboardInterrupt out of nowhere would leave an
e-graph in the middle of a change.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether Ctrl-C was pressed, while one `interruptible` block runs."""

    requested = False


_active: Interrupt | None = None


def is_over(deadline: float) -> bool:
    """The deadline, a `time.monotonic`, has passed, or the search was interrupted."""
    return time.monotonic() > deadline or is_interrupted()


def is_interrupted() -> bool:
    """Ctrl-C was pressed in the `interruptible` block that runs, if one does."""
    return _active is not None and _active.requested


@contextmanager
def interruptible() -> Generator[Interrupt]:
    """Let the first Ctrl-C set a flag; the second one acts as it did before.

    Blocks may stand in blocks: they are one. Signals arrive in the main thread alone: elsewhere,
    this does nothing.
    """
    global _active
    if _active is not None or threading.current_thread() is not threading.main_thread():
        yield _active or Interrupt()
        return
    before = signal.getsignal(signal.SIGINT)
    if before is None or before is signal.SIG_IGN:
        yield Interrupt()
        return
    _active = interrupt = Interrupt()

    def request(number: int, frame: FrameType | None) -> None:
        interrupt.requested = True
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, request)
    try:
        yield interrupt
    finally:
        _active = None
        signal.signal(signal.SIGINT, before)
