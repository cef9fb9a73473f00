"""PyTorch's own samples of every op that has a converter: forward, in every element type."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
import torch
from support.opinfo import INFOS, calls_of, joined, run_as_torch
from torch import Tensor
from torch.testing._internal.opinfo.core import SampleInput
from torch.utils import _pytree as pytree

from taso.frontends.aten.writer import CONVERTERS, UnsupportedError
from taso.frontends.torch_export import import_program

Adapter = Callable[[SampleInput], SampleInput | None]

REACHED = {
    "T": "numpy_T.default",
    "__getitem__": "index.Tensor select.int slice.Tensor",
    "__radd__": "add.Tensor",
    "__rand__": "bitwise_and.Tensor",
    "__rdiv__": "mul.Tensor reciprocal.default",
    "__rmul__": "mul.Tensor",
    "__ror__": "bitwise_or.Tensor",
    "__rpow__": "pow.Tensor_Tensor",
    "__rsub__": "rsub.Tensor",
    "__rxor__": "bitwise_xor.Tensor",
    "_native_batch_norm_legit": ("_native_batch_norm_legit_functional.default"),
    "abs": "abs.default",
    "add": "add.Tensor",
    "addmm": "addmm.default",
    "addr": "_to_copy.default expand.default",
    "all": "all.default all.dim all.dims",
    "amax": "amax.default",
    "amin": "amin.default",
    "any": "any.default any.dim any.dims",
    "argmax": "argmax.default",
    "argmin": "argmin.default",
    "baddbmm": "baddbmm.default",
    "bfloat16": "to.dtype",
    "bitwise_and": "bitwise_and.Tensor",
    "bitwise_not": "bitwise_not.default",
    "bitwise_or": "bitwise_or.Tensor",
    "bitwise_xor": "bitwise_xor.Tensor",
    "bmm": "bmm.default",
    "bool": "to.dtype",
    "cat": "cat.default",
    "clamp": "clamp.Tensor",
    "clamp_max": "clamp_max.Tensor",
    "clamp_min": "clamp_min.Tensor",
    "clone": "clone.default",
    "constant_pad_nd": "constant_pad_nd.default",
    "contiguous": "contiguous.default",
    "cos": "cos.default",
    "cumsum": "cumsum.default",
    "div_no_rounding_mode": "div.Tensor",
    "double": "to.dtype",
    "einsum": "einsum.default",
    "eq": "eq.Tensor",
    "erf": "erf.default",
    "exp": "exp.default",
    "expand": "expand.default",
    "flatten": "flatten.using_ints",
    "float": "to.dtype",
    "float_power": "pow.Tensor_Tensor",
    "full_like": "full_like.default",
    "gather": "gather.default",
    "ge": "ge.Tensor",
    "gt": "gt.Tensor",
    "half": "to.dtype",
    "index_select": "index_select.default",
    "int": "to.dtype",
    "le": "le.Tensor",
    "log": "log.default",
    "log_softmax": "log_softmax.int",
    "log_softmax_with_dtype": "log_softmax.int",
    "logical_and": "logical_and.default",
    "logical_not": "logical_not.default",
    "logical_or": "logical_or.default",
    "logical_xor": "logical_xor.default",
    "long": "to.dtype",
    "lt": "lt.Tensor",
    "mT": "mT.default",
    "masked_fill": "masked_fill.Scalar masked_fill.Tensor",
    "matmul": "matmul.default",
    "max_binary": "maximum.default",
    "max_reduction_no_dim": "max.default",
    "max_reduction_with_dim": "max.dim",
    "maximum": "maximum.default",
    "mean": "mean.default mean.dim",
    "min_binary": "minimum.default",
    "min_reduction_no_dim": "min.default",
    "min_reduction_with_dim": "min.dim",
    "minimum": "minimum.default",
    "mm": "mm.default",
    "mul": "mul.Tensor",
    "native_batch_norm": ("_native_batch_norm_legit_no_training.default"),
    "native_group_norm": "native_group_norm.default",
    "native_layer_norm": "native_layer_norm.default",
    "ne": "ne.Tensor",
    "neg": "neg.default",
    "nn_functional_adaptive_avg_pool2d": "adaptive_avg_pool2d.default",
    "nn_functional_avg_pool1d": "avg_pool1d.default",
    "nn_functional_avg_pool2d": "avg_pool2d.default",
    "nn_functional_batch_norm": ("_native_batch_norm_legit_no_training.default"),
    "nn_functional_conv1d": "conv1d.default conv1d.padding",
    "nn_functional_conv2d": "conv2d.default conv2d.padding",
    "nn_functional_dropout": "dropout.default",
    "nn_functional_embedding": "embedding.default",
    "nn_functional_gelu": "gelu.default",
    "nn_functional_group_norm": "group_norm.default",
    "nn_functional_hardtanh": "hardtanh.default",
    "nn_functional_instance_norm": "_native_batch_norm_legit.no_stats",
    "nn_functional_layer_norm": "layer_norm.default",
    "nn_functional_leaky_relu": "leaky_relu.default",
    "nn_functional_linear": "linear.default",
    "nn_functional_max_pool2d": "max_pool2d.default max_pool2d_with_indices.default",
    "nn_functional_relu": "relu.default",
    "nn_functional_relu6": "relu6.default",
    "nn_functional_rms_norm": "rms_norm.default",
    "nn_functional_scaled_dot_product_attention": "scaled_dot_product_attention.default",
    "nn_functional_silu": "silu.default",
    "permute": "permute.default",
    "pow": "pow.Tensor_Tensor",
    "reciprocal": "reciprocal.default",
    "reshape": "reshape.default",
    "rsqrt": "rsqrt.default",
    "rsub": "rsub.Tensor",
    "select": "select.int",
    "sigmoid": "sigmoid.default",
    "sin": "sin.default",
    "slice": "slice.Tensor",
    "softmax": "softmax.int",
    "softmax_with_dtype": "softmax.int",
    "split": "split.Tensor",
    "split_with_sizes": "split_with_sizes.default",
    "sqrt": "sqrt.default",
    "square": "pow.Tensor_Scalar",
    "squeeze": "squeeze.default squeeze.dim",
    "squeeze_multiple": "squeeze.dims",
    "sub": "sub.Tensor",
    "sum": "sum.default sum.dim_IntList",
    "t": "t.default",
    "tanh": "tanh.default",
    "to": "to.device to.dtype",
    "transpose": "transpose.int",
    "unsqueeze": "unsqueeze.default",
    "var": "var.correction",
    "view": "view.default",
    "where": "where.self",
}
"""By the name of an OpInfo, the overloads whose converters its samples have to reach."""


def as_it_is(sample: SampleInput) -> SampleInput:
    return sample


def numbers(sample: SampleInput) -> SampleInput:
    """Its tensors but for the first as numbers."""
    return SampleInput(sample.input, args=tuple(map(_number, sample.args)), kwargs=sample.kwargs)


def number_first(sample: SampleInput) -> SampleInput:
    return SampleInput(_number(sample.input), args=sample.args)


def _number(x: Any) -> Any:
    """The first element of a tensor."""
    return (x.reshape(-1)[0].item() if x.numel() else 1) if isinstance(x, Tensor) else x


def condition_first(*is_number: bool) -> Adapter:
    """Of `where`; the values may be numbers."""

    def adapt(sample: SampleInput) -> SampleInput:
        condition, other = sample.args
        values = zip((sample.input, other), is_number, strict=True)
        return SampleInput(condition, args=tuple(_number(x) if n else x for x, n in values))

    return adapt


def beside(*args: Any, **kwargs: Any) -> Adapter:
    """The first tensor, beside other arguments."""
    return lambda sample: SampleInput(sample.input, args=args, kwargs=kwargs)


def convolution(sample: SampleInput) -> SampleInput | None:
    given = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **sample.kwargs}
    if isinstance(given["padding"], str):
        return None
    stride, padding, dilation = (
        [n, n] if isinstance(n, int) else n
        for n in (given["stride"], given["padding"], given["dilation"])
    )
    window = (stride, padding, dilation, False, [0, 0], given["groups"])
    return SampleInput(sample.input, args=(*sample.args, *[None] * (2 - len(sample.args)), *window))


def adaptive_pool(sample: SampleInput) -> SampleInput:
    (given,) = sample.args
    wanted = [given] * 2 if isinstance(given, int) else given
    sizes = [n or size for n, size in zip(wanted, sample.input.shape[-2:], strict=True)]
    return SampleInput(sample.input, args=(sizes,))


def rms_norm(sample: SampleInput) -> SampleInput:
    shape, weight = (*sample.args, None)[:2]
    return SampleInput(sample.input, args=(shape, weight, sample.kwargs.get("eps")))


def along_axis(sample: SampleInput) -> SampleInput:
    return SampleInput(sample.input, args=(sample.args[0], False))


CALLED: dict[str, tuple[str, Adapter]] = {
    "__and__.Scalar": ("bitwise_and", numbers),
    "__and__.Tensor": ("bitwise_and", as_it_is),
    "__or__.Scalar": ("bitwise_or", numbers),
    "__or__.Tensor": ("bitwise_or", as_it_is),
    "__xor__.Scalar": ("bitwise_xor", numbers),
    "__xor__.Tensor": ("bitwise_xor", as_it_is),
    "_adaptive_avg_pool2d.default": ("nn_functional_adaptive_avg_pool2d", adaptive_pool),
    "_fused_rms_norm.default": ("nn_functional_rms_norm", rms_norm),
    "_log_softmax.default": ("log_softmax", along_axis),
    "_softmax.default": ("softmax", along_axis),
    "_unsafe_view.default": ("view", as_it_is),
    "add.Scalar": ("add", numbers),
    "alias.default": ("abs", as_it_is),
    "bitwise_and.Scalar": ("bitwise_and", numbers),
    "bitwise_and.Scalar_Tensor": ("bitwise_and", number_first),
    "bitwise_or.Scalar": ("bitwise_or", numbers),
    "bitwise_or.Scalar_Tensor": ("bitwise_or", number_first),
    "bitwise_xor.Scalar": ("bitwise_xor", numbers),
    "bitwise_xor.Scalar_Tensor": ("bitwise_xor", number_first),
    "clamp.default": ("clamp", numbers),
    "clamp_max.default": ("clamp_max", numbers),
    "clamp_min.default": ("clamp_min", numbers),
    "convolution.default": ("nn_functional_conv2d", convolution),
    "detach.default": ("abs", as_it_is),
    "div.Scalar": ("div_no_rounding_mode", numbers),
    "eq.Scalar": ("eq", numbers),
    "ge.Scalar": ("ge", numbers),
    "gt.Scalar": ("gt", numbers),
    "le.Scalar": ("le", numbers),
    "lift_fresh_copy.default": ("abs", as_it_is),
    "lt.Scalar": ("lt", numbers),
    "mul.Scalar": ("mul", numbers),
    "native_dropout.default": ("nn_functional_dropout", beside(0.5, False)),
    "ne.Scalar": ("ne", numbers),
    "pow.Scalar": ("pow", number_first),
    "rsub.Scalar": ("rsub", numbers),
    "sub.Scalar": ("sub", numbers),
    "to.dtype_layout": ("to", beside(dtype=torch.float32)),
    "to.other": ("to", beside(torch.zeros((), dtype=torch.float64))),
    "type_as.default": ("to", beside(torch.zeros((), dtype=torch.int32))),
    "where.Scalar": ("where", condition_first(True, True)),
    "where.ScalarOther": ("where", condition_first(False, True)),
    "where.ScalarSelf": ("where", condition_first(True, False)),
}
"""Overloads that torch.export does not write for an OpInfo's own function: the OpInfo on whose
samples each is called by its name, and in what form."""

FOLDED = ("full.default", "scalar_tensor.default")
"""They have no tensor to depend on, and so are computed while importing, as OpInfo's sizes are."""


