"""`linalg.matmul` and generics with reduction dims: contractions, sums and extrema."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from xdsl.dialects import arith
from xdsl.dialects.linalg.ops import GenericOp, MatmulOp
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from taso.lowering.torch_source.code import Ref
from taso.lowering.torch_source.contraction import (
    is_linear,
    linear_operands,
    ordered,
    portable,
    product,
    reduction,
)
from taso.lowering.torch_source.elementwise import dims_of, is_elementwise, maps_of, vector_bias
from taso.lowering.torch_source.types import TorchSourceError, Type, type_of
from taso.lowering.torch_source.values import Values, hint_of, only_user
from taso.lowering.torch_source.views import convert


class Contraction(NamedTuple):
    """A sum of products of two tensors, with axes named by letters as an einsum has them."""

    inputs: Sequence[SSAValue]
    terms: Sequence[str]
    result: str


def contraction_of(op: Operation) -> Contraction | None:
    """What a linalg op contracts, if it does, and if two operands are all it has."""
    if isinstance(op, MatmulOp):
        *terms, result = (_letters(dims_of(attr.data)) for attr in op.indexing_maps)
        return Contraction(op.inputs, terms, result)
    if not isinstance(op, GenericOp) or is_elementwise(op) or len(op.inputs) != 2:
        return None
    combine = _combiner(op.body.block)
    factors = _factors(combine.operands[1], op.body.block)
    if combine.name not in ("arith.addf", "arith.addi") or factors != [0, 1]:
        return None
    *terms, result = (_letters(dims) for dims in maps_of(op))
    return Contraction(op.inputs, terms, result)


def _letters(dims: Sequence[int]) -> str:
    return "".join(string.ascii_letters[d] for d in dims)


def _combiner(block: Block) -> Operation:
    """The op that joins the value so far, its first operand, with an element."""
    last = block.last_op
    owner = last.operands[0].owner if last is not None else None
    if not isinstance(owner, Operation) or owner.operands[0] is not block.args[-1]:
        raise TorchSourceError("a reduction does not end by joining into its output")
    return owner


def _factors(value: SSAValue, block: Block) -> list[int] | None:
    """The block arguments whose product a value is, each extended or not."""
    if isinstance(value, BlockArgument):
        return [value.index] if value.block is block else None
    match value.owner:
        case arith.ExtFOp():
            return _factors(value.owner.input, block)
        case arith.MulfOp() | arith.MuliOp():
            left, right = (_factors(v, block) for v in value.owner.operands)
            return None if left is None or right is None else left + right
        case _:
            return None


def translate_reduction(values: Values, op: GenericOp) -> None:
    """A sum or an extremum of one operand."""
    *inputs, output = (_letters(dims) for dims in maps_of(op))
    block = op.body.block
    combine = _combiner(block)
    if _factors(combine.operands[1], block) != [0]:
        raise TorchSourceError("a reduction of more than its operand has no translation to torch")
    if combine.name not in _REDUCTIONS:
        raise TorchSourceError(f"a reduction by {combine.name} has no translation to torch")
    function, neutral = _REDUCTIONS[combine.name]
    require_init(values, op.outputs[0], neutral(type_of(op.results[0])))
    reduce(values, op.results[0], op.inputs[0], function, inputs[0], output)


def require_init(values: Values, init: SSAValue, neutral: float) -> None:
    """Raise `TorchSourceError` unless a reduction starts from its neutral element."""
    if values.number(init) != neutral:
        raise TorchSourceError(f"a reduction starts from something else than {neutral}")


def _least(type_: Type) -> float:
    bits = _integer_bits(type_)
    return -math.inf if bits is None else -(2 ** (bits - 1))


def _largest(type_: Type) -> float:
    bits = _integer_bits(type_)
    return math.inf if bits is None else 2 ** (bits - 1) - 1


def _integer_bits(type_: Type) -> int | None:
    return int(type_.dtype.removeprefix("int")) if type_.dtype.startswith("int") else None


_REDUCTIONS: Mapping[str, tuple[str, Callable[[Type], float]]] = {
    "arith.addf": ("sum", lambda _: 0),
    "arith.addi": ("sum", lambda _: 0),
    "arith.andi": ("amin", lambda _: True),
    "arith.maximumf": ("amax", _least),
    "arith.maxsi": ("amax", _least),
    "arith.minimumf": ("amin", _largest),
    "arith.minsi": ("amin", _largest),
    "arith.ori": ("amax", lambda _: False),
}
"""The torch function of a reduction by each op, and what it starts from."""


def reduce(
    values: Values, value: SSAValue, source: SSAValue, function: str, term: str, result: str
) -> None:
    """Append a sum or an extremum of `source` over the letters that `result` lacks."""
    text, letters = reduction(function, values.ref(source), term, result, type_of(value).dtype)
    _assign_ordered(values, value, function, text, letters, result)


def _assign_ordered(
    values: Values, value: SSAValue, hint: str, text: str, letters: str, result: str
) -> None:
    """Append the statement that computes `value` but for the order of its axes."""
    type_ = type_of(value)
    sizes = dict(zip(result, type_.shape, strict=True))
    made = Type(tuple(sizes[c] for c in letters), type_.dtype)
    ref = values.code.assign(hint_of(value, hint), text, made)
    values.bind_view(value, hint, ordered(ref, letters, result))


def contract(values: Values, value: SSAValue, contraction: Contraction) -> None:
    """Append the sum of products that `value` is."""
    operands = _operands(values, value, contraction)
    made = product(operands, contraction.terms, contraction.result)
    integers = type_of(value).dtype.startswith("int")
    text = portable(made, operands, contraction.terms) if integers else made.text
    hint = made.function.removeprefix("torch.")
    _assign_ordered(values, value, hint, text, made.letters, contraction.result)


def _operands(values: Values, value: SSAValue, contraction: Contraction) -> list[Ref]:
    dtype = type_of(value).dtype
    return [convert(x, dtype) for x in values.refs(contraction.inputs)]


class BiasedProduct(NamedTuple):
    """A product with a matrix whose only reader adds one row to each of its rows."""

    product: SSAValue
    contraction: Contraction
    bias: SSAValue
    add: Operation


def biased_product(value: SSAValue, contraction: Contraction) -> BiasedProduct | None:
    """The product with the addition that is its only reader, if there is one."""
    reader = only_user(value)
    if reader is None or not is_linear(contraction.terms, contraction.result):
        return None
    bias = vector_bias(reader, value, len(contraction.result) - 1)
    return None if bias is None else BiasedProduct(value, contraction, bias, reader)


def add_biased(values: Values, biased: BiasedProduct) -> None:
    """Append the product and the addition as one call."""
    terms, result = biased.contraction.terms, biased.contraction.result
    operands = _operands(values, biased.product, biased.contraction)
    bias = values.ref(biased.bias).text
    if len(result) == 2:
        arguments = ", ".join((bias, *product(operands, terms, result).arguments))
        values.assign(biased.add.results[0], "addmm", f"torch.addmm({arguments})")
    else:
        x, weight = linear_operands(operands, terms, result)
        text = f"torch.nn.functional.linear({x.text}, {weight.text}, {bias})"
        values.assign(biased.add.results[0], "linear", text)
