"""Whole programs as torch source: in-place updates, sharing, calls, epilogues, parameters."""

import random
import re

import numpy as np
import pytest
import torch
from support.ir import find_function, parse_module, random_inputs
from support.torch_source import check_torch, program_of
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region, SSAValue

from taso.dialects.spec import TensorSpec, tensor_type
from taso.dialects.taso import OPS
from taso.lowering.runtime import Program, draw_inputs, lower
from taso.lowering.torch_source import torch_source
from taso.lowering.torch_source.types import TorchSourceError


def body_of(module: ModuleOp, function: str = "main") -> list[str]:
    """The lines of a generated function, without its signature."""
    source = torch_source(lower(module))
    match = re.search(rf"^def {function}\(.*?\):\n((?:    .*\n)+)", source, re.MULTILINE)
    assert match is not None
    return [line.strip() for line in match[1].splitlines()]


def check_text(text: str) -> ModuleOp:
    """Hold a program against its meaning."""
    module = parse_module(text)
    inputs = random_inputs(find_function(module), random.randrange(2**32))
    check_torch(module, inputs, accumulated=True)
    return module


def test_dead_temporaries_are_overwritten() -> None:
    module = check_text("""
        func.func @main(%x: tensor<3x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
          %a = taso.add %x, %y : tensor<3x5xf32>
          %b = taso.sub %y, %a : tensor<3x5xf32>
          %c = taso.tanh %b : tensor<3x5xf32>
          func.return %c : tensor<3x5xf32>
        }""")
    assert body_of(module) == ["a = x + y", "torch.sub(y, a, out=a)", "a.tanh_()", "return a"]


def test_what_is_read_later_is_not_overwritten() -> None:
    module = check_text("""
        func.func @main(%x: tensor<3x5xf32>) -> (tensor<3x5xf32>, tensor<3x5xf32>) {
          %a = taso.exp %x : tensor<3x5xf32>
          %b = taso.relu %a : tensor<3x5xf32>
          %c = taso.add %a, %b : tensor<3x5xf32>
          func.return %b, %c : tensor<3x5xf32>, tensor<3x5xf32>
        }""")
    assert body_of(module) == [
        "a = torch.exp(x)",
        "b = torch.relu(a)",
        "a.add_(b)",
        "return (b, a)",
    ]


def test_memory_with_a_living_view_is_not_overwritten() -> None:
    module = check_text("""
        func.func @main(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<2x4xf32>) {
          %a = taso.exp %x : tensor<4x4xf32>
          %s:2 = taso.split %a, axis = 0, sizes = [2, 2]
            : tensor<4x4xf32> -> tensor<2x4xf32>, tensor<2x4xf32>
          %b = taso.neg %a : tensor<4x4xf32>
          %c = taso.add %s#0, %s#1 : tensor<2x4xf32>
          func.return %b, %c : tensor<4x4xf32>, tensor<2x4xf32>
        }""")
    assert "b = torch.neg(a)" in body_of(module)


def test_a_tensor_and_its_transpose_are_not_one_operand() -> None:
    module = check_text("""
        func.func @main(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
          %a = taso.exp %x : tensor<4x4xf32>
          %t = taso.transpose %a, perm = [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
          %c = taso.add %a, %t : tensor<4x4xf32>
          func.return %c : tensor<4x4xf32>
        }""")
    assert body_of(module) == ["a = torch.exp(x)", "return a + a.T"]


def test_results_of_a_kernel_that_share_memory_are_not_overwritten() -> None:
    module = check_text("""
        func.func @main(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
          %k, %l = taso.kernel(%y = %x : tensor<3xf32>) -> tensor<3xf32>, tensor<3xf32> {
            %e = taso.exp %y : tensor<3xf32>
            taso.yield %e, %e : tensor<3xf32>, tensor<3xf32>
          }
          %n = taso.neg %k : tensor<3xf32>
          func.return %n, %l : tensor<3xf32>, tensor<3xf32>
        }""")
    assert "n = torch.neg(k)" in body_of(module)
    assert body_of(module, "kernel_0") == ["e = torch.exp(y)", "return (e, e)"]


def test_a_kernel_that_returns_its_argument_does_not_own_it() -> None:
    check_text("""
        func.func @main(%x: tensor<2x3xf32>) -> tensor<3x2xf32> {
          %k = taso.kernel(%y = %x : tensor<2x3xf32>) -> tensor<3x2xf32> {
            %t = taso.transpose %y, perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
            taso.yield %t : tensor<3x2xf32>
          }
          %n = taso.neg %k : tensor<3x2xf32>
          func.return %n : tensor<3x2xf32>
        }""")


