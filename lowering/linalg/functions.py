"""Private functions that stand for one op or kernel, and the record of which.

Such a function's body is linalg that anyone can run. `taso.op` names the op and `taso.attrs`
holds its attributes, so that a back end with a better kernel can use that: after
`recorded_op` has found that the body is what the op lowers to, and not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import DictionaryAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Region
from xdsl.irdl import ConstraintContext
from xdsl.utils.exceptions import VerifyException

from taso.dialects.base import (
    Attrs,
    AttrValue,
    ConstraintError,
    TasoOp,
    TensorSpec,
    from_attribute,
    spec_of,
    tensor_type,
    to_attribute,
)
from taso.dialects.taso import OPS
from taso.lowering.linalg.builder import LinalgBuilder
from taso.lowering.linalg.lower import lower, needs_function
from taso.lowering.linalg.values import View

OP = "taso.op"
ATTRS = "taso.attrs"
KERNEL = "taso.kernel"


class FunctionTable:
    """The private functions of a module: equal ones are shared, names are its own."""

    def __init__(self, module: ModuleOp) -> None:
        self._module = module
        names = [op.properties.get("sym_name") for op in module.ops]
        self._names = {name.data for name in names if isinstance(name, StringAttr)}
        self._of_op: dict[object, func.FuncOp] = {}
        self._kernels: dict[Attribute, list[func.FuncOp]] = {}

    def for_op(self, op: type[TasoOp], operands: Sequence[TensorSpec], attrs: Attrs) -> str:
        """The name of the function that computes the op on operands of these types."""
        key = (op, tuple(operands), tuple(sorted(attrs.items())))
        if key not in self._of_op:
            made = function_of(op, operands, attrs)
            self._add(made, op.name.removeprefix("taso."))
            self._of_op[key] = made
        return self._of_op[key].sym_name.data

    def for_kernel(self, body: Region) -> str:
        """The name of a function with this body, which ends in `func.return`."""
        made = _private(body)
        made.attributes[OP] = StringAttr(KERNEL)
        alike = self._kernels.setdefault(made.function_type, [])
        for known in alike:
            if known.body.is_structurally_equivalent(made.body):
                return known.sym_name.data
        alike.append(made)
        self._add(made, "kernel")
        return made.sym_name.data

    def _add(self, function: func.FuncOp, stem: str) -> None:
        number = 0
        while (name := f"{stem}_{number}") in self._names:
            number += 1
        self._names.add(name)
        function.properties["sym_name"] = StringAttr(name)
        self._module.body.block.add_op(function)


def _private(body: Region) -> func.FuncOp:
    block = body.block
    end = block.last_op
    assert isinstance(end, func.ReturnOp)
    types = (block.arg_types, end.operand_types)
    return func.FuncOp("unnamed", types, body, visibility="private")


def function_of(op: type[TasoOp], operands: Sequence[TensorSpec], attrs: Attrs) -> func.FuncOp:
    """A private function that computes one op of one result, and records it."""
    block = Block(arg_types=[tensor_type(t) for t in operands])
    to = LinalgBuilder(block)
    (result,) = lower(to, op, [View.of(arg) for arg in block.args], attrs)
    to.insert(func.ReturnOp(to.tensor(result)))
    function = _private(Region(block))
    kinds = op.attribute_kinds()
    function.attributes[OP] = StringAttr(op.name)
    function.attributes[ATTRS] = DictionaryAttr(
        {name: to_attribute(attrs[name], kind) for name, kind in kinds.items()}
    )
    return function


def recorded_op(function: func.FuncOp) -> tuple[type[TasoOp], dict[str, AttrValue]] | None:
    """The op that a function records, if lowering that op again gives the same body.

    None for kernels, for functions that record nothing, and where record and body differ.
    """
    name, attributes = function.attributes.get(OP), function.attributes.get(ATTRS)
    if not isinstance(name, StringAttr) or not isinstance(attributes, DictionaryAttr):
        return None
    op = OPS.get(name.data.removeprefix("taso."))
    if op is None or op.name != name.data or function.is_declaration:
        return None
    attrs = _plain_attrs(op, attributes.data)
    if attrs is None or not _computes(function, op, attrs):
        return None
    return op, attrs


def _plain_attrs(
    op: type[TasoOp], attributes: Mapping[str, Attribute]
) -> dict[str, AttrValue] | None:
    kinds = op.attribute_kinds()
    if kinds.keys() != attributes.keys():
        return None
    try:
        for name, kind in kinds.items():
            kind.verify(attributes[name], ConstraintContext())
    except VerifyException:
        return None
    return {name: from_attribute(attributes[name]) for name in kinds}


def _computes(function: func.FuncOp, op: type[TasoOp], attrs: Attrs) -> bool:
    try:
        operands = [spec_of(t) for t in function.function_type.inputs]
        op.infer(operands, attrs)
    except ConstraintError:
        return False
    if not needs_function(op, operands):
        return False
    again = function_of(op, operands, attrs)
    same_type = again.function_type == function.function_type
    return same_type and again.body.is_structurally_equivalent(function.body)
