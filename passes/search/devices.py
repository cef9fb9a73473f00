"""Device tables: the rates that a roofline needs (Williams, Waterman and Patterson, 2009)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType


@dataclass(frozen=True)
class Device:
    """What a device reaches on large work, and what each call or kernel costs before any work.

    A contraction of dims m, n, k, … reaches `matmul_rate · Π d / (d + half_dim)`: short dims
    leave tiles and vector lanes idle, and a dim of `half_dim` reaches half. A dim of 1 does not
    count: a product with a vector runs on other code, which its bytes bound.
    """

    name: str
    matmul_rates: Mapping[str, float]
    """FLOP/s of a large matmul by element type."""
    vector_rate: float
    """FLOP/s of element-wise work in registers."""
    bandwidth: float
    """Bytes/s, counting bytes read and bytes written."""
    launch: float
    """Seconds that a kernel or a call takes before it does anything."""
    half_dim: int
    fuses: bool
    """Whether ops are compiled into kernels; if not, each op is a call of its own."""
    flash_head_dim: int = 0
    """Heads up to this size run in a flash attention kernel, others as matmuls and a softmax."""
    fresh_bytes: float = math.inf
    """Results from this size on come in memory that the system maps page by page."""
    fresh_rate: float = math.inf
    """Bytes/s of that mapping."""

    def matmul_rate(self, dtype: str, dims: Sequence[int]) -> float:
        """FLOP/s of a contraction over loops of these sizes; float32's for other types."""
        peak = self.matmul_rates.get(dtype, self.matmul_rates["f32"])
        return peak * math.prod(d / (d + self.half_dim) for d in dims if d > 1)

    def allocation(self, size: int) -> float:
        """Seconds to map fresh memory for a result of `size` bytes."""
        return size / self.fresh_rate if size >= self.fresh_bytes else 0.0


H200 = Device(
    name="h200",
    matmul_rates=MappingProxyType({"f16": 775e12, "bf16": 775e12, "f32": 51e12, "f64": 34e12}),
    vector_rate=51e12,
    bandwidth=4.24e12,
    launch=1.2e-6,
    half_dim=128,
    fuses=True,
    flash_head_dim=256,
)
"""NVIDIA H200. Measured in November 2026 under CUDA 13.0: large matmuls (float32 without
tf32; float64 from the data sheet), a copy, and the slot of an empty kernel in a CUDA graph.
`half_dim` is fitted to fp16 matmuls of 4096×768×(768, 2304, 3072) and 4096³, within 15%."""

H200_CALLS = replace(H200, name="h200-calls", launch=5e-6, fuses=False)
"""The same, run as torch source, a call an op: dispatch and launch of one take 5 µs or more."""

CPU = Device(
    name="cpu",
    matmul_rates=MappingProxyType({"f16": 310e9, "bf16": 1300e9, "f32": 340e9, "f64": 170e9}),
    vector_rate=10e9,
    bandwidth=47e9,
    launch=1.2e-6,
    half_dim=16,
    fuses=False,
    fresh_bytes=2**25,
    fresh_rate=4.5e9,
)
"""Two x86-64 cores with AVX-512 and AMX, torch 2.13, a call an op; measured in November 2026:
matmuls of 16 to 4096, sums and exponentials of 1 to 3·10⁷ elements. From 32 MiB on, glibc maps
and unmaps each result anew, and the page faults outweigh the arithmetic."""

DEVICES: Mapping[str, Device] = MappingProxyType({d.name: d for d in (CPU, H200, H200_CALLS)})


def device_named(name: str) -> Device:
    """The table of a device; ValueError names the known ones."""
    if name not in DEVICES:
        raise ValueError(f"unknown device '{name}', expected one of {', '.join(DEVICES)}")
    return DEVICES[name]