BIAS = """
    func.func @main(%x: tensor<3x5xDT>, %w: tensor<5x4xDT>, %z: tensor<4xDT>) -> tensor<3x4xDT> {
      %p = taso.matmul %x, %w : tensor<3x5xDT>, tensor<5x4xDT> -> tensor<3x4xDT>
      %b = taso.exp %z : tensor<4xDT>
      %bb = taso.broadcast %b, dims = [1] : tensor<4xDT> -> tensor<3x4xDT>
      %s = taso.add %bb, %p : tensor<3x4xDT>
      %r = taso.relu %s : tensor<3x4xDT>
      func.return %r : tensor<3x4xDT>
    }"""


@pytest.mark.parametrize("dtype", ["f16", "bf16", "f32", "f64"])
def test_a_row_added_to_a_product_is_its_epilogue(dtype: str) -> None:
    module = check_text(BIAS.replace("DT", dtype))
    assert body_of(module)[1] == "s = torch.addmm(b, x, w)"


def test_a_column_added_to_a_product_is_no_epilogue() -> None:
    module = check_text(
        BIAS.replace("DT", "f32")
        .replace("dims = [1]", "dims = [0]")
        .replace("%z: tensor<4xf32>", "%z: tensor<3xf32>")
        .replace("%z : tensor<4xf32>", "%z : tensor<3xf32>")
        .replace("dims = [0] : tensor<4xf32>", "dims = [0] : tensor<3xf32>")
    )
    assert not any("addmm" in line for line in body_of(module))


def test_a_product_with_two_readers_keeps_its_own_value() -> None:
    module = check_text(BIAS.replace("DT", "f32").replace("taso.relu %s", "taso.mul %s, %p"))
    assert not any("addmm" in line for line in body_of(module))


def test_a_written_out_batch_norm_body_is_kept_for_one_row() -> None:
    text = """
        func.func @main(
            %x: tensor<Nx3xf32>, %g: tensor<3xf32>, %b: tensor<3xf32>) -> tensor<Nx3xf32> {
          %y = taso.batch_norm %x, %g, %b, axis = 1, eps = 1.0e-3, correction = 1
            : tensor<Nx3xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<Nx3xf32>
          func.return %y : tensor<Nx3xf32>
        }"""
    assert "functional.batch_norm" in body_of(check_text(text.replace("N", "7")))[0]
    assert body_of(check_text(text.replace("N", "1"))) == ["return batch_norm_0(x, g, b)"]


def test_a_stale_record_does_not_change_the_result() -> None:
    """A function that says softmax and computes something else is computed as it is written."""
    module = parse_module("""
        func.func @main(%x: tensor<3x5xf32>) -> tensor<3x5xf32> {
          %y = taso.softmax %x, axis = 1 : tensor<3x5xf32> -> tensor<3x5xf32>
          func.return %y : tensor<3x5xf32>
        }""")
    lowered = lower(module)
    assert "torch.softmax(x, 1)" in torch_source(lowered)
    stale = parse_module(str(lowered).replace("arith.subf", "arith.addf"))
    source = torch_source(stale)
    assert "torch.softmax" not in source
    x = torch.randn(3, 5)
    (got,) = Program.from_source(source)(x)
    e = torch.exp(x + x.amax(1, keepdim=True))
    torch.testing.assert_close(got, e / e.sum(1, keepdim=True))


def test_repeated_results_of_a_kernel_are_not_written_to() -> None:
    check_text("""
        func.func @main(%x: tensor<3xf32>, %y: tensor<3x5xf32>)
            -> (tensor<3xf32>, tensor<3x5xf32>) {
          %k, %l = taso.kernel(%v = %x : tensor<3xf32>) -> tensor<3xf32>, tensor<3x5xf32> {
            %e = taso.exp %v : tensor<3xf32>
            %f = taso.sin %e : tensor<3xf32>
            %b = taso.broadcast %f, dims = [0] : tensor<3xf32> -> tensor<3x5xf32>
            taso.yield %e, %b : tensor<3xf32>, tensor<3x5xf32>
          }
          %s = taso.add %l, %y : tensor<3x5xf32>
          func.return %k, %s : tensor<3xf32>, tensor<3x5xf32>
        }""")


