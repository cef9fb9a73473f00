"""Random programs in which the left sides of rules stand."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, DictionaryAttr, ModuleOp, UnitAttr
from xdsl.ir import Block, Region, SSAValue

from taso.dialects.base import Array, Attrs, TasoOp, TensorSpec, spec_of, tensor_type
from taso.dialects.elementwise import NegOp
from taso.passes.rules.instances import Instance, draw_instance
from taso.passes.rules.match_ir import is_commutative
from taso.passes.rules.notation import Call, Result, Rule, Term, Var, variables
from taso.passes.rules.sides import Substitution, node_of, type_terms


class RandomProgram:
    """A function under construction: no two ops in it are equal, up to commutation."""

    def __init__(self, seed: int, dtype: str) -> None:
        self.rng = random.Random(seed)
        self.dtype = dtype
        self.block = Block()
        self.values: list[SSAValue] = []
        self._rank: dict[SSAValue, float] = {}
        self._made: dict[object, TasoOp] = {}
        self._params: list[bool] = []

    def embed(self, rule: Rule) -> None:
        """Add the left side at sizes drawn for it, on values that fit or on new arguments."""
        instance = draw_instance(rule, self.rng, self.dtype)
        assert instance is not None, f"no instance of {rule.name}"
        names: dict[str, SSAValue] = {}
        for name, var in variables(rule.lhs).items():
            names[name] = self._operand(instance.specs[name], var.param, set(names.values()))
        self._build(rule.lhs, instance, names)

    def distract(self) -> None:
        """Use some value once more."""
        if self.values:
            self._emit(NegOp, [self.rng.choice(self.values)], {})

    def module(self) -> ModuleOp:
        """The program; it returns every value that an op in it computes."""
        args = [arg.type for arg in self.block.args]
        results = [v for op in self.block.ops for v in op.results]
        self.block.add_op(func.ReturnOp(*results))
        function = func.FuncOp("main", (args, [v.type for v in results]), Region(self.block))
        function.arg_attrs = ArrayAttr(
            DictionaryAttr({"taso.param": UnitAttr()} if param else {}) for param in self._params
        )
        module = ModuleOp([function])
        module.verify()
        return module

    def _operand(self, spec: TensorSpec, param: bool, taken: set[SSAValue]) -> SSAValue:
        # Siblings on one value would be one op.
        free = [v for v in self.values if spec_of(v) == spec and v not in taken]
        fitting = [v for v in free if self._is_param(v) or not param]
        if fitting and self.rng.random() < 0.4:
            return self.rng.choice(fitting)
        value = self.block.insert_arg(tensor_type(spec), len(self.block.args))
        self._params.append(param)
        self._add(value)
        return value

    def _is_param(self, value: SSAValue) -> bool:
        owner = value.owner
        if isinstance(owner, Block):
            return self._params[owner.args.index(value)]
        return all(self._is_param(v) for v in owner.operands)

    def _build(self, terms: Sequence[Term], instance: Instance, names: dict[str, SSAValue]) -> None:
        shapes = {name: spec.shape for name, spec in instance.specs.items()}
        typing = type_terms(terms, Substitution(instance.symbols, shapes, self.dtype))
        assert typing is not None
        built: dict[Term, TasoOp] = {}

        def value(term: Term) -> SSAValue:
            if isinstance(term, Var):
                return names[term.name]
            return built[node_of(term)].results[term.index if isinstance(term, Result) else 0]

        for node, typed in typing.items():
            operands = [value(arg) for arg in node.args] if isinstance(node, Call) else []
            built[node] = self._emit(typed.op, operands, typed.attrs)

    def _emit(self, op: type[TasoOp], operands: Sequence[SSAValue], attrs: Attrs) -> TasoOp:
        if is_commutative(op):
            # One order for all ops on two values, at random for each two.
            operands = sorted(operands, key=self._rank.__getitem__)
        key = (op.name, tuple(operands), tuple(sorted(attrs.items())))
        if key not in self._made:
            made = self._made[key] = op.create_op(operands, attrs)
            self.block.add_op(made)
            for result in made.results:
                self._add(result)
        return self._made[key]

    def _add(self, value: SSAValue) -> None:
        self.values.append(value)
        self._rank[value] = self.rng.random()


def random_program(rules: Sequence[Rule], seed: int, dtype: str = "f64") -> ModuleOp:
    """A program in which each rule's left side stands, on values that they share in part."""
    program = RandomProgram(seed, dtype)
    for rule in rules:
        program.embed(rule)
        program.distract()
    return program.module()


def assert_same_meaning(given: Sequence[Array], expected: Sequence[Array]) -> None:
    """Arrays are equal but for rounding in float64 wherever the expected ones are finite."""
    for a, b in zip(given, expected, strict=True):
        finite = np.isfinite(b)
        scale = 1.0 + np.max(np.abs(b), where=finite, initial=0.0)
        assert a.shape == b.shape
        error = np.abs(np.where(finite, a, 0.0) - np.where(finite, b, 0.0))
        assert np.max(error, initial=0.0) <= 1e-9 * scale
