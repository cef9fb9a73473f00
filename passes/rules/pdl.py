"""Rules as PDL: patterns that other MLIR tools can read, and that xDSL runs for us.

PDL says which ops stand where. What it cannot say is left to native functions: that shapes and
attributes fit the left side (a constraint), and the types and attributes of the right side (a
rewrite). Both are given the types and attributes of all ops of the left side. PDL knows no
commutative ops: there is one pattern for each order of their operands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple, cast

from xdsl.builder import Builder
from xdsl.dialects import pdl
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from taso.dialects.base import TasoOp
from taso.dialects.movement import ConstantOp
from taso.dialects.taso import OPS
from taso.passes.rules.match_ir import is_commutative
from taso.passes.rules.notation import Call, Result, Rule, RuleError, Splat, Term, Var
from taso.passes.rules.sides import Node, node_of, nodes, operands_first, root_node

IS_PARAM = "taso.is-param"


class NativeFunction(NamedTuple):
    """A function that a rule's PDL calls and that the tool which runs it has to provide."""

    kind: str
    name: str
    meaning: str


def native_functions(rule: Rule) -> list[NativeFunction]:
    """The native functions that the PDL of a rule needs."""
    meaning = "shapes and attributes fit the left side"
    functions = [NativeFunction("constraint", constraint_name(rule), meaning)]
    if _param_variables(rule):
        meaning = "the value is computed from parameters and constants alone"
        functions.append(NativeFunction("constraint", IS_PARAM, meaning))
    if operands_first(rule.rhs):
        meaning = "attributes and types of the ops on the right side"
        functions.append(NativeFunction("rewrite", rewrite_name(rule), meaning))
    return functions


def constraint_name(rule: Rule) -> str:
    """The native constraint that all but ops and operands is as the left side has it."""
    return f"{rule.name}.match"


def rewrite_name(rule: Rule) -> str:
    """The native rewrite that computes attributes and types of the right side."""
    return f"{rule.name}.right"


def _param_variables(rule: Rule) -> list[str]:
    params = [n.name for n in nodes(rule.lhs) if isinstance(n, Var) and n.param]
    return list(dict.fromkeys(params))


def has_pdl(rule: Rule) -> bool:
    """PDL can say the rule: it replaces one op with all of its results.

    It cannot where attributes decide how many results an op has.
    """
    root = root_node(rule)
    if not isinstance(root, Call) or result_count(root) != len(rule.lhs):
        return False
    return all(result_count(node) for node in operands_first((*rule.lhs, *rule.rhs)))


def to_pdl(rule: Rule) -> ModuleOp:
    """A `pdl.pattern` for each order of operands. Raises `RuleError` unless `has_pdl`."""
    if not has_pdl(rule):
        raise RuleError(
            f"rule {rule.name}: PDL can only replace one op, by ops of known numbers of results"
        )
    return ModuleOp([_Pattern(rule, swapped).op for swapped in _operand_orders(rule)])


def _operand_orders(rule: Rule) -> Iterator[frozenset[int]]:
    """Each choice of nodes whose two operands stand the other way round."""
    commutative = [i for i, node in enumerate(nodes(rule.lhs[:1])) if _has_two_orders(node)]
    for swaps in product((False, True), repeat=len(commutative)):
        yield frozenset(i for i, swap in zip(commutative, swaps, strict=True) if swap)


def _has_two_orders(node: Node) -> bool:
    if not isinstance(node, Call) or not is_commutative(OPS[node.op]):
        return False
    return node.args[0] != node.args[1]


def result_count(node: Call | Splat) -> int:
    """How many results the op has; 0 if its attributes decide that."""
    sizes = dict(node.attrs).get("sizes", (1,)) if isinstance(node, Call) else (1,)
    return len(sizes) if isinstance(sizes, tuple) else 0


def property_names(node: Call | Splat) -> tuple[str, ...]:
    """The properties of the op, in the order in which PDL lists them."""
    return tuple(op_of(node).attribute_kinds())


def op_of(node: Call | Splat) -> type[TasoOp]:
    """The op that the node is."""
    return OPS[node.op] if isinstance(node, Call) else ConstantOp


