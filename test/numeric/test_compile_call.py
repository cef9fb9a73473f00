"""A compiled program is called as the program that it was made from, and returns what it did."""

import copy
import inspect
import pickle
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from support.taso_compile import close, compiled_by_hand, distributivity, inputs
from torch import Tensor, nn
from torch.utils import _pytree as pytree

import taso
from taso.frontends.interface import Given, Result, Write
from taso.frontends.saved_program import load


class Attends(nn.Module):
    """As a model of transformers: optional arguments, and keywords that it passes on."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(
        self,
        ids: Tensor,
        mask: Tensor | None = None,
        scale: float = 2.0,
        *rest: Tensor,
        flag: bool | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        out = self.linear(ids) * scale
        if mask is not None:
            out = out + mask
        for more in (*rest, *kwargs.values()):
            out = out - more
        return {"out": out, "ids": ids, "scale": scale, "mask": mask, "flag": flag, "name": "n"}


def ones(*shape: int) -> Tensor:
    return torch.randn(*shape)


def agree(given: Any, expected: Any) -> bool:
    """Tensors that are close, other values equal, in the same structure."""
    ours, our_tree = pytree.tree_flatten(given)
    theirs, their_tree = pytree.tree_flatten(expected)
    assert our_tree == their_tree
    return all(
        close(x, y) if isinstance(y, Tensor) else (type(x), x) == (type(y), y)
        for x, y in zip(ours, theirs, strict=True)
    )


CALLS: list[tuple[str, Callable[[], tuple[tuple[Any, ...], dict[str, Any]]]]] = [
    ("positional", lambda: ((ones(3, 4),), {})),
    ("default_by_position", lambda: ((ones(3, 4), None), {})),
    ("default_by_keyword", lambda: ((ones(3, 4),), {"mask": None, "scale": 2.0, "flag": None})),
    ("keyword", lambda: ((), {"ids": ones(3, 4)})),
]


@pytest.mark.parametrize(
    "example", [lambda: (ones(3, 4),), lambda: {"ids": ones(3, 4)}, lambda: ones(3, 4)]
)
@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[name for name, _ in CALLS])
def test_each_way_to_pass_the_same_arguments(
    example: Callable[[], Any], call: Callable[[], tuple[tuple[Any, ...], dict[str, Any]]]
) -> None:
    model = Attends().eval()
    compiled = taso.compile(model, example())
    args, kwargs = call()
    with torch.no_grad():
        assert agree(compiled(*args, **kwargs), model(*args, **kwargs))
    assert compiled(*args, **kwargs)["ids"] is (args[0] if args else kwargs["ids"])


def test_arguments_of_every_kind() -> None:
    model = Attends().eval()
    compiled = taso.compile(model, [ones(3, 4), ones(4), 3.0, ones(1), ones(3, 1)])
    args = [ones(3, 4), ones(4), 3.0, ones(1), ones(3, 1)]
    with torch.no_grad():
        assert agree(compiled(*args), model(*args))
    example = {"mask": ones(4), "ids": ones(3, 4), "flag": True, "more": ones(1)}
    compiled = taso.compile(model, example)
    with torch.no_grad():
        kwargs = {"flag": True, "more": ones(1), "mask": ones(4)}
        x = ones(3, 4)
        assert agree(compiled(x, **kwargs), model(x, **kwargs))


def test_an_example_given_twice_is_two_inputs() -> None:
    def program(x: Tensor, more: dict[str, Tensor]) -> Tensor:
        return x * 2 + more["y"]

    a, b, c = ones(3), ones(3), ones(3)
    compiled = taso.compile(program, (a, {"y": a}))
    assert close(compiled(b, {"y": c}), program(b, {"y": c}))


def test_an_example_that_is_a_view_of_another_is_an_input_of_its_own() -> None:
    def program(x: Tensor, y: Tensor) -> Tensor:
        return x.add_(1) * y

    a, b, c = ones(3), ones(3), ones(3)
    compiled = taso.compile(program, (a, a[:]))
    assert close(compiled(b.clone(), c), (b + 1) * c)


def test_a_parameter_as_the_example_is_an_input_too() -> None:
    layer, x, y = nn.Linear(3, 3), ones(3), ones(3)
    compiled = taso.compile(layer, layer.bias)
    assert close(compiled(x), layer(x))
    assert close(compiled(y), layer(y))


def test_signature_is_the_models() -> None:
    model = Attends()
    assert inspect.signature(taso.compile(model, ones(3, 4))) == inspect.signature(model.forward)


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "missing a required argument: 'ids'"),
        ((ones(3, 4), ones(4)), {}, "mask: expected no argument or None, .*, got a tensor"),
        ((ones(3, 4),), {"scale": 3.0}, "scale: expected no argument or 2.0, .*, got 3.0"),
        ((ones(3, 4),), {"scale": 2}, "scale: expected no argument or 2.0, .*, got 2"),
        ((ones(3, 4),), {"other": ones(1)}, "other: expected no argument, .*, got a tensor"),
        ((ones(3, 4), None, 2.0, ones(1)), {}, "expected inputs"),
        ((ones(3, 4), None, 2.0, ones(1), ones(1)), {}, "expected inputs"),
        (([ones(3, 4)],), {}, r"ids: expected float32\[3, 4\], got list"),
        ((ones(3, 5),), {}, r"ids: expected float32\[3, 4\] on cpu, got float32\[3, 5\] on cpu"),
    ],
)
def test_other_arguments_are_refused(
    args: tuple[Any, ...], kwargs: dict[str, Any], message: str
) -> None:
    compiled = taso.compile(Attends(), ones(3, 4))
    with pytest.raises(TypeError, match=message):
        compiled(*args, **kwargs)


@pytest.mark.parametrize(
    ("value", "other", "message"),
    [
        (2.0, 3.0, "scale: expected 2.0, as when the program was compiled, got 3.0"),
        (2.0, 2, "scale: expected 2.0, .* got 2"),
        (1, True, "scale: expected 1, .* got True"),
        (2.0, None, "scale: expected 2.0, .* got None"),
    ],
)
def test_python_values_are_fixed(value: Any, other: Any, message: str) -> None:
    compiled = taso.compile(Attends(), {"ids": ones(3, 4), "scale": value})
    x = ones(3, 4)
    compiled(x, scale=value)
    with pytest.raises(TypeError, match=message):
        compiled(x, scale=other)


def test_fixed_values_inside_structures_are_named() -> None:
    def program(batch: dict[str, Any], *rest: Any) -> Tensor:
        return batch["x"] * batch["factors"][1] + rest[0]["z"]

    compiled = taso.compile(program, [{"x": ones(3), "factors": [1, 5]}, {"z": 7}])
    x = ones(3)
    assert torch.equal(compiled({"factors": [1, 5], "x": x}, {"z": 7}), x * 5 + 7)
    with pytest.raises(TypeError, match=r"batch\['factors'\]\[1\]: expected 5, .* got 6"):
        compiled({"x": x, "factors": [1, 6]}, {"z": 7})
    with pytest.raises(TypeError, match=r"\*rest\[0\]\['z'\]: expected 7, .* got 8"):
        compiled({"x": x, "factors": [1, 5]}, {"z": 8})


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Outcome:
    """Registered with torch.export, as transformers' outputs are."""

    hidden: Any
    states: Any = None


