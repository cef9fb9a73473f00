"""`taso.kernel`: a region of ops that become one kernel, and its terminator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, cast

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    lazy_traits_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import HasParent, IsolatedFromAbove, IsTerminator, Pure
from xdsl.utils.exceptions import VerifyException

from taso.dialects.assembly import resolve_operand
from taso.dialects.extern import ExternOp


@irdl_op_definition
class YieldOp(IRDLOperation):
    """Ends a kernel's region with its results."""

    name = "taso.yield"
    values = var_operand_def(TensorType)
    traits = lazy_traits_def(lambda: (IsTerminator(), HasParent(KernelOp), Pure()))
    assembly_format = "attr-dict ($values^ `:` type($values))?"

    def __init__(self, values: Sequence[SSAValue]) -> None:
        super().__init__(operands=[values])


@irdl_op_definition
class KernelOp(IRDLOperation):
    """Ops that run as one kernel: what is inside stays on chip where it fits.

    (C1) one block, whose arguments have the inputs' types; (C2) it ends in a `taso.yield` of
    the results' types; (C3) there is a result; (C4) no `taso.extern` is inside, which is a launch
    of its own. The region sees nothing but its arguments.
    """

    name = "taso.kernel"
    inputs = var_operand_def(TensorType)
    outputs = var_result_def(TensorType)
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), Pure())

    def __init__(
        self, inputs: Sequence[SSAValue], result_types: Sequence[Attribute], body: Region
    ) -> None:
        super().__init__(operands=[inputs], result_types=[result_types], regions=[body])

    @property
    def terminator(self) -> YieldOp:
        return cast(YieldOp, self.body.block.last_op)

    def verify_(self) -> None:
        if self.body.block.arg_types != self.operand_types:
            raise VerifyException("'taso.kernel' (C1) block arguments differ from the inputs")
        if not isinstance(last := self.body.block.last_op, YieldOp):
            raise VerifyException("'taso.kernel' (C2) does not end in taso.yield")
        if last.operand_types != self.result_types:
            raise VerifyException("'taso.kernel' (C2) yields other types than its results")
        if not self.results:
            raise VerifyException("'taso.kernel' (C3) has no result")
        if any(isinstance(op, ExternOp) for op in self.body.block.ops):
            raise VerifyException("'taso.kernel' (C4) holds a call of an op that is opaque")

    def print(self, printer: Printer) -> None:
        printer.print_string("(")
        pairs = list(zip(self.body.block.args, self.inputs, strict=True))

        def print_pair(pair: tuple[SSAValue, SSAValue]) -> None:
            printer.print_operand(pair[0])
            printer.print_string(" = ")
            printer.print_operand(pair[1])
            printer.print_string(" : ")
            printer.print_attribute(pair[1].type)

        printer.print_list(pairs, print_pair)
        printer.print_string(") -> ")
        printer.print_list(self.result_types, printer.print_attribute)
        printer.print_op_attributes(self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        start = parser.pos

        def parse_pair() -> tuple[Parser.Argument, SSAValue]:
            name = parser.parse_argument(expect_type=False)
            parser.parse_punctuation("=")
            outer = parser.parse_unresolved_operand()
            parser.parse_punctuation(":")
            type_ = parser.parse_type()
            return name.resolve(type_), resolve_operand(parser, outer, type_)

        pairs = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_pair)
        parser.parse_punctuation("->")
        types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
        attributes = parser.parse_optional_attr_dict_with_keyword()
        body = parser.parse_region([p[0] for p in pairs])
        if late := next(iter(parser.forward_ssa_references), None):
            parser.raise_error(f"%{late} is used before it is defined", start)
        op = cls([p[1] for p in pairs], types, body)
        if attributes is not None:
            op.attributes.update(attributes.data)
        try:
            op.verify_()
        except VerifyException as e:
            parser.raise_error(str(e), start)
        return op
