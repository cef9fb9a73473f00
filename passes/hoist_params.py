"""`taso-hoist-params`: what depends on parameters alone is computed once, beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IntegerAttr,
    ModuleOp,
    i64,
)
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue
from xdsl.passes import ModulePass
from xdsl.transforms.dead_code_elimination import is_trivially_dead

from taso.dialects.base import OpKind, TasoOp
from taso.dialects.extern import is_repeated
from taso.dialects.kernel import KernelOp
from taso.dialects.movement import ConstantOp

PARAM = "taso.param"
SOURCE = "taso.source"
PREPARED = "taso.prepared"
ARGUMENTS = "taso.arguments"


class HoistParamsPass(ModulePass):
    """Moves what is computed from parameters and constants alone out of each public function.

    `@main__prepare` takes the parameters that this needs, each with `taso.source`, its index
    among the arguments that `@main` had, and returns the prepared values. `@main` then takes its
    inputs, the parameters that it still needs (both with `taso.source`), and the prepared values,
    each with `taso.prepared`, its index among the results of `@main__prepare`. Its attribute
    `taso.arguments` lists the types of the arguments that it had: a caller passes those, also
    the ones that nothing reads.

    A view of a parameter or of a prepared value stays where it is used: it is free there, and
    prepared it would take memory. Random calls, calls without operands, and what needs them stay
    too, and so do functions without parameters, with branches, and those prepared already.
    """

    name = "taso-hoist-params"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        functions = [f for f in op.ops if isinstance(f, func.FuncOp)]
        names = {f.sym_name.data for f in functions}
        for function in functions:
            public = function.sym_visibility is None or function.sym_visibility.data == "public"
            one_block = not function.is_declaration and len(function.body.blocks) == 1
            if public and one_block and prepare_name(function) not in names:
                hoist_params(function)


def prepare_name(function: func.FuncOp) -> str:
    """The name of the function that prepares the parameters of another."""
    return f"{function.sym_name.data}__prepare"


def hoist_params(function: func.FuncOp) -> None:
    """Split off `prepare_name(function)`, after the function, if there is anything to prepare."""
    prepared = _values_to_prepare(function.body.block, _known_beforehand(function))
    block = function.parent_block()
    if prepared and block is not None:
        block.insert_op_after(_prepare_function(function, prepared), function)
        _replace_arguments(function, prepared)


def _argument_attrs(function: func.FuncOp, index: int) -> dict[str, Attribute]:
    attrs = function.arg_attrs
    return dict(attrs.data[index].data) if attrs is not None else {}


def _known_beforehand(function: func.FuncOp) -> set[SSAValue]:
    """Values that depend on parameters and constants alone; none without parameters."""
    block = function.body.block
    known: set[SSAValue] = {a for a in block.args if PARAM in _argument_attrs(function, a.index)}
    if not known:
        return known
    for op in block.ops:
        if _is_known(op, known):
            known.update(op.results)
    return known


def _is_known(op: Operation, known: set[SSAValue]) -> bool:
    """Whether an op of known operands gives what can be computed beforehand."""
    pure = isinstance(op, TasoOp | KernelOp) and not is_repeated(op)
    return pure and all(v in known for v in op.operands)


def _values_to_prepare(block: Block, known: set[SSAValue]) -> list[SSAValue]:
    """What the rest of the program needs of the known values, views looked through."""
    values: dict[SSAValue, None] = {}
    for op in block.ops:
        if _is_known(op, known):
            continue
        bases = [_viewed(operand) for operand in op.operands if operand in known]
        values.update(dict.fromkeys(v for v in bases if _is_computed(v)))
    return list(values)


def _viewed(value: SSAValue) -> SSAValue:
    """The value that a chain of views looks at."""
    while isinstance(value.owner, TasoOp) and value.owner.KIND is OpKind.VIEW:
        value = value.owner.operands[0]
    return value


def _is_computed(value: SSAValue) -> bool:
    owner = value.owner
    return isinstance(owner, Operation) and not isinstance(owner, ConstantOp)


def _prepare_function(function: func.FuncOp, prepared: Sequence[SSAValue]) -> func.FuncOp:
    """A function of the parameters that the values need, which returns the values."""
    needed: set[SSAValue] = set(prepared)
    ops: list[Operation] = []
    for op in reversed(list(function.body.block.ops)):
        if not needed.isdisjoint(op.results):
            needed.update(op.operands)
            ops.append(op)
    sources = [a for a in function.body.block.args if a in needed]
    block = Block(arg_types=[a.type for a in sources])
    copies: dict[SSAValue, SSAValue] = dict(zip(sources, block.args, strict=True))
    for source, argument in zip(sources, block.args, strict=True):
        argument.name_hint = source.name_hint
    block.add_ops([op.clone(copies) for op in reversed(ops)])
    block.add_op(func.ReturnOp(*(copies[v] for v in prepared)))
    return func.FuncOp(
        prepare_name(function),
        ([a.type for a in sources], [v.type for v in prepared]),
        Region(block),
        arg_attrs=_dictionaries([_sourced(function, a.index) for a in sources]),
    )


def _sourced(function: func.FuncOp, index: int) -> Mapping[str, Attribute]:
    """The attributes of an argument of `prepare`, all of which are parameters."""
    attrs = _argument_attrs(function, index)
    attrs.pop(PARAM, None)
    return {**attrs, SOURCE: IntegerAttr(index, i64)}


def _replace_arguments(function: func.FuncOp, prepared: Sequence[SSAValue]) -> None:
    """Take the prepared values as arguments, and drop the parameters and ops not used any more."""
    block = function.body.block
    old = list(block.args)
    attrs = [_argument_attrs(function, a.index) for a in old]
    arguments = [_add_argument(block, value) for value in prepared]
    for op in reversed(list(block.ops)):
        if is_trivially_dead(op):
            op.detach()
            op.erase()
    function.attributes[ARGUMENTS] = ArrayAttr([a.type for a in old])
    inputs = [a for a in old if PARAM not in attrs[a.index]]
    params = [a for a in old if PARAM in attrs[a.index] and a.uses]
    kept = [*inputs, *params]
    new_attrs: list[Mapping[str, Attribute]] = [
        {**attrs[a.index], SOURCE: IntegerAttr(a.index, i64)} for a in kept
    ]
    new_attrs += [{PREPARED: IntegerAttr(i, i64)} for i in range(len(prepared))]
    for argument in [*kept, *arguments]:
        _add_argument(block, argument)
    for argument in [*old, *arguments]:
        block.erase_arg(argument)
    function.arg_attrs = _dictionaries(new_attrs)
    results = function.function_type.outputs.data
    function.function_type = FunctionType.from_lists(block.arg_types, results)


def _add_argument(block: Block, value: SSAValue) -> BlockArgument:
    """A new last argument that all uses of the value take instead."""
    argument = block.insert_arg(value.type, len(block.args))
    hint = value.name_hint
    value.replace_all_uses_with(argument)
    argument.name_hint = hint
    return argument


def _dictionaries(attrs: Sequence[Mapping[str, Attribute]]) -> ArrayAttr[DictionaryAttr]:
    return ArrayAttr([DictionaryAttr(a) for a in attrs])