torch.export.register_dataclass(Outcome, serialized_type_name="test_compile_call.Outcome")


def test_structures_of_inputs_and_outputs() -> None:
    def program(p: Pair, q: OrderedDict[str, Tensor]) -> Outcome:
        return Outcome(Pair([p.left + p.right[0]], (q["a"], None, "text", 3)), {"b": q["b"] * 2})

    def example() -> tuple[Any, Any]:
        return Pair(ones(3), [ones(3)]), OrderedDict(a=ones(2), b=ones(1))

    compiled = taso.compile(program, example())
    p, q = example()
    given = compiled(p, q)
    assert isinstance(given, Outcome)
    assert isinstance(given.hidden, Pair)
    assert given.hidden.right[0] is q["a"]
    assert agree(given, program(p, q))


def test_keyword_arguments() -> None:
    a, b, c = inputs()
    compiled = taso.compile(distributivity, (a, b, c))
    assert torch.equal(compiled(a, c=c, b=b), compiled(a, b, c))


def test_input_and_output_structure() -> None:
    def program(p: dict[str, Any], q: list[Tensor]) -> dict[str, Any]:
        return {"sum": p["x"] + q[0], "rest": (p["y"][0] * 2, None, [p["x"]])}

    def example() -> tuple[dict[str, Any], list[Tensor]]:
        return {"x": torch.randn(3), "y": (torch.randn(2),)}, [torch.randn(3)]

    compiled = taso.compile(program, example())
    p, q = example()
    given, expected = compiled(p, q), program(p, q)
    assert given.keys() == expected.keys()
    assert torch.equal(given["sum"], expected["sum"])
    doubled, nothing, [x] = given["rest"]
    assert torch.equal(doubled, expected["rest"][0])
    assert nothing is None
    assert torch.equal(x, p["x"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b, c: (a.T, b, c), r"a: expected float32\[5, 4\] on cpu, got float32\[4, 5\]"),
        (lambda a, b, c: (a, b.double(), c), r"b: expected float32\[4, 3\].*, got float64\[4, 3\]"),
        (lambda a, b, c: (a, b, 3), r"c: expected float32\[4, 3\], got int"),
        (lambda a, b, c: (a, b), "missing a required argument: 'c'"),
        (lambda a, b, c: (a, b, [c]), r"c: expected float32\[4, 3\], got list"),
    ],
)
def test_wrong_inputs(change: Callable[..., tuple[Any, ...]], message: str) -> None:
    compiled = taso.compile(distributivity, inputs())
    with pytest.raises(TypeError, match=message):
        compiled(*change(*inputs()))


