"""The graphs of the literature: sizes as published, and equal after optimisation."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from graphs import GRAPHS, LORA_RANKS
from graphs.builder import GraphBuilder
from graphs.values import draw
from support.ir import context, find_function
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from taso.dialects.base import OpKind, TasoOp, spec_of
from taso.dialects.interpret import interpret
from taso.passes.optimize import OptimizePass
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.extract import function_cost

STATISTICS = ("mean", "variance")
"""Arguments that training does not learn."""

# Weights, and multiply-adds of products and convolutions in millions: tables of the papers, those
# of torchvision for its release of four networks, and Keras's count for NASNet. BERT's are those
# of a layer of BERT-large, a multiply-add for each weight and token beside those of attention.
PUBLISHED = {
    "bert": (8 * 12_596_224, 8 * 1024 * (12 * 1024**2 + 2 * 1024**2) / 1e6),
    "nasnet-a": (5_289_978, 564),
    "resnext-50": (25_028_904, 4230),
    "squeezenet": (1_248_424, 819),
    "vgg-19": (143_667_240, 19_632),
    "inception-v3": (23_834_568, 5713),
    "mobilenet-v2": (3_504_872, 301),
}

SMALL: dict[str, dict[str, Any]] = {
    "nasrnn": {"steps": 2, "batch": 2, "hidden": 6},
    "bert": {"layers": 2, "heads": 2, "tokens": 5, "hidden": 6},
    "nasnet-a": {"image": 35, "cells": 1, "width": 4, "classes": 5},
    "resnext-50": {"image": 33, "width": 4, "groups": 2, "classes": 5},
    "squeezenet": {"image": 35, "divide": 8, "classes": 5},
    "vgg-19": {"image": 32, "width": 2, "hidden": 7, "classes": 5},
    "inception-v3": {"image": 75, "divide": 16, "classes": 5},
    "mobilenet-v2": {"image": 33, "divide": 8, "classes": 5},
    **{
        f"lora-{rank}-{adapters}": {"tokens": 3, "width": 5}
        for rank in LORA_RANKS
        for adapters in ("parameters", "inputs")
    },
    "gated-mlp": {"layers": 2, "tokens": 5, "hidden": 6},
    "linear-attention": {"heads": 2, "tokens": 5, "hidden": 6},
    "experts": {"tokens": 3, "hidden": 5},
    "matrix-chain": {"largest": 9},
}


def ops_of(function: func.FuncOp) -> list[TasoOp]:
    return [op for op in function.walk() if isinstance(op, TasoOp)]


def optimized(module: ModuleOp, device: str = "h200") -> func.FuncOp:
    OptimizePass(device=device).apply(context(), module)
    module.verify()
    return find_function(module)


def main_ops(function: func.FuncOp) -> Counter[str]:
    """How often each op runs that needs more than parameters."""
    run: Counter[str] = Counter()
    depends = {
        arg
        for arg, attrs in zip(function.args, function.arg_attrs or (), strict=True)
        if "taso.param" not in attrs.data
    }
    for op in ops_of(function):
        if depends.intersection(op.operands):
            depends.update(op.results)
            run[op.name.removeprefix("taso.")] += 1
    return run


@pytest.mark.parametrize("name", PUBLISHED)
def test_has_the_published_size(name: str) -> None:
    module = GRAPHS[name]()
    module.verify()
    function = find_function(module)
    weights, multiply_adds = PUBLISHED[name]
    learnt = (a for a in function.args if a.name_hint and not a.name_hint.startswith(STATISTICS))
    assert sum(spec_of(a).size for a in learnt) == weights
    flops = sum(
        op.flops(op.operand_specs(), op.attrs())
        for op in ops_of(function)
        if op.KIND is OpKind.CONTRACTION
    )
    assert flops / 2e6 == pytest.approx(multiply_adds, rel=0.01)


@pytest.mark.parametrize("name", GRAPHS)
def test_computes_the_same_after_optimisation(name: str) -> None:
    seed = random.randrange(1 << 32)
    print(f"values of seed {seed}")
    module = GRAPHS[name](**SMALL[name], dtype="f64")
    function = find_function(module)
    values = draw(function, seed)
    expected = interpret(function, values)
    for device in ("h200", "cpu"):
        found = interpret(optimized(module.clone(), device), values)
        for ours, theirs in zip(found, expected, strict=True):
            assert np.all(np.isfinite(theirs))
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


def test_a_step_of_nasrnn_needs_one_product_for_eight() -> None:
    """Where each op is a call, four products save more calls of what follows them."""
    steps = 2
    before = GRAPHS["nasrnn"](steps=steps)
    assert main_ops(find_function(before))["matmul"] == 16 * steps
    assert main_ops(optimized(before, "h200"))["matmul"] <= 2 * steps


@pytest.mark.parametrize("device", ["h200", "cpu"])
def test_layers_of_a_gated_mlp_need_one_product_for_two(device: str) -> None:
    module = GRAPHS["gated-mlp"](layers=3, tokens=64, hidden=128)
    assert main_ops(find_function(module))["matmul"] == 9
    assert main_ops(optimized(module, device))["matmul"] == 6


@pytest.mark.parametrize("device", ["h200", "cpu"])
def test_queries_keys_and_values_are_one_product_in_every_layer(device: str) -> None:
    module = GRAPHS["bert"](layers=3, heads=4, tokens=64, hidden=128)
    before = main_ops(find_function(module))
    after = main_ops(optimized(module, device))
    products = after["matmul"] + 2 * after["attention"]
    assert before["matmul"] - products == 2 * 3


@pytest.mark.parametrize("device", ["h200", "cpu"])
def test_eight_experts_need_one_product(device: str) -> None:
    module = GRAPHS["experts"](tokens=64, hidden=128)
    assert main_ops(optimized(module, device))["matmul"] <= 2  # with that of the gate


def adapted(tokens: int, width: int, rank: int, *, merged: bool) -> func.FuncOp:
    """LoRA with adapters as inputs: two ways to compute it."""
    to = GraphBuilder()
    x, weight = to.input(tokens, width), to.param(width, width)
    a, b = to.input(width, rank), to.input(rank, width)
    if merged:
        result = to.matmul(x, to.add(weight, to.matmul(a, b)))
    else:
        result = to.add(to.matmul(x, weight), to.matmul(to.matmul(x, a), b))
    return find_function(to.module(result))


@pytest.mark.parametrize("device", ["h200", "cpu"])
@pytest.mark.parametrize("rank", LORA_RANKS)
def test_adapters_of_a_run_are_merged_exactly_where_that_costs_less(rank: int, device: str) -> None:
    """With few tokens, x A is small; with many, A B is made once for all of them."""
    model = CostModel(device_named(device))
    width, decisions = 512, set[bool]()
    for tokens in (1, 16, 128, 512, 2048, 16384):
        split, merged = (
            function_cost(adapted(tokens, width, rank, merged=merged), model)
            for merged in (False, True)
        )
        module = GRAPHS[f"lora-{rank}-inputs"](tokens=tokens, width=width)
        found = optimized(module, device)
        cheapest = min(split, merged)
        assert function_cost(found, model) <= cheapest * (1 + 1e-9)
        is_merged = sum(op.name == "taso.matmul" for op in ops_of(found)) == 2
        assert is_merged == (merged < split)
        decisions.add(is_merged)
    assert decisions == {False, True}


@pytest.mark.parametrize("device", ["h200", "cpu"])
@pytest.mark.parametrize("rank", LORA_RANKS)
def test_adapters_that_are_parameters_are_always_merged(rank: int, device: str) -> None:
    for tokens in (1, 128, 4096):
        module = GRAPHS[f"lora-{rank}-parameters"](tokens=tokens, width=256)
        assert main_ops(optimized(module, device)) == {"matmul": 1}