def test_chosen_values_overwrite_what_is_dead() -> None:
    module = check_text("""
        func.func @main(%x: tensor<3x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
          %zero = taso.constant 0.0 : tensor<3x5xf32>
          %c = taso.compare %x, %y, predicate = "lt"
            : tensor<3x5xf32>, tensor<3x5xf32> -> tensor<3x5xi1>
          %a = taso.exp %x : tensor<3x5xf32>
          %b = taso.min %a, %y : tensor<3x5xf32>
          %d = taso.select %c, %y, %b
            : tensor<3x5xi1>, tensor<3x5xf32>, tensor<3x5xf32> -> tensor<3x5xf32>
          %n = taso.not %c : tensor<3x5xi1>
          %e = taso.select %n, %zero, %d
            : tensor<3x5xi1>, tensor<3x5xf32>, tensor<3x5xf32> -> tensor<3x5xf32>
          func.return %e : tensor<3x5xf32>
        }""")
    assert body_of(module) == [
        "c = x < y",
        "a = torch.exp(x)",
        "torch.minimum(a, y, out=a)",
        "torch.where(c, y, a, out=a)",
        "c.bitwise_not_()",
        "a.masked_fill_(c, 0.0)",
        "return a",
    ]


def test_a_condition_that_is_also_chosen_is_not_overwritten_while_it_is_read() -> None:
    check_text("""
        func.func @main(%x: tensor<3x5xi1>, %y: tensor<3x5xi1>) -> tensor<3x5xi1> {
          %true = taso.constant true : tensor<3x5xi1>
          %c = taso.xor %x, %y : tensor<3x5xi1>
          %a = taso.select %c, %c, %y
            : tensor<3x5xi1>, tensor<3x5xi1>, tensor<3x5xi1> -> tensor<3x5xi1>
          %n = taso.not %a : tensor<3x5xi1>
          %b = taso.select %n, %true, %n
            : tensor<3x5xi1>, tensor<3x5xi1>, tensor<3x5xi1> -> tensor<3x5xi1>
          %d = taso.compare %b, %b, predicate = "ge"
            : tensor<3x5xi1>, tensor<3x5xi1> -> tensor<3x5xi1>
          func.return %d : tensor<3x5xi1>
        }""")


@pytest.mark.parametrize("shape", ["5x3x", ""])
@pytest.mark.parametrize(
    "dtype, first, second",
    [
        *((dtype, "0.3", "-inf") for dtype in ("f16", "bf16", "f32", "f64")),
        ("i32", "-7", "3"),
        ("i64", "9007199254740993", "3"),
        ("i1", "true", "false"),
    ],
)
def test_chosen_constants_have_their_type(dtype: str, first: str, second: str, shape: str) -> None:
    text = """
        func.func @main(%c: tensor<5x3xi1>, %x: tensor<5x3xDT>)
            -> (tensor<5x3xDT>, tensor<5x3xDT>, tensor<5x3xDT>) {
          %a = taso.constant FIRST : tensor<5x3xDT>
          %b = taso.constant SECOND : tensor<5x3xDT>
          %r = taso.select %c, %a, %b
            : tensor<5x3xi1>, tensor<5x3xDT>, tensor<5x3xDT> -> tensor<5x3xDT>
          %s = taso.select %c, %a, %x
            : tensor<5x3xi1>, tensor<5x3xDT>, tensor<5x3xDT> -> tensor<5x3xDT>
          %t = taso.select %c, %x, %b
            : tensor<5x3xi1>, tensor<5x3xDT>, tensor<5x3xDT> -> tensor<5x3xDT>
          func.return %r, %s, %t : tensor<5x3xDT>, tensor<5x3xDT>, tensor<5x3xDT>
        }"""
    text = text.replace("5x3x", shape).replace("DT", dtype)
    check_text(text.replace("FIRST", first).replace("SECOND", second))


@pytest.mark.parametrize("chosen", ["true", "false"])
def test_a_constant_condition_chooses(chosen: str) -> None:
    module = check_text(
        """
        func.func @main(%x: tensor<3x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
          %c = taso.constant CHOSEN : tensor<3x5xi1>
          %r = taso.select %c, %x, %y
            : tensor<3x5xi1>, tensor<3x5xf32>, tensor<3x5xf32> -> tensor<3x5xf32>
          func.return %r : tensor<3x5xf32>
        }""".replace("CHOSEN", chosen)
    )
    assert body_of(module) == ["return x" if chosen == "true" else "return y"]