def not_random(sample: SampleInput) -> SampleInput | None:
    given = {"dropout_p": 0.0, "training": "dropout_p" not in sample.kwargs, **sample.kwargs}
    drops = given["dropout_p"] > 0 or (given["training"] and given.get("p", 0.5) not in (0, 1))
    return None if drops else sample


def no_mask(sample: SampleInput) -> SampleInput | None:
    """How many elements a mask chooses depends on data."""
    leaves = pytree.tree_leaves(sample.args)
    masks = [x for x in leaves if isinstance(x, Tensor) and x.dtype == torch.bool]
    return None if masks else sample


LEFT_OUT: dict[str, Adapter] = {
    "__getitem__": no_mask,
    "nn_functional_dropout": not_random,
    "nn_functional_scaled_dot_product_attention": not_random,
}
"""Where some samples can't be compared."""

SUMMED = frozenset(
    (
        "_native_batch_norm_legit",
        "addmm",
        "addr",
        "baddbmm",
        "bmm",
        "convolution.default",
        "einsum",
        "matmul",
        "mm",
        "native_batch_norm",
        "nn_functional_batch_norm",
        "nn_functional_conv1d",
        "nn_functional_conv2d",
        "nn_functional_instance_norm",
        "nn_functional_linear",
        "nn_functional_scaled_dot_product_attention",
    )
)
"""Sums in which terms cancel: an error is relative to the largest element."""