def test_wrong_structure() -> None:
    compiled = taso.compile(lambda p: p["x"] + p["y"], [{"x": torch.ones(2), "y": torch.ones(2)}])
    with pytest.raises(TypeError, match=r"expected inputs .*'y'.*, got .*\['x'\]"):
        compiled({"x": torch.ones(2)})


def test_gradients_are_warned_about_once() -> None:
    model = nn.Linear(4, 3)
    compiled = taso.compile(model, ones(2, 4))
    x = ones(2, 4).requires_grad_()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not compiled(x.detach()).requires_grad  # parameters alone are no reason
        with torch.no_grad():
            assert not compiled(x).requires_grad
    with pytest.warns(UserWarning, match="records none; torch.compile.*taso") as caught:
        assert not compiled(x).requires_grad
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not compiled(x).requires_grad
    assert torch.is_grad_enabled()


def gradient_of_batch(f: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return torch.func.grad(lambda x: torch.vmap(f)(x).sum())


@pytest.mark.parametrize(
    ("transform", "shape"),
    [(torch.func.grad, (4,)), (torch.func.jacrev, (4,)), (gradient_of_batch, (3, 4))],
)
def test_gradients_of_torch_func_are_not_taken_for_zeros(
    transform: Callable[..., Any], shape: tuple[int, ...]
) -> None:
    model = nn.Linear(4, 1)
    compiled = taso.compile(lambda x: model(x).sum(), ones(4))
    with pytest.raises(RuntimeError, match=r"records none; torch.compile.*taso"):
        transform(compiled)(ones(*shape))
    assert torch.is_grad_enabled()


@pytest.mark.filterwarnings("ignore:.torch.jit.script.:DeprecationWarning")  # by torch itself
def test_other_transforms_of_torch_func() -> None:
    model, x = nn.Linear(4, 2), ones(3, 4)
    compiled = taso.compile(lambda x: model(x).sin(), ones(4))
    assert close(torch.vmap(compiled)(x), model(x).sin())
    assert close(
        torch.func.jacfwd(compiled)(x[0]), torch.func.jacrev(lambda x: model(x).sin())(x[0])
    )


def test_autocast_is_followed(tmp_path: Path) -> None:
    """Prepared weights keep their type, too, and a saved program does as it did when saved."""
    model = nn.Sequential(*(nn.Linear(64, 64) for _ in range(3)), nn.Softmax(-1))
    x = ones(256, 64)

    def check(program: Callable[..., Any], enabled: bool, dtype: torch.dtype) -> None:
        with torch.autocast("cpu", dtype, enabled=enabled), torch.no_grad():
            assert close(program(x), model(x), 1e-2 if enabled else 1e-5)

    for first in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=first):
            compiled = taso.compile(model, x)
            compiled.save(tmp_path / f"saved{first}")
        for enabled, dtype in ((True, torch.bfloat16), (False, torch.half), (True, torch.half)):
            check(compiled, enabled, dtype)
        with torch.no_grad():
            model[0].weight.add_(1)
        check(compiled, True, torch.bfloat16)
        check(compiled, False, torch.bfloat16)
    loaded = load(tmp_path / "savedFalse")
    expected = loaded(x)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loaded(x), expected)