def test_slices_that_split_are_one_call_and_others_are_not() -> None:
    text = """
        func.func @main(%x: tensor<2x7xf32>) -> (tensor<2x3xf32>, tensor<2xKxf32>) {
          %a = taso.slice %x, axis = 1, start = 0, stop = 3 : tensor<2x7xf32> -> tensor<2x3xf32>
          %b = taso.slice %x, axis = 1, start = START, stop = 7 : tensor<2x7xf32> -> tensor<2xKxf32>
          func.return %a, %b : tensor<2x3xf32>, tensor<2xKxf32>
        }"""
    whole = check_text(text.replace("K", "4").replace("START", "3"))
    assert body_of(whole)[0] == "a, b = x.split_with_sizes((3, 4), 1)"
    gap = check_text(text.replace("K", "3").replace("START", "4"))
    assert body_of(gap) == ["return (x.narrow(1, 0, 3), x.narrow(1, 4, 3))"]


def random_program(rng: random.Random) -> ModuleOp:
    """Twenty random ops on two square matrices, each of whose results may be read again."""
    spec = TensorSpec((4, 4), "f64")
    block = Block(arg_types=[tensor_type(spec)] * 2)
    values: list[SSAValue] = list(block.args)
    for _ in range(20):
        pick = [rng.choice(values[-6:]) for _ in range(2)]
        match rng.randrange(8):
            case 0:
                op = OPS["transpose"].create_op(pick[:1], {"perm": (1, 0)})
            case 1:
                op = OPS["matmul"].create_op(pick, {})
            case 2:
                op = OPS["reduce_max"].create_op(pick[:1], {"axes": (rng.randrange(2),)})
                block.add_op(op)
                dims = {"dims": (rng.randrange(2),), "shape": spec.shape}
                op = OPS["broadcast"].create_op(op.results, dims)
            case 3:
                op = OPS["split"].create_op(pick[:1], {"axis": 0, "sizes": (1, 3)})
                block.add_op(op)
                op = OPS["concat"].create_op([op.results[1], op.results[0]], {"axis": 0})
            case 4:  # of arguments: a rounding must not decide
                predicate = {"predicate": rng.choice(["lt", "eq", "ge"])}
                op = OPS["compare"].create_op(rng.sample(block.args, 2), predicate)
                block.add_op(op)
                op = OPS["select"].create_op([op.results[0], *pick], {})
            case _:
                names = ["add", "sub", "max", "min", "mul", "relu", "tanh", "neg", "abs", "sin"]
                name = rng.choice(names)
                arity = len(OPS[name].get_irdl_definition().operands)
                op = OPS[name].create_op(pick[:arity], {})
        block.add_op(op)
        values.append(op.results[0])
        block.add_op(squash := OPS["tanh"].create_op(op.results[:1], {}))
        if rng.random() < 0.3:
            values.append(squash.results[0])
    results = rng.sample(values[2:], 3)
    block.add_op(func.ReturnOp(*results))
    types = (block.arg_types, [v.type for v in results])
    return ModuleOp([func.FuncOp("main", types, Region(block))])


@pytest.mark.parametrize("_", range(40))
def test_random_programs(_: int) -> None:
    seed = random.randrange(2**32)
    module = random_program(random.Random(seed))
    inputs = [np.random.default_rng(seed).normal(size=(4, 4)) for _ in range(2)]
    check_torch(module, inputs, accumulated=True)


HOISTED = """
    func.func @main__prepare(
        %a: tensor<4x3xf32> {taso.source = 1 : i64},
        %b: tensor<4x2xf32> {taso.source = 3 : i64}) -> tensor<4x5xf32> {
      %c = taso.concat %a, %b, axis = 1 : tensor<4x3xf32>, tensor<4x2xf32> -> tensor<4x5xf32>
      func.return %c : tensor<4x5xf32>
    }
    func.func @main(
        %y: tensor<5xf32> {taso.source = 2 : i64},
        %x: tensor<2x4xf32> {taso.source = 0 : i64},
        %k: tensor<5xf32> {taso.param, taso.source = 4 : i64},
        %c: tensor<4x5xf32> {taso.prepared = 0 : i64}) -> tensor<2x5xf32> {
      %p = taso.matmul %x, %c : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
      %s = taso.add %y, %k : tensor<5xf32>
      %b = taso.broadcast %s, dims = [1] : tensor<5xf32> -> tensor<2x5xf32>
      %r = taso.add %p, %b : tensor<2x5xf32>
      func.return %r : tensor<2x5xf32>
    }"""


