"""Times a program, optimised, beside what PyTorch makes of it."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import nn
from torch._dynamo.exc import TorchDynamoException
from torch._inductor import config as inductor_config

from taso.lowering.measure import Contender, Timing, measure
from taso.tools.reference import largest_error, tensors
from taso.tools.subjects import Subject

OURS = "taso"
GENERATED = "taso-torch"
"""Our source as it is generated, where ours is compiled by Inductor."""


@dataclass(frozen=True)
class Peer:
    """How PyTorch runs a plain program."""

    make: Callable[[Callable[..., Any]], Callable[..., Any]]
    """What to call in its place."""
    inductor: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Inductor's settings that have to be in force when the first call compiles it."""


# torch.compile looks at `freezing` before it applies its options. Without it among them, code that
# was compiled for another peer would do for this one.
_FREEZING: dict[str, Any] = {"freezing": True}
PEERS = {
    "eager": Peer(lambda plain: plain),
    "compile": Peer(torch.compile),
    "compile-freezing": Peer(lambda plain: torch.compile(plain, options=_FREEZING), _FREEZING),
    "max-autotune": Peer(lambda plain: torch.compile(plain, mode="max-autotune")),
}


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
            **(asdict(subject.counts) if subject.counts else {}),
        }


def hold(subject: Subject, peers: Sequence[str], *, time_limit: float = 5.0) -> Outcome:
    """Time ours and the peers in one run, and check ours on other fresh inputs.

    Each peer has a copy of the program, and none uses what was compiled for an earlier subject. A
    peer that cannot compile the program is left out, with a warning on stderr.
    """
    torch.compiler.reset()
    with torch.no_grad():
        inputs = subject.fresh_inputs()
        contenders: dict[str, Contender] = {OURS: _call(subject.optimized, inputs)}
        if subject.generated is not None:
            contenders[GENERATED] = _call(subject.generated, inputs)
        for peer in peers:
            plain = subject.plain
            copied = copy.deepcopy(plain) if isinstance(plain, nn.Module) else plain
            call = _call(PEERS[peer].make(copied), inputs)
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
        with inductor_config.patch(dict(PEERS[peer].inductor)):
            call()
    except TorchDynamoException as e:
        reason = str(e).strip().partition("\n")[0]
        print(f"warning: {peer} cannot run {name}: {reason}", file=sys.stderr)
        return False
    return True
