"""A program on its way from IR to generated source, and what it gains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser
from xdsl.passes import ModulePass

from taso.dialects.extern import is_random
from taso.dialects.taso import Taso
from taso.frontends import cache
from taso.frontends.needed_rules import needed_rules
from taso.lowering.pipeline import lower
from taso.lowering.torch_source import file_name, torch_source
from taso.lowering.triton_source.module import triton_source
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.optimize import OptimizePass
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import Device, device_named
from taso.passes.search.extract import function_cost
from taso.passes.search.interrupt import interruptible
from taso.passes.search.saturate import Limits
from taso.passes.statistics import Statistics, statistics

DEVICE_TABLES = {"cpu": "cpu", "cuda": "h200-calls"}
"""The cost model's device for a torch device type, run as torch source."""


@dataclass(frozen=True)
class Build:
    """A module with a function `@main`, optimised on demand for a torch device type.

    numerics: "reassociating", or "exact" for results that stay bitwise the same.
    time_limit: seconds for the search.
    trusted: overloads of torch ops that a PyTorch program calls; see `torch_source`.

    What was made of an equal program before is taken from the cache (`taso.frontends.cache`).
    """

    given: ModuleOp
    device: str = "cpu"
    numerics: str = OptimizePass.numerics
    time_limit: float = Limits.seconds
    trusted: frozenset[str] = frozenset()

    @cached_property
    def optimized(self) -> ModuleOp:
        """The cheapest equal program found, its parameters hoisted and its kernels formed.

        Raises `DiagnosticException`, as passes do.
        """
        return _parse(self._made["optimized"])

    @property
    def source(self) -> str:
        """The optimised program as source for the device. Raises `DiagnosticException`."""
        return self._made["source"]

    @cached_property
    def _made(self) -> cache.Entry:
        options = (self.device, self.numerics, repr(self.time_limit))
        texts = (str(self.given), file_name(self.given) or "")
        key = cache.key_of(*texts, *options, *sorted(self.trusted))
        entry = cache.load(key)
        if entry is None or not entry.keys() >= {"optimized", "source"}:
            with interruptible() as interrupt:
                entry = self._make()
            if not interrupt.requested:
                cache.store(key, entry)
        return entry

    def _make(self) -> cache.Entry:
        table = DEVICE_TABLES[self.device]
        search = OptimizePass(table, self.numerics, time_limit=self.time_limit)
        optimized = _apply(self.given, (search, HoistParamsPass(), FormKernelsPass(table)))
        return {"optimized": str(optimized), "source": self._generate(optimized)}

    def _generate(self, optimized: ModuleOp) -> str:
        write = triton_source if self.device == "cuda" else torch_source
        return write(lower(optimized), trusted=self.trusted)

    @cached_property
    def torch_source(self) -> str:
        """The optimised program as torch source alone, without kernels of its own."""
        return torch_source(lower(self.optimized), trusted=self.trusted)

    @cached_property
    def before(self) -> Statistics:
        return statistics(main_of(self.given), self._device)

    @cached_property
    def after(self) -> Statistics:
        return statistics(main_of(self.optimized), self._device)

    @cached_property
    def predicted(self) -> tuple[float, float]:
        """Seconds of the given and of the optimised program under the cost model."""
        model = CostModel(self._device)
        before, after = (function_cost(main_of(m), model) for m in (self.given, self.optimized))
        return before, after

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """Rules without any one of which the search would end at a higher cost."""
        limits = Limits(seconds=self.time_limit)
        exact = self.numerics == "exact"
        return needed_rules(main_of(self.given), CostModel(self._device), limits, exact=exact)

    @property
    def is_random(self) -> bool:
        """Whether the program draws random numbers."""
        return any(map(is_random, self.given.walk()))

    @property
    def _device(self) -> Device:
        return device_named(DEVICE_TABLES[self.device])


def generate(module: ModuleOp, *, trusted: frozenset[str] = frozenset()) -> str:
    """The torch source of a module. Raises `DiagnosticException`."""
    return torch_source(lower(module), trusted=trusted)


def main_of(module: ModuleOp) -> func.FuncOp:
    """The function `@main`, which the module has."""
    return next(
        op for op in module.ops if isinstance(op, func.FuncOp) and op.sym_name.data == "main"
    )


def _parse(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, func.Func, Taso):
        context.load_dialect(dialect)
    return Parser(context, text).parse_module()


def _apply(module: ModuleOp, passes: Sequence[ModulePass]) -> ModuleOp:
    """A copy of the module after the passes."""
    result = module.clone()
    for each in passes:
        each.apply(Context(), result)
        result.verify()
    return result