class _Pattern:
    """Writes the `pdl.pattern` of a rule for one order of operands, as `op`."""

    def __init__(self, rule: Rule, swapped: frozenset[int]) -> None:
        self.rule = rule
        self.swapped = swapped
        self.variables: dict[str, SSAValue] = {}
        self.arguments: list[list[SSAValue]] = []
        """Of each node, result types and attributes: what the native functions are given.

        A variable's type comes where it is first used.
        """
        left = Block()
        self.builder = Builder(InsertPoint.at_end(left))
        root = self.match_op(cast(Call, root_node(rule)))
        self.constrain()
        right = Region(Block())
        self.builder.insert(pdl.RewriteOp(root, right))
        self.builder = Builder(InsertPoint.at_end(right.block))
        self.replace(root)
        name = rule.name.replace("-", "_") + "".join(f"_{i}" for i in sorted(swapped))
        self.op = pdl.PatternOp(1, name, Region(left))

    def insert(self, op: Operation) -> SSAValue:
        return self.builder.insert(op).results[0]

    def match(self, term: Term) -> SSAValue:
        """Match a term; its pdl.value."""
        if isinstance(term, Var):
            return self.match_variable(term.name)
        index = term.index if isinstance(term, Result) else 0
        op = self.match_op(cast(Call | Splat, node_of(term)))
        return self.insert(pdl.ResultOp(index, op))

    def match_variable(self, name: str) -> SSAValue:
        self.arguments.append([])
        if name not in self.variables:
            type_ = self.insert(pdl.TypeOp())
            self.variables[name] = self.insert(pdl.OperandOp(type_))
            type_.name_hint, self.variables[name].name_hint = f"{name}_type", name
            self.arguments[-1].append(type_)
        return self.variables[name]

    def match_op(self, node: Call | Splat) -> SSAValue:
        """Match an op; its pdl.operation. Each occurrence may be an op of its own."""
        arguments: list[SSAValue] = []
        swap = len(self.arguments) in self.swapped
        self.arguments.append(arguments)
        operands = [self.match(arg) for arg in node.args] if isinstance(node, Call) else []
        if swap:
            operands.reverse()
        attributes = [self.insert(pdl.AttributeOp()) for _ in property_names(node)]
        types = [self.insert(pdl.TypeOp()) for _ in range(result_count(node))]
        arguments += [*types, *attributes]
        return self.insert(_operation(node, operands, attributes, types))

    def flat_arguments(self) -> list[SSAValue]:
        return [value for values in self.arguments for value in values]

    def constrain(self) -> None:
        name = constraint_name(self.rule)
        self.builder.insert(pdl.ApplyNativeConstraintOp(name, self.flat_arguments(), []))
        for name in _param_variables(self.rule):
            value = self.variables[name]
            self.builder.insert(pdl.ApplyNativeConstraintOp(IS_PARAM, [value], []))

    def replace(self, root: SSAValue) -> None:
        """Build the right side and put it in place of the root."""
        built: dict[Node, SSAValue] = {}
        right = operands_first(self.rule.rhs)
        computed = iter(self.compute(right))
        for node in right:
            args = node.args if isinstance(node, Call) else ()
            operands = [self.value(arg, built) for arg in args]
            types = [next(computed) for _ in range(result_count(node))]
            attributes = [next(computed) for _ in property_names(node)]
            built[node] = self.insert(_operation(node, operands, attributes, types))
        values = [self.value(term, built) for term in self.rule.rhs]
        self.builder.insert(pdl.ReplaceOp(root, None, values))

    def compute(self, right: Sequence[Call | Splat]) -> Sequence[SSAValue]:
        """Result types and attributes of each of the nodes, one after the other."""
        kinds: list[Attribute] = []
        for node in right:
            kinds += [pdl.TypeType()] * result_count(node)
            kinds += [pdl.AttributeType()] * len(property_names(node))
        if not kinds:
            return ()
        name = rewrite_name(self.rule)
        return self.builder.insert(
            pdl.ApplyNativeRewriteOp(name, self.flat_arguments(), kinds)
        ).results

    def value(self, term: Term, built: dict[Node, SSAValue]) -> SSAValue:
        """The pdl.value of a term on the right."""
        if isinstance(term, Var):
            return self.variables[term.name]
        index = term.index if isinstance(term, Result) else 0
        return self.insert(pdl.ResultOp(index, built[node_of(term)]))


def _operation(
    node: Call | Splat,
    operands: Sequence[SSAValue],
    attributes: Sequence[SSAValue],
    types: Sequence[SSAValue],
) -> pdl.OperationOp:
    names = [StringAttr(name) for name in property_names(node)]
    return pdl.OperationOp(op_of(node).name, names, operands, attributes, types)
