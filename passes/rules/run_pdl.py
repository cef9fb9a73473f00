"""Runs the PDL of rules in xDSL, with the native functions that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from xdsl.context import Context
from xdsl.dialects import pdl
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.interpreters.pdl import PDLRewritePattern
from xdsl.ir import Attribute

from taso.dialects.assembly import to_attribute
from taso.dialects.movement import ConstantOp
from taso.dialects.spec import ConstraintError, spec_of, tensor_type
from taso.passes.rules.match_ir import ParamAnalysis
from taso.passes.rules.notation import Call, Rule, Splat, Var
from taso.passes.rules.pdl import (
    IS_PARAM,
    constraint_name,
    op_of,
    property_names,
    result_count,
    to_pdl,
)
from taso.passes.rules.sides import (
    LeftSide,
    Seen,
    Typed,
    Typing,
    nodes,
    type_right,
)


def rewrite_patterns(rule: Rule, ctx: Context, params: ParamAnalysis) -> list[PDLRewritePattern]:
    """The rule's PDL as xDSL rewrite patterns. `ctx` holds the dialect."""
    native = NativeFunctions(rule)
    constraints = {constraint_name(rule): native.match, IS_PARAM: params.is_param}
    patterns: list[PDLRewritePattern] = []
    for op in to_pdl(rule).walk():
        if isinstance(op, pdl.RewriteOp):
            pattern = PDLRewritePattern(op, ctx, native_constraints=constraints)
            pattern.interpreter.register_implementations(_NativeRewrites(native))
            patterns.append(pattern)
    return patterns


class NativeFunctions:
    """The native constraint and the native rewrite of a rule.

    Each takes result types and properties of all ops of the left side, and types of variables.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._left = LeftSide(rule)
        self._nodes = tuple(nodes(rule.lhs[:1]))

    def match(self, *arguments: Attribute) -> bool:
        """Shapes and attributes fit the left side, and the right side is defined."""
        return self._type_right(arguments) is not None

    def right(self, *arguments: Attribute) -> tuple[Attribute, ...]:
        """Result types and properties of the ops of the right side, operands first."""
        typing = cast(Typing, self._type_right(arguments))
        return tuple(a for typed in typing.values() for a in _types_and_properties(typed))

    def _type_right(self, arguments: Sequence[Attribute]) -> Typing | None:
        try:
            seen = self._see(iter(arguments))
            roots = [spec_of(a) for a in arguments[: len(self.rule.lhs)]]
        except ConstraintError:
            return None  # a type that is not the dialect's
        # The left terms are the results of one op: each has the same nodes.
        found = self._left.solve(seen * len(self.rule.lhs))
        return None if found is None else type_right(self.rule, found, roots)

    def _see(self, arguments: Iterator[Attribute]) -> list[Seen]:
        """What stands at each node. Raises `ConstraintError` on a type that is no tensor's."""
        variables: dict[str, Seen] = {}
        seen: list[Seen] = []
        for node in self._nodes:
            if not isinstance(node, Var):
                seen.append(_see_op(node, arguments))
                continue
            if node.name not in variables:
                variables[node.name] = Seen(spec_of(next(arguments)))
            seen.append(variables[node.name])
        return seen


def _see_op(node: Call | Splat, arguments: Iterator[Attribute]) -> Seen:
    types = [next(arguments) for _ in range(result_count(node))]
    properties = {name: next(arguments) for name in property_names(node)}
    # The op tells its attributes from properties and types alone.
    op = op_of(node).create(result_types=types, properties=properties)
    return Seen(spec_of(types[0]), op.attrs())


def _types_and_properties(typed: Typed) -> Iterator[Attribute]:
    yield from (tensor_type(spec) for spec in typed.results)
    if typed.op is ConstantOp:
        yield from ConstantOp.create_op((), typed.attrs).properties.values()
        return
    kinds = typed.op.attribute_kinds()
    yield from (to_attribute(typed.attrs[name], kind) for name, kind in kinds.items())


@register_impls
class _NativeRewrites(InterpreterFunctions):
    """Calls of a rule's native rewrite."""

    def __init__(self, native: NativeFunctions) -> None:
        self.native = native

    @impl(pdl.ApplyNativeRewriteOp)
    def apply(
        self, interpreter: Interpreter, op: pdl.ApplyNativeRewriteOp, args: PythonValues
    ) -> PythonValues:
        return self.native.right(*args)