def test_code_under_torch_compile_calls_the_program_as_it_is() -> None:
    model = nn.Linear(4, 4)
    compiled = taso.compile(model, ones(3, 4))

    @torch.compile(backend="eager")
    def program(x: Tensor) -> Tensor:
        return compiled(x + 1) * 2

    x = ones(3, 4)
    with torch.no_grad():
        assert close(program(x), model(x + 1) * 2)
        model.weight.add_(1)
        assert close(program(x), model(x + 1) * 2)
    with pytest.raises(Exception, match=r"it runs what taso\.compile has generated"):
        torch.compile(compiled, backend="eager", fullgraph=True)(x)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_there_are_no_copies(copied: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"copied or pickled: \.save\(path\) writes it"):
        copied(taso.compile(distributivity, inputs()))


def test_gradients_are_recorded_again_after_an_error() -> None:
    compiled = taso.compile(nn.Linear(4, 3), ones(2, 4))
    with pytest.raises(TypeError):
        compiled(ones(2, 5))
    assert torch.is_grad_enabled()


WRITES = """
func.func @main(%x: tensor<3xf32>, %s: tensor<3xf32>, %t: tensor<3xf32>)
    -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %sum = taso.add %s, %x : tensor<3xf32>
  %twice = taso.add %t, %t : tensor<3xf32>
  func.return %s, %sum, %twice : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}"""


def test_results_are_written_after_all_are_computed() -> None:
    x, s, t = (torch.randn(3) for _ in range(3))
    outputs = [Result(0), Result(2), Given(0)]
    writes = [Write(1, "s"), Write(0, 0), Write(2, "t")]
    compiled = compiled_by_hand(WRITES, (x,), {"s": s, "t": t}, {}, outputs, writes)
    for _ in range(2):
        given = torch.randn(3)
        old_x, old_s, old_t = given.clone(), s.clone(), t.clone()
        before, twice, same = compiled(given)
        assert torch.equal(before, old_s)
        assert torch.equal(twice, 2 * old_t)
        assert same is given
        assert torch.equal(s, old_s + old_x)
        assert torch.equal(given, old_s)
        assert torch.equal(t, 2 * old_t)
    assert "main__prepare" not in compiled.graph


def test_what_is_changed_may_not_overlap_with_another_input() -> None:
    """Eager would see the change through both; the program was made for two tensors."""
    memory = torch.randn(5)
    compiled = taso.compile(lambda x, y: x.add_(1) + y, (torch.randn(3), torch.randn(3)))
    for x, y in ((memory[:3], memory[2:]), (memory[:3],) * 2):
        before = memory.clone()
        with pytest.raises(TypeError, match=r"shares memory with another .* pass a copy"):
            compiled(x, y)
        assert torch.equal(memory, before)
    x, y = memory[:2], memory[3:]
    compiled = taso.compile(lambda x, y: x.add_(1) + y, (x, y))
    expected = x + 1 + y
    assert torch.equal(compiled(x, y), expected)
    assert torch.equal(x + y, expected)
