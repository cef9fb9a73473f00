"""Times a program, optimised, beside what PyTorch makes of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch._dynamo.exc import TorchDynamoException

from taso.lowering.measure import Contender, Timing, measure
from taso.tools.reference import largest_error
from taso.tools.subjects import Subject, tensors

OURS = "taso"
PEERS: dict[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
    "eager": lambda plain: plain,
    "compile": torch.compile,
    "max-autotune": lambda plain: torch.compile(plain, mode="max-autotune"),
}
"""How a peer is made of the plain program."""


@dataclass(frozen=True)
class Outcome:
    """The timing of each contender, and the largest relative error of ours against float64."""

    subject: Subject
    timings: dict[str, Timing]
    max_rel_error: float

    def as_dict(self) -> dict[str, Any]:
        """As plain data; times are in microseconds, `spread` is the interquartile range as a
        share of the median."""
        subject = self.subject
        return {
            "name": subject.name,
            "device": subject.device,
            "dtype": subject.dtype,
            **subject.report.as_dict(),
            "time_us": {name: t.median * 1e6 for name, t in self.timings.items()},
            "spread": {name: t.spread for name, t in self.timings.items()},
            "max_rel_error": self.max_rel_error,
        }


def hold(subject: Subject, peers: Sequence[str], *, time_limit: float = 5.0) -> Outcome:
    """Time ours and the peers in one run, and check ours on other fresh inputs.

    A peer that cannot compile the program is left out, with a warning on stderr.
    """
    with torch.no_grad():
        inputs = subject.fresh_inputs()
        contenders: dict[str, Contender] = {OURS: _call(subject.optimized, inputs)}
        for peer in peers:
            call = _call(PEERS[peer](subject.plain), inputs)
            if _runs(call, peer, subject.name):
                contenders[peer] = call
        timings = measure(contenders, device=subject.device, time_limit=time_limit)
        fresh = subject.fresh_inputs()
        error = largest_error(tensors(subject.optimized(*fresh)), subject.reference(fresh))
    return Outcome(subject, timings, error)


def _call(function: Callable[..., Any], inputs: Sequence[Any]) -> Contender:
    return lambda: function(*inputs)


def _runs(call: Contender, peer: str, name: str) -> bool:
    try:
        call()
    except TorchDynamoException as e:
        reason = str(e).strip().partition("\n")[0]
        print(f"warning: {peer} cannot run {name}: {reason}", file=sys.stderr)
        return False
    return True
