"""Private functions that stand for one op or kernel, and the record of which.

Such a function's body is linalg that anyone can run. `taso.op` names the op and `taso.attrs`
holds its attributes, so that a back end with a better kernel can use that: after
`recorded_op` has found that the body is what the op lowers to, and not before. A call of a
torch op has no linalg: its function is declared, and the record is all that is known of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import DictionaryAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Region
from xdsl.utils.exceptions import VerifyException

from taso.dialects.assembly import to_attribute
from taso.dialects.base import TasoOp
from taso.dialects.spec import (
    Attrs,
    AttrValue,
    TensorSpec,
    tensor_type,
)
from taso.dialects.taso import OPS
from taso.lowering.linalg.builder import LinalgBuilder
from taso.lowering.linalg.lower import DECLARED, lower, needs_function
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
    """A private function that computes one op, and records it; it has a body where the op has
    linalg, and then one result."""
    function = _declared(op, operands, attrs) if op in DECLARED else _defined(op, operands, attrs)
    kinds = op.attribute_kinds()
    function.attributes[OP] = StringAttr(op.name)
    function.attributes[ATTRS] = DictionaryAttr(
        {name: to_attribute(attrs[name], kind) for name, kind in kinds.items()}
    )
    return function


def _declared(op: type[TasoOp], operands: Sequence[TensorSpec], attrs: Attrs) -> func.FuncOp:
    types = [[tensor_type(t) for t in specs] for specs in (operands, op.infer(operands, attrs))]
    return func.FuncOp.external("unnamed", *types)


def _defined(op: type[TasoOp], operands: Sequence[TensorSpec], attrs: Attrs) -> func.FuncOp:
    block = Block(arg_types=[tensor_type(t) for t in operands])
    to = LinalgBuilder(block)
    (result,) = lower(to, op, [View.of(arg) for arg in block.args], attrs)
    to.insert(func.ReturnOp(to.tensor(result)))
    return _private(Region(block))


def recorded_op(function: func.FuncOp) -> tuple[type[TasoOp], dict[str, AttrValue]] | None:
    """The op that a function records, if lowering that op again gives the same body, or neither
    has one.

    None for kernels, for functions that record nothing, and where record and body differ.
    """
    op = _recorded(function)
    if op is None or function.is_declaration != (type(op) in DECLARED):
        return None
    operands, attrs = op.operand_specs(), op.attrs()
    if not needs_function(type(op), operands):
        return None
    again = function_of(type(op), operands, attrs)
    same_type = again.function_type == function.function_type
    same = same_type and again.body.is_structurally_equivalent(function.body)
    return (type(op), attrs) if same else None


def _recorded(function: func.FuncOp) -> TasoOp | None:
    """The op that the attributes name, on values of the function's types, if there is one."""
    name, attributes = function.attributes.get(OP), function.attributes.get(ATTRS)
    if not isinstance(name, StringAttr) or not isinstance(attributes, DictionaryAttr):
        return None
    op = OPS.get(name.data.removeprefix("taso."))
    if op is None or op.name != name.data:
        return None
    types = function.function_type
    arguments = Block(arg_types=types.inputs.data).args
    made = op.create(
        operands=arguments, result_types=types.outputs.data, properties=dict(attributes.data)
    )
    try:
        made.verify()
    except VerifyException:
        return None
    return made
