"""A program on its way from IR to generated source, and what it gains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.parser import Parser
from xdsl.passes import ModulePass

from taso.dialects.extern import is_random
from taso.dialects.taso import Taso
from taso.frontends import cache, cost_cache
from taso.frontends.fastest import fastest
from taso.frontends.needed_rules import needed_rules
from taso.lowering.measured_cost import MeasuredCostModel
from taso.lowering.pipeline import lower
from taso.lowering.torch_source import file_name, torch_source
from taso.lowering.triton_source.module import triton_source
from taso.passes.apply_rules import find_rule
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.optimize import OptimizePass, optimize_function
from taso.passes.rules.library import DEFAULT_RULES
from taso.passes.search.convert import UnsupportedError
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import Device, device_named
from taso.passes.search.explain import Explanation
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
    costs: seconds of calls that have been measured on the device (`taso.frontends.cost_cache`).
    candidates: of how many of the cheapest programs the fastest is taken; they are run if there is
        more than one.

    What was made of an equal program before is taken from the cache (`taso.frontends.cache`).
    """

    given: ModuleOp
    device: str = "cpu"
    numerics: str = OptimizePass.numerics
    time_limit: float = Limits.seconds
    trusted: frozenset[str] = frozenset()
    costs: Mapping[str, float] = field(default_factory=dict[str, float])
    candidates: int = 1

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
        options = (self.device, self.numerics, repr(self.time_limit), str(self.candidates))
        texts = (str(self.given), file_name(self.given) or "", cost_cache.digest(self.costs))
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
        search = OptimizePass(
            table, self.numerics, time_limit=self.time_limit, candidates=self.candidates
        )
        searched = self.given.clone()
        search.run(searched, self.model, partial(fastest, device=self.device, trusted=self.trusted))
        searched.verify()
        optimized = _apply(searched, (HoistParamsPass(), FormKernelsPass(table)))
        return {"optimized": str(optimized), "source": self._generate(optimized)}

    def _generate(self, optimized: ModuleOp) -> str:
        write = triton_source if self.device == "cuda" else torch_source
        return write(lower(optimized), trusted=self.trusted)

    @cached_property
    def torch_source(self) -> str:
        """The optimised program as torch source alone, without kernels of its own."""
        return torch_source(lower(self.optimized), trusted=self.trusted)

    @property
    def model(self) -> CostModel:
        """The cost model of the search: of what was measured, or else the device's roofline."""
        if not self.costs:
            return CostModel(self._device)
        return MeasuredCostModel(self._device, self.costs)

    @cached_property
    def measured(self) -> tuple[int, int]:
        """Of how many different calls of the optimised program the cost was measured, and how
        many there are. Opaque calls do not count."""
        model = MeasuredCostModel(self._device, self.costs)
        return model.coverage(main_of(self.optimized))

    @cached_property
    def before(self) -> Statistics:
        return statistics(main_of(self.given), self._device)

    @cached_property
    def after(self) -> Statistics:
        return statistics(main_of(self.optimized), self._device)

    @cached_property
    def predicted(self) -> tuple[float, float]:
        """Seconds of the given and of the optimised program under the cost model."""
        model = self.model
        given, optimized = main_of(self.given), main_of(self.optimized)
        return function_cost(given, model), function_cost(optimized, model, given=given)

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """Rules without any one of which the search would end at a higher cost."""
        limits = Limits(seconds=self.time_limit)
        exact = self.numerics == "exact"
        return needed_rules(main_of(self.given), self.model, limits, exact=exact)

    @property
    def is_random(self) -> bool:
        """Whether the program draws random numbers."""
        return any(map(is_random, self.given.walk()))

    @cached_property
    def explanation(self) -> Explanation:
        """The steps that the search takes, which is run again; none where it leaves the program."""
        limits, exact = Limits(seconds=self.time_limit), self.numerics == "exact"
        function, rules = main_of(self.given.clone()), [find_rule(n) for n in DEFAULT_RULES]
        try:
            done = optimize_function(
                function, rules, self.model, limits, exact=exact, explained=True
            )
        except UnsupportedError:
            done = None
        if done is None or done.explanation is None:
            return Explanation(function.sym_name.data, (), self.predicted)
        return done.explanation

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