def test_every_converter_is_reached_by_samples() -> None:
    """A new converter needs a place in a table above."""
    reached = {name for names in REACHED.values() for name in names.split()}
    assert {f"aten.{name}" for name in (*reached, *CALLED, *FOLDED)} == set(CONVERTERS)
    assert not reached & set(CALLED)


@contextmanager
def recorded() -> Generator[set[str]]:
    """The overloads whose converters have written something."""
    reached: set[str] = set()

    def recording(name: str, converter: Callable[..., Any]) -> Callable[..., Any]:
        def convert(*args: Any, **kwargs: Any) -> Any:
            result = converter(*args, **kwargs)
            reached.add(name.removeprefix("aten."))
            return result

        return convert

    with patch.dict(CONVERTERS, {k: recording(k, v) for k, v in CONVERTERS.items()}):
        yield reached


def overload(name: str) -> Callable[..., Any]:
    packet, _, which = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet), which)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*REACHED, *CALLED])
def test_samples(name: str) -> None:
    """In every element type, one program of all."""
    if name in CALLED:
        source, adapt = CALLED[name]
        info, function, wanted = INFOS[source], overload(name), {name}
    else:
        info, adapt, wanted = INFOS[name], LEFT_OUT.get(name, as_it_is), set(REACHED[name].split())
        function = info.op
    taken = list(calls_of(info, function, adapt, 1 if name in CALLED else 2))
    program, inputs = joined([call for call, _ in taken])
    with recorded() as reached:
        imported = import_program(program, inputs)
    assert wanted <= reached
    given = iter(run_as_torch(imported, [x.clone() for x in inputs]))
    for call, expected in taken:
        for theirs in expected:
            assert_close(next(given), theirs, call.sample, summed=name in SUMMED)


