"""`taso report`: what optimising an IR file does to it, as one page."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, Region

from taso.dialects.base import TasoOp
from taso.dialects.kernel import KernelOp
from taso.frontends.build import DEVICE_TABLES, Build, main_of
from taso.passes.form_kernels import FormKernelsPass
from taso.passes.hoist_params import HoistParamsPass
from taso.passes.kernel_groups import is_free
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.extract import function_cost
from taso.tools.command_line import CommandParser, failures_at, load_ir, write_output
from taso.tools.diagnostics import UserError
from taso.tools.reference import Reference
from taso.tools.report_page import Kernel, page

NAME = "taso report"


def main(args: Sequence[str]) -> None:
    """Run the command. Raises `UserError`."""
    options = _parser().parse_args(args)
    path: str = options.file
    with failures_at(path):
        module = load_ir(path)
        Reference(module, path)  # there is a @main
        build = Build(module, options.device)
        explanation = build.explanation
        if explanation.trace is None:
            raise UserError(f"{path}:1:1: error: @main is no tensor program of one block")
        table = DEVICE_TABLES[options.device]
        given = module.clone()
        for each in (HoistParamsPass(), FormKernelsPass(table)):
            each.apply(Context(), given)
        model = CostModel(device_named(table))
        before, after = (kernels(m, model) for m in (given, build.optimized))
        text = page(path, build, explanation, explanation.trace, (before, after))
    write_output(options.output, text)


def _parser() -> CommandParser:
    parser = CommandParser(
        prog=NAME,
        description="Optimise an IR file, and write a page that shows the program before and "
        "after, the steps between, and what each kernel costs.",
    )
    parser.add_argument("file", metavar="FILE", help="an IR file with a function @main")
    parser.add_argument("-o", dest="output", metavar="OUT.html", required=True, help="the page")
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="whose cost model decides (default: cpu); the device need not be there",
    )
    return parser


def kernels(module: ModuleOp, model: CostModel) -> list[Kernel]:
    """The kernels and calls of `@main`, equal ones together, the dearest first."""
    found: dict[object, Kernel] = {}
    for op in main_of(module).body.block.ops:
        if not isinstance(op, KernelOp | TasoOp) or is_free(op):
            continue
        types = (tuple(op.operand_types), tuple(op.result_types))
        key = (_text(op), types)
        seconds = _alone(op, model)
        known = found.get(key, Kernel(_text(op), _short(op.result_types[0]), 0, 0.0))
        found[key] = Kernel(known.ops, known.type, known.count + 1, known.seconds + seconds)
    return sorted(found.values(), key=lambda kernel: -kernel.seconds)


def _text(op: Operation) -> str:
    """The ops that run in a kernel: `matmul + add + relu`."""
    inner = list(op.body.block.ops) if isinstance(op, KernelOp) else [op]
    names = [o.name.removeprefix("taso.") for o in inner if isinstance(o, TasoOp)]
    free = {o.name.removeprefix("taso.") for o in inner if is_free(o)}
    return " + ".join(name for name in names if name not in free)


def _short(type_: Attribute) -> str:
    return str(type_).removeprefix("tensor<").removesuffix(">")


def _alone(op: Operation, model: CostModel) -> float:
    """Seconds of an op or a kernel whose operands are in memory."""
    operands = list(dict.fromkeys(op.operands))
    block = Block(arg_types=[v.type for v in operands])
    inner = op.clone(value_mapper=dict(zip(operands, block.args, strict=True)))
    block.add_ops([inner, func.ReturnOp(*inner.results)])
    types = ([v.type for v in operands], list(inner.result_types))
    return function_cost(func.FuncOp("alone", types, Region(block)), model)
