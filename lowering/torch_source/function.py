"""One `func.func` as one Python function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from xdsl.dialects import arith, func
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.dialects.linalg import ops as linalg
from xdsl.dialects.tensor import (
    CollapseShapeOp,
    ConcatOp,
    EmptyOp,
    ExpandShapeOp,
    ExtractSliceOp,
    InsertSliceOp,
)
from xdsl.ir import Operation

from taso.dialects.base import TasoOp
from taso.dialects.extern import ExternOp
from taso.dialects.spec import Attrs
from taso.lowering.linalg.functions import recorded_op
from taso.lowering.torch_source import movement
from taso.lowering.torch_source.code import Code, Lines
from taso.lowering.torch_source.elementwise import is_elementwise, translate_elementwise
from taso.lowering.torch_source.extern import translate_extern
from taso.lowering.torch_source.names import Namespace
from taso.lowering.torch_source.records import ATEN_CALLS, COMPOSED, contraction_letters
from taso.lowering.torch_source.reductions import (
    BiasedProduct,
    Contraction,
    add_biased,
    biased_product,
    contract,
    contraction_of,
    require_init,
    translate_reduction,
)
from taso.lowering.torch_source.types import TorchSourceError, scalar_value, type_of
from taso.lowering.torch_source.values import FileScope, Values, hint_of
from taso.lowering.torch_source.window import (
    BiasedConvolution,
    biased_convolution,
    convolve_biased,
)

Record: TypeAlias = tuple[type[TasoOp], Attrs]
"""An op and its attributes, which a private function stands for."""


def translate_function(function: func.FuncOp, file: FileScope, scope: Namespace) -> Lines:
    """The parameters and body of the Python function. Raises `TorchSourceError`."""
    if function.is_declaration or len(function.body.blocks) != 1:
        raise TorchSourceError("expected a function whose body is one block")
    recorded = recorded_op(function)
    if recorded is not None and recorded[0] in COMPOSED:
        code = Code(scope)
        args = enumerate(function.body.block.args)
        operands = [code.argument(hint_of(arg, f"x{i}"), type_of(arg)) for i, arg in args]
        return code.lines([COMPOSED[recorded[0]](code, operands, recorded[1])])
    return _Function(function, file, scope).run()


class _Function:
    def __init__(self, function: func.FuncOp, file: FileScope, scope: Namespace) -> None:
        self._block = function.body.block
        self._file = file
        self._values = Values(Code(scope), file)
        self._contractions: dict[Operation, Contraction] = {}
        self._records: dict[str, Record | None] = {}  # by the callee
        # By the addition of the bias:
        self._biased: dict[Operation, BiasedProduct] = {}
        self._biased_convolutions: dict[Operation, BiasedConvolution] = {}
        self._deferred: set[Operation] = set()
        for index, arg in enumerate(self._block.args):
            self._values.add_argument(arg, hint_of(arg, f"x{index}"))

    def run(self) -> Lines:
        for op in self._block.ops:
            self._plan(op)
        for op in self._block.ops:
            if isinstance(op, func.ReturnOp):
                return self._values.code.lines(self._values.refs(op.arguments))
            if op not in self._deferred:
                self._translate(op)
        raise TorchSourceError("a function does not end in func.return")

    def _plan(self, op: Operation) -> None:
        """Find contractions, and those that are computed where a vector is added to them."""
        recorded = self._recorded(op) if isinstance(op, func.CallOp) else None
        if recorded is not None:
            self._plan_convolution(op, recorded)
            contraction = _recorded_contraction(op, recorded)
        else:
            contraction = contraction_of(op)
        if contraction is None:
            return
        self._contractions[op] = contraction
        if (biased := biased_product(op.results[0], contraction)) is not None:
            self._biased[biased.add] = biased
            self._deferred.add(op)

    def _plan_convolution(self, call: Operation, recorded: Record) -> None:
        if (biased := biased_convolution(call, *recorded)) is not None:
            self._biased_convolutions[biased.add] = biased
            self._deferred.add(call)

    def _recorded(self, call: func.CallOp) -> Record | None:
        """The op that the callee stands for."""
        symbol = call.callee.string_value()
        if symbol not in self._records:
            self._records[symbol] = recorded_op(self._file.function(symbol))
        return self._records[symbol]

    def _translate(self, op: Operation) -> None:
        if op in self._biased:
            add_biased(self._values, self._biased[op])
        elif op in self._biased_convolutions:
            convolve_biased(self._values, self._biased_convolutions[op])
        elif op in self._contractions:
            if not isinstance(op, func.CallOp):
                require_init(self._values, op.operands[-1], 0)
            contract(self._values, op.results[0], self._contractions[op])
        elif isinstance(op, linalg.GenericOp):
            generic = translate_elementwise if is_elementwise(op) else translate_reduction
            generic(self._values, op)
        elif isinstance(op, func.CallOp):
            self._call(op)
        elif type(op) in _TRANSLATIONS:
            _TRANSLATIONS[type(op)](self._values, op)
        else:
            raise TorchSourceError(f"{op.name} has no translation to torch")

    def _call(self, op: func.CallOp) -> None:
        """The ATen call for what the callee records, else a call of its translation."""
        recorded = self._recorded(op)
        if recorded is not None and recorded[0] is ExternOp:
            translate_extern(self._values, op, recorded[1])
            return
        operands = self._values.refs(op.arguments)
        if recorded is not None and recorded[0] in ATEN_CALLS:
            made = ATEN_CALLS[recorded[0]](operands, recorded[1])
            if made is not None:
                self._values.assign(op.results[0], recorded[0].name.partition(".")[2], made.text)
                return
        callee = self._file.callee(op.callee.string_value())
        text = f"{callee.name}({', '.join(x.text for x in operands)})"
        results = [(hint_of(v, callee.name), type_of(v)) for v in op.results]
        refs = self._values.code.assign_all(results, text, aliases=not callee.fresh)
        for value, ref in zip(op.results, refs, strict=True):
            self._values.bind(value, ref)


def _recorded_contraction(call: Operation, recorded: Record) -> Contraction | None:
    ranks = [type_of(v).rank for v in call.operands]
    letters = contraction_letters(recorded[0], ranks, recorded[1])
    return None if letters is None else Contraction(call.operands, *letters)


def _constant(values: Values, op: arith.ConstantOp) -> None:
    if not isinstance(op.value, DenseIntOrFPElementsAttr):
        values.bind_number(op.result, scalar_value(op.value))
        return
    type_ = type_of(op.result)
    name = values.file.constant(op.value, type_)
    hint = hint_of(op.result, "constant")
    values.bind(op.result, values.code.keep(hint, f"{name}({values.device})", type_))


def _fill(values: Values, op: linalg.FillOp) -> None:
    number = values.number(op.inputs[0])
    if number is None:
        raise TorchSourceError("a fill with a computed scalar has no translation to torch")
    values.bind_number(op.results[0], number)


def _empty(values: Values, op: EmptyOp) -> None:
    values.bind_empty(op.tensor)


_TRANSLATIONS: Mapping[type[Operation], Callable[[Values, Any], None]] = {
    arith.ConstantOp: _constant,
    linalg.FillOp: _fill,
    linalg.TransposeOp: movement.translate_transpose,
    linalg.BroadcastOp: movement.translate_broadcast,
    EmptyOp: _empty,
    CollapseShapeOp: movement.translate_reshape,
    ExpandShapeOp: movement.translate_reshape,
    ConcatOp: movement.translate_concat,
    ExtractSliceOp: movement.translate_slice,
    InsertSliceOp: movement.translate_pad,
}