RELATIVE = {torch.float16: 1e-3, torch.bfloat16: 1.6e-2, torch.float32: 5e-6, torch.float64: 1e-7}


def assert_close(given: Tensor, expected: Tensor, sample: SampleInput, *, summed: bool) -> None:
    """By the tolerances of torch's own tests."""
    rtol = atol = None
    if summed and expected.dtype in RELATIVE:
        rtol = RELATIVE[expected.dtype]
        atol = rtol * max(expected[expected.isfinite()].abs().tolist(), default=0.0)
    torch.testing.assert_close(
        given,
        expected,
        rtol=rtol,
        atol=atol,
        equal_nan=True,
        msg=lambda text: f"{sample}: {text}",
    )


OTHERS = (torch.int8, torch.int16, torch.uint8)


@pytest.mark.parametrize("dtype", OTHERS, ids=str)
@pytest.mark.parametrize("program", [torch.abs, lambda x: x.float() * 2], ids=["abs", "float"])
def test_other_element_types_are_refused(program: Callable[..., Any], dtype: torch.dtype) -> None:
    with pytest.raises(UnsupportedError, match=f"element type {dtype}"):
        import_program(program, [torch.ones(3, dtype=dtype)])


@pytest.mark.parametrize("dtype", OTHERS, ids=str)
def test_conversions_to_other_element_types_are_refused(dtype: torch.dtype) -> None:
    with pytest.raises(UnsupportedError, match=f"element type {dtype}"):
        import_program(lambda x: x.to(dtype), [torch.ones(3)])
