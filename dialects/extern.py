"""`taso.extern`: a call of a torch op of which nothing is known but what it takes and gives."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import ClassVar

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Operation
from xdsl.irdl import irdl_op_definition, prop_def, traits_def, var_operand_def, var_result_def
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind

from taso.dialects.base import (
    BOOL,
    STR,
    Array,
    Attrs,
    AttrValue,
    OpKind,
    TasoOp,
    TensorSpec,
    from_attribute,
    get_str,
    require,
    require_static,
)
from taso.dialects.extern_arguments import parse_arguments


class _ExternEffects(MemoryEffect):
    """A random call changes the state of torch's generator, which the next one reads."""

    @classmethod
    def get_effects(cls, op: Operation) -> AbstractSet[EffectInstance]:
        return frozenset({EffectInstance(MemoryEffectKind.WRITE)} if is_random(op) else ())


@irdl_op_definition
class ExternOp(TasoOp):
    """The results of a torch op that are tensors, in order; its meaning is torch's.

    `overload` names the op, `arguments` is the text of a call's arguments
    (`taso.dialects.extern_arguments`). A call that is `random` is kept, once, and in its order
    among the random ones; the others are pure. The op runs on its operands' device, and reads
    values alone: what depends on strides reads dense operands.

    (C1) `overload` is `namespace.op.overload`; (C2) `arguments` is canonical text; (C3) each
    operand is an argument, and there are no others; (C4) there is a result. What torch's
    schemas say of the call, `taso.dialects.extern_schema` checks.
    """

    name = "taso.extern"
    KIND: ClassVar[OpKind] = OpKind.OPAQUE
    RESULT_ATTRS: ClassVar[tuple[str, ...]] = ("results",)
    inputs = var_operand_def(TensorType)
    overload = prop_def(STR)
    arguments = prop_def(STR)
    random = prop_def(BOOL)
    outputs = var_result_def(TensorType)
    traits = traits_def(_ExternEffects())

    @classmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        overload = get_str(attrs, "overload")
        require(_is_overload(overload), "C1", f"'{overload[:80]}' is no namespace.op.overload")
        read = sorted(set(parse_arguments(get_str(attrs, "arguments")).operands()))
        fits = read == list(range(len(operands)))
        require(fits, "C3", f"the arguments read operands {read}, given are {len(operands)}")
        results = parse_specs(get_str(attrs, "results"))
        require(len(results) > 0, "C4", "there is no result")
        return results

    @classmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        """What torch computes on CPU. Raises TypeError for a call without a reference: one that
        is random, or that an untrusted program may not make."""
        from taso.dialects.extern_schema import evaluate_call

        arguments = parse_arguments(get_str(attrs, "arguments"))
        results = parse_specs(get_str(attrs, "results"))
        if attrs["random"]:
            raise TypeError(f"{attrs['overload']} is random: it has no reference")
        return evaluate_call(get_str(attrs, "overload"), arguments, operands, results)

    @classmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        """None are known of."""
        return 0

    def attrs(self) -> dict[str, AttrValue]:
        """The properties, and the text of the result types."""
        plain = {name: from_attribute(self.properties[name]) for name in self.attribute_kinds()}
        return {**plain, "results": format_specs(self.result_specs())}


def is_random(op: Operation) -> bool:
    """Whether the op is a random call, which is neither moved past others nor left out."""
    return isinstance(op, ExternOp) and from_attribute(op.random) is True


def is_repeated(op: Operation) -> bool:
    """Whether the op belongs into every run, even if its operands are known beforehand: a random
    call, and one without operands, which makes its results where the program runs."""
    return is_random(op) or (isinstance(op, ExternOp) and not op.operands)


def operand_count(attrs: Attrs) -> int:
    """How many operands a call of these attributes has."""
    return len(set(parse_arguments(get_str(attrs, "arguments")).operands()))


def _is_overload(text: str) -> bool:
    parts = text.split(".")
    named = all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part) for part in parts)
    return len(parts) == 3 and named and not any(map(keyword.iskeyword, parts))


def format_specs(specs: Sequence[TensorSpec]) -> str:
    """Types as one text, as attributes hold them."""
    return ", ".join(map(str, specs))


@lru_cache(4096)
def parse_specs(text: str) -> tuple[TensorSpec, ...]:
    """The types that `format_specs` wrote. Raises `ConstraintError` (T0) for others."""
    return tuple(_parse_spec(part) for part in text.split(", ") if part)


def _parse_spec(text: str) -> TensorSpec:
    match = re.fullmatch(r"tensor<((?:[0-9]+x)*)(\w+)>", text, re.ASCII)
    require(match is not None, "T0", f"'{text[:80]}' is no static tensor type")
    assert match is not None
    sizes = tuple(int(size) for size in match[1].split("x")[:-1])
    return require_static(TensorSpec(sizes, match[2]))
