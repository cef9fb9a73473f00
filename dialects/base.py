"""What every op of the `taso` dialect has: a form, a verifier, a meaning, and its costs.

An op class states its facts once, on plain data, so that the IR, the e-graph, the rule
checker and the cost model share them:

* `infer`: operand types to result types, or a `ConstraintError` that names the constraint;
* `evaluate`: the NumPy meaning, in the arithmetic of the arrays given;
* `flops`: floating-point operations (a multiply-add counts two).

Operand and result types are `TensorSpec`s, attributes a mapping from name to plain value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Sequence
from typing import Any, ClassVar, Protocol, Self, TypeVar

from xdsl.dialects.builtin import TensorType
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import AttrConstraint, IRDLOperation, traits_def
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from taso.dialects.assembly import (
    BOOL,
    FLOAT,
    INT,
    INTS,
    STR,
    format_real,
    from_attribute,
    parse_spec,
    parse_value,
    print_value,
    resolve_operand,
    to_attribute,
)
from taso.dialects.fold import MAX_FOLDED_ELEMENTS, evaluate_constants
from taso.dialects.spec import (
    DTYPES,
    FLOAT_DTYPES,
    Array,
    Attrs,
    AttrValue,
    ConstraintError,
    OpKind,
    TensorSpec,
    get_bool,
    get_float,
    get_int,
    get_ints,
    get_str,
    narrow,
    numpy_dtype,
    require,
    require_axis,
    require_static,
    spec_of,
    tensor_type,
    widen,
)
from taso.dialects.values import dense_attribute

# What a file of ops, a pass or a lowering needs, from one place.
__all__ = [
    "BOOL",
    "DTYPES",
    "FLOAT",
    "FLOAT_DTYPES",
    "INT",
    "INTS",
    "MAX_FOLDED_ELEMENTS",
    "STR",
    "Array",
    "AttrValue",
    "Attrs",
    "ConstraintError",
    "Emitter",
    "OpKind",
    "TasoOp",
    "TensorSpec",
    "format_real",
    "from_attribute",
    "get_bool",
    "get_float",
    "get_int",
    "get_ints",
    "get_str",
    "narrow",
    "numpy_dtype",
    "require",
    "require_axis",
    "require_static",
    "spec_of",
    "tensor_type",
    "to_attribute",
    "widen",
]

_V = TypeVar("_V")


class Emitter(Protocol[_V]):
    """Where a decomposition writes its ops: IR, NumPy, an e-graph."""

    def emit(self, op: type[TasoOp], operands: Sequence[_V], **attrs: AttrValue) -> _V:
        """Apply a single-result op."""
        ...

    def spec(self, value: _V) -> TensorSpec: ...

    def splat(self, value: float, spec: TensorSpec) -> _V:
        """A constant of type `spec` that holds `value` everywhere."""
        ...


class TasoOp(HasFolderInterface, IRDLOperation, ABC):
    """Base of all ops: (T0) types are static tensors, (T1) results are those inferred."""

    KIND: ClassVar[OpKind]
    SAME_TYPE: ClassVar[bool] = False
    """All operands and the result have one type, which is printed once."""
    RESULT_ATTRS: ClassVar[tuple[str, ...]] = ()
    """Attributes that the result type carries (`shape`, `dtype`): no property holds them."""

    traits = traits_def(Pure())

    @classmethod
    @abstractmethod
    def infer(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> tuple[TensorSpec, ...]:
        """Result types. Raises `ConstraintError` if the operands or attributes do not fit."""

    @classmethod
    @abstractmethod
    def evaluate(cls, operands: Sequence[Array], attrs: Attrs) -> tuple[Array, ...]:
        """The meaning, in the arithmetic of the operands' own NumPy dtypes."""

    @classmethod
    @abstractmethod
    def flops(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        """Floating-point operations; a multiply-add counts two."""

    @classmethod
    def bytes_accessed(cls, operands: Sequence[TensorSpec], attrs: Attrs) -> int:
        """Bytes read and written when the op runs alone; a view moves none."""
        if cls.KIND in (OpKind.VIEW, OpKind.CONSTANT):
            return 0
        return sum(t.bytes for t in (*operands, *cls.infer(operands, attrs)))

    @classmethod
    def attribute_kinds(cls) -> dict[str, AttrConstraint]:
        """Property names in printing order, each with its kind (INT, FLOAT, …)."""
        return {name: d.constr for name, d in cls.get_irdl_definition().properties.items()}

    @classmethod
    def create_op(cls, operands: Sequence[SSAValue], attrs: Attrs) -> Self:
        """Build the op from plain attributes; result types are inferred."""
        results = cls.infer([spec_of(v) for v in operands], attrs)
        return cls.create(
            operands=operands,
            result_types=[tensor_type(t) for t in results],
            properties=cls._properties(attrs),
        )

    @classmethod
    def _properties(cls, attrs: Attrs) -> dict[str, Attribute]:
        kinds = cls.attribute_kinds()
        return {name: to_attribute(attrs[name], kind) for name, kind in kinds.items()}

    def attrs(self) -> dict[str, AttrValue]:
        """Attributes as plain values, in the order in which they are printed."""
        plain = {name: from_attribute(self.properties[name]) for name in self.attribute_kinds()}
        if self.RESULT_ATTRS:
            result = spec_of(self.results[0])
            plain |= {name: getattr(result, name) for name in self.RESULT_ATTRS}
        return plain

    def operand_specs(self) -> tuple[TensorSpec, ...]:
        return tuple(spec_of(v) for v in self.operands)

    def result_specs(self) -> tuple[TensorSpec, ...]:
        return tuple(spec_of(v) for v in self.results)

    def reference(self, *operands: Array) -> tuple[Array, ...]:
        """The meaning in float64 (integers: int64), rounded once to the result types.

        Operands and results have the types' NumPy dtypes; shapes are those of the op.
        """
        results = type(self).evaluate([widen(a) for a in operands], self.attrs())
        specs = self.result_specs()
        return tuple(narrow(r, t.dtype) for r, t in zip(results, specs, strict=True))

    def verify_(self) -> None:
        try:
            given = self.result_specs()
            expected = type(self).infer(self.operand_specs(), self.attrs())
            fits = given == expected
            require(fits, "T1", f"result is {_join(given)}, expected {_join(expected)}")
        except ConstraintError as e:
            raise VerifyException(f"'{self.name}' {e}") from e

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        """Fold an op of constants, up to `MAX_FOLDED_ELEMENTS` (splats: any size)."""
        constants: list[Attrs] = []
        for operand in self.operands:
            owner = operand.owner
            if not isinstance(owner, TasoOp) or owner.KIND is not OpKind.CONSTANT:
                return None
            constants.append(owner.attrs())
        folded = evaluate_constants(type(self), constants, self.attrs())
        return None if folded is None else [dense_attribute(attrs) for attrs in folded]

    # Assembly: `taso.op %a, %b, name = value, … {attr-dict} : T, U -> R`.

    def print(self, printer: Printer) -> None:
        sep = " "
        for operand in self.operands:
            printer.print_string(sep)
            printer.print_operand(operand)
            sep = ", "
        for name in self.attribute_kinds():
            printer.print_string(f"{sep}{name} = ")
            print_value(printer, self.properties[name])
            sep = ", "
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        if self.SAME_TYPE:
            printer.print_attribute(self.results[0].type)
            return
        printer.print_list(self.operand_types, printer.print_attribute)
        printer.print_string(" -> ")
        printer.print_list(self.result_types, printer.print_attribute)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        start = parser.pos
        operands, properties = _parse_items(cls, parser)
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        types_at = parser.pos
        types, results = _parse_types(cls, parser, len(operands))
        if len(types) != len(operands):
            parser.raise_error(f"{len(types)} types for {len(operands)} operands", types_at)
        op = cls.create(
            operands=[resolve_operand(parser, v, t) for v, t in zip(operands, types, strict=True)],
            result_types=results,
            properties=properties,
            attributes=attributes,
        )
        op.verify_at(parser, start)
        return op

    def verify_at(self, parser: Parser, position: int) -> None:
        """Verify a parsed op; a failure is a parse error at `position`."""
        try:
            self.verify_()
        except VerifyException as e:
            parser.raise_error(str(e), position)


def _join(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(map(str, specs))


def _parse_items(
    cls: type[TasoOp], parser: Parser
) -> tuple[list[UnresolvedOperand], dict[str, Attribute]]:
    """Operands, then `name = value` for each property in any order, commas between."""
    operands: list[UnresolvedOperand] = []
    properties: dict[str, Attribute] = {}
    more = True
    while more:
        operand = None if properties else parser.parse_optional_unresolved_operand()
        if operand is not None:
            operands.append(operand)
        else:
            name, value = _parse_property(cls, parser, properties)
            properties[name] = value
        more = parser.parse_optional_punctuation(",") is not None
    if missing := [name for name in cls.attribute_kinds() if name not in properties]:
        parser.raise_error(f"'{cls.name}' needs attribute '{missing[0]}'")
    return operands, properties


def _parse_property(
    cls: type[TasoOp], parser: Parser, seen: Container[str]
) -> tuple[str, Attribute]:
    at, kinds = parser.pos, cls.attribute_kinds()
    name = parser.parse_optional_identifier()
    if name is None:
        parser.raise_error("expected an operand or an attribute name", at)
    if name not in kinds or name in seen:
        parser.raise_error(f"'{cls.name}' takes no attribute '{name}' here", at)
    parser.parse_punctuation("=")
    return name, parse_value(parser, kinds[name])


def _parse_types(
    cls: type[TasoOp], parser: Parser, operands: int
) -> tuple[list[TensorType[Any]], list[TensorType[Any]]]:
    """Operand and result types; an op without operands has `-> R` alone."""
    if cls.SAME_TYPE:
        shared = tensor_type(parse_spec(parser))
        return [shared] * operands, [shared]
    inputs: list[TensorType[Any]] = []
    if parser.parse_optional_punctuation("->") is None:
        inputs = _parse_type_list(parser)
        parser.parse_punctuation("->")
    return inputs, _parse_type_list(parser)


def _parse_type_list(parser: Parser) -> list[TensorType[Any]]:
    return parser.parse_comma_separated_list(
        parser.Delimiter.NONE, lambda: tensor_type(parse_spec(parser))
    )