def test_parameters_are_prepared_once() -> None:
    program = program_of(parse_module(HOISTED))
    assert [a and a.name for a in program.arguments] == ["x", "a", "y", "b", "k"]
    assert [a and a.name for a in program.parameters] == ["a", "b", "k"]
    x, a, y, b, k = (torch.randn(arg.shape) for arg in program.arguments if arg)
    with pytest.raises(RuntimeError, match="3 parameters have to be prepared first"):
        program(x, y)
    program.prepare([a.requires_grad_(), b, k])
    wanted = x @ torch.cat((a, b), 1) + y + k
    (got,) = program(x, y)
    torch.testing.assert_close(got, wanted.detach())
    assert not got.requires_grad
    (again,) = program.run([x, a * 2, y, b * 2, k])
    torch.testing.assert_close(again, (2 * x @ torch.cat((a, b), 1) + y + k).detach())


def test_a_parameter_that_hoisting_drops_keeps_its_place() -> None:
    module = check_text("""
        func.func @main(
            %w: tensor<5x3xf32> {taso.param}, %x: tensor<8x5xf32>, %u: tensor<7xf32> {taso.param},
            %v: tensor<5x3xf32> {taso.param}) -> tensor<8x3xf32> {
          %s = taso.add %w, %v : tensor<5x3xf32>
          %p = taso.matmul %x, %s : tensor<8x5xf32>, tensor<5x3xf32> -> tensor<8x3xf32>
          func.return %p : tensor<8x3xf32>
        }""")
    program = program_of(module)
    assert [a.name for a in program.arguments] == ["w", "x", "x2", "v"]
    assert len(program.parameters) == 3
    assert body_of(module, "prepare") == ["return w + v"]
    first, second = draw_inputs(program.arguments, 0, "cpu"), torch.randn(7)
    (a,), (b,) = program.run(first), program.run([*first[:2], second, first[3]])
    assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([torch.zeros(2, 4)], "expected 2 tensors, got 1"),
        (
            [torch.zeros(4, 2), torch.zeros(5)],
            r"x: expected float32\[2, 4\] on cpu, got .*\[4, 2\]",
        ),
        (
            [torch.zeros(2, 4, dtype=torch.float64), torch.zeros(5)],
            r"x: expected float32\[2, 4\] on cpu, got float64\[2, 4\] on cpu",
        ),
        ([torch.zeros(2, 4), torch.zeros(5, device="meta")], r"y: .* on cpu, got .* on meta"),
        ([torch.zeros(2, 4), [1.0] * 5], r"y: expected float32\[5\], got list"),
    ],
)
def test_inputs_that_do_not_fit_are_named(inputs: list[torch.Tensor], message: str) -> None:
    program = program_of(parse_module(HOISTED))
    program.prepare([torch.zeros(a.shape) for a in program.parameters])
    with pytest.raises(TypeError, match=message):
        program(*inputs)


def test_a_last_parameter_that_nothing_reads_is_still_taken() -> None:
    module = parse_module("""
        func.func @main(%x: tensor<2x3xf32>, %w: tensor<3x4xf32> {taso.param},
            %unread: tensor<7xf32> {taso.param}) -> tensor<2x4xf32> {
          %t = taso.neg %w : tensor<3x4xf32>
          %y = taso.matmul %x, %t : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
          func.return %y : tensor<2x4xf32>
        }""")
    program = program_of(module)
    assert [a.shape for a in program.parameters] == [(3, 4), (7,)]
    x, w, unread = (torch.randn(a.shape) for a in program.arguments)
    (y,) = program.run([x, w, unread])
    assert torch.allclose(y, x @ -w)


def test_numbers_of_prepared_arguments_must_fit() -> None:
    for wrong in ("taso.prepared = 1", "taso.prepared = -1"):
        with pytest.raises(TorchSourceError, match="of @main__prepare is no"):
            program_of(parse_module(HOISTED.replace("taso.prepared = 0", wrong)))
    for wrong in ("taso.source = -1", "taso.source = 2"):
        with pytest.raises(TorchSourceError, match="no distinct indices"):
            program_of(parse_module(HOISTED.replace("taso.source = 4", wrong)))


def test_results_can_be_changed_without_harm() -> None:
    """Neither the next call nor a constant sees what a caller does to a result."""
    program = program_of(
        parse_module("""
        func.func @main(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
          %c = taso.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
          %y = taso.add %x, %c : tensor<3xf32>
          func.return %y, %c : tensor<3xf32>, tensor<3xf32>
        }""")
    )
    x = torch.randn(3)
    for _ in range(2):
        y, c = program(x)
        torch.testing.assert_close(y, x + torch.tensor([1.0, 2.0, 3.0]))
        assert c.tolist() == [1.0, 2.0, 3.0]
        c.zero_()
