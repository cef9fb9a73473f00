"""Convolutional blocks of the literature: what the search makes of them, and that it is equal."""

import random
from collections.abc import Callable

import pytest
from support.ir import find_function, parse_module, random_inputs
from support.rule_programs import assert_same_meaning
from xdsl.dialects import func

from taso.dialects.convolution import Conv2dOp
from taso.dialects.interpret import interpret
from taso.dialects.movement import BroadcastOp
from taso.dialects.spec import TensorSpec, spec_of
from taso.dialects.taso import OPS
from taso.passes.optimize import Optimized, optimize_function
from taso.passes.rules.library import DEFAULT_RULES, FAMILIES, RULES
from taso.passes.search.convert import to_egraph
from taso.passes.search.cost import CostModel
from taso.passes.search.devices import device_named
from taso.passes.search.saturate import Limits, saturate

ALL = [RULES[name] if name in RULES else FAMILIES[name] for name in DEFAULT_RULES]
DEVICES = ("cpu", "h200", "h200-calls")


class Net:
    """The text of a function, op by op. Values are names; weights are parameters."""

    def __init__(self) -> None:
        self.arguments: list[str] = []
        self.lines: list[str] = []
        self.specs: dict[str, TensorSpec] = {}

    def argument(self, *shape: int, mark: str = "") -> str:
        name = f"%a{len(self.arguments)}"
        self.specs[name] = TensorSpec(shape, "f64")
        self.arguments.append(f"{name}: {self.specs[name]}{mark}")
        return name

    def weight(self, *shape: int) -> str:
        return self.argument(*shape, mark=" {taso.param}")

    def op(self, name: str, *operands: str, **attrs: object) -> str:
        specs = [self.specs[o] for o in operands]
        (result,) = OPS[name].infer(specs, attrs)  # pyright: ignore[reportArgumentType]
        value = f"%v{len(self.lines)}"
        shown = [f"{key} = {_text(held)}" for key, held in attrs.items() if key != "shape"]
        types = f"{', '.join(map(str, specs))} -> {result}"
        if name in ("add", "mul", "relu"):
            types = str(result)
        self.lines.append(f"{value} = taso.{name} {', '.join([*operands, *shown])} : {types}")
        self.specs[value] = result
        return value

    def conv(
        self,
        x: str,
        weight: str,
        stride: int = 1,
        padding: tuple[int, int] = (0, 0),
        groups: int = 1,
    ) -> str:
        attrs = {"stride": (stride,) * 2, "padding": padding, "dilation": (1, 1), "groups": groups}
        return self.op("conv2d", x, weight, **attrs)

    def per_channel(self, op: str, x: str) -> str:
        """A vector of parameters, one for each channel, added or multiplied."""
        shape = self.specs[x].shape
        vector = self.op("broadcast", self.weight(shape[1]), dims=(1,), shape=shape)
        return self.op(op, x, vector)

    def layer(self, x: str, outputs: int, kernel: tuple[int, int], stride: int = 1) -> str:
        """A convolution that keeps the size, a bias, relu."""
        padding = (kernel[0] // 2, kernel[1] // 2)
        weight = self.weight(outputs, self.specs[x].shape[1], *kernel)
        return self.op("relu", self.per_channel("add", self.conv(x, weight, stride, padding)))

    def function(self, *results: str) -> func.FuncOp:
        types = ", ".join(str(self.specs[r]) for r in results)
        body = "\n  ".join([*self.lines, f"func.return {', '.join(results)} : {types}"])
        arguments = ", ".join(self.arguments)
        return find_function(
            parse_module(f"func.func @main({arguments}) -> ({types}) {{\n  {body}\n}}")
        )


def _text(held: object) -> str:
    if isinstance(held, bool):
        return str(held).lower()
    return str(list(held)) if isinstance(held, tuple) else str(held)  # pyright: ignore[reportUnknownArgumentType]


def inception(to: Net) -> str:
    """1×1 beside 3×3 and 5×5 on one input (Szegedy et al., 2014)."""
    x = to.argument(1, 8, 7, 7)
    branches = [to.layer(x, outputs, (k, k)) for outputs, k in ((4, 1), (3, 3), (2, 5))]
    return to.op("concat", *branches, axis=1)


def factorised(to: Net) -> str:
    """1×3 beside 3×1, as in the last blocks of Inception-v3 (Szegedy et al., 2015)."""
    x = to.argument(1, 8, 7, 7)
    return to.op("concat", to.layer(x, 4, (1, 3)), to.layer(x, 4, (3, 1)), axis=1)


def fire(to: Net) -> str:
    """Squeeze, then expand by 1×1 and by 3×3 (Iandola et al., 2016)."""
    x = to.layer(to.argument(1, 8, 7, 7), 3, (1, 1))
    return to.op("concat", to.layer(x, 8, (1, 1)), to.layer(x, 8, (3, 3)), axis=1)


def two_branches(to: Net) -> str:
    """The sum of a 3×3 and a 1×1 (RepVGG, Ding et al., 2021)."""
    x = to.argument(1, 8, 7, 7)
    sums = to.op(
        "add",
        to.conv(x, to.weight(8, 8, 3, 3), padding=(1, 1)),
        to.conv(x, to.weight(8, 8, 1, 1)),
    )
    return to.op("relu", sums)


def projection(to: Net) -> str:
    """The sum of convolutions of two inputs, as where a residual is projected."""
    x, y = to.argument(1, 4, 7, 7), to.argument(1, 6, 7, 7)
    return to.op("add", to.conv(x, to.weight(8, 4, 1, 1)), to.conv(y, to.weight(8, 6, 1, 1)))


def shared_weight(to: Net) -> str:
    """The sum of convolutions of two inputs by one weight."""
    x, y, w = to.argument(2, 4, 7, 7), to.argument(2, 4, 7, 7), to.weight(8, 2, 3, 3)
    return to.op("add", to.conv(x, w, groups=2), to.conv(y, w, groups=2))


BLOCKS: tuple[Callable[[Net], str], ...] = (
    inception,
    factorised,
    fire,
    two_branches,
    projection,
    shared_weight,
)
LAYERS = {fire: 2}
"""Of blocks with more than one layer, how many there are."""


def optimised(function: func.FuncOp, device: str) -> Optimized:
    """Optimise in place; the results stay the same in float64.

    Enlarged weights take more memory than a program of one block has for them.
    """
    model = CostModel(device_named(device), memory_growth=20)
    inputs = random_inputs(function, seed=random.randrange(2**32))
    before = interpret(function, inputs)
    done = optimize_function(function, ALL, model, Limits())
    assert done is not None
    function.verify()
    assert_same_meaning(interpret(function, inputs), before)
    return done


def convolutions(function: func.FuncOp) -> list[Conv2dOp]:
    return [op for op in function.walk() if isinstance(op, Conv2dOp)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_small_blocks_become_one_convolution_a_layer(
    block: Callable[[Net], str], device: str
) -> None:
    net = Net()
    function = net.function(block(net))
    done = optimised(function, device)
    assert len(convolutions(function)) == LAYERS.get(block, 1)
    assert done.selection.cost < done.cost_before


@pytest.mark.parametrize("device", DEVICES)
def test_kernels_of_large_images_stay_as_large_as_they_are(device: str) -> None:
    """A 1×1 that becomes 3×3 has nine times the multiplications: they outweigh a launch."""
    net = Net()
    x = net.argument(8, 64, 56, 56)
    wide = net.conv(x, net.weight(64, 64, 3, 3), padding=(1, 1))
    narrow = net.conv(x, net.weight(64, 64, 1, 1))
    function = net.function(wide, narrow)
    optimize_function(function, ALL, CostModel(device_named(device)), Limits())
    assert len(convolutions(function)) == 2


def test_groups_become_fewer_and_wider() -> None:
    """A block of ResNeXt-50 (Xie et al., 2017): products of 4 channels leave the device idle."""
    net = Net()
    x = net.argument(1, 128, 14, 14)
    function = net.function(net.conv(x, net.weight(128, 4, 3, 3), padding=(1, 1), groups=32))
    done = optimised(function, "h200-calls")
    (conv,) = convolutions(function)
    assert conv.groups.value.data < 32  # pyright: ignore[reportUnknownMemberType]
    assert done.selection.cost < done.cost_before


def test_depthwise_convolutions_keep_their_groups() -> None:
    net = Net()
    x = net.argument(1, 32, 14, 14)
    function = net.function(net.conv(x, net.weight(32, 1, 3, 3), padding=(1, 1), groups=32))
    optimised(function, "h200-calls")
    (conv,) = convolutions(function)
    assert conv.groups.value.data == 32  # pyright: ignore[reportUnknownMemberType]


@pytest.mark.parametrize("device", DEVICES)
def test_a_norm_before_a_convolution_goes_into_it(device: str) -> None:
    """A scale and a shift of each channel: into the weights, and into a bias."""
    net = Net()
    normed = net.per_channel("add", net.per_channel("mul", net.argument(4, 16, 14, 14)))
    function = net.function(net.conv(normed, net.weight(16, 4, 3, 3), stride=2, groups=4))
    optimised(function, device)
    (conv,) = convolutions(function)
    assert conv.image == function.args[0]


@pytest.mark.parametrize("device", DEVICES)
def test_a_transition_pools_before_it_mixes_channels(device: str) -> None:
    """A transition of DenseNet (Huang et al., 2017): the mean first, for a quarter of the work."""
    net = Net()
    mixed = net.conv(net.argument(8, 256, 56, 56), net.weight(128, 256, 1, 1))
    window = {"kernel": (2, 2), "stride": (2, 2), "padding": (0, 0), "count_include_pad": True}
    function = net.function(net.op("avg_pool2d", mixed, **window))
    done = optimised(function, device)
    (conv,) = convolutions(function)
    assert spec_of(conv.image).shape == (8, 256, 28, 28)
    assert done.selection.cost < done.cost_before


@pytest.mark.parametrize("device", ["cpu", "h200-calls"])
def test_a_stem_pools_before_it_adds_and_cuts(device: str) -> None:
    net = Net()
    stem = net.layer(net.argument(8, 3, 64, 64), 64, (7, 7), stride=2)
    window = {"kernel": (3, 3), "stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)}
    function = net.function(net.op("max_pool2d", stem, **window))
    optimised(function, device)
    ops = [op.name for op in function.body.block.ops if not isinstance(op, BroadcastOp)]
    assert ops == ["taso.conv2d", "taso.max_pool2d", "taso.add", "taso.relu", "func.return"]


def test_the_graph_grows_with_the_number_of_blocks() -> None:
    """Saturation ends, in as many e-nodes for each further block."""
    sizes: list[int] = []
    for blocks in (2, 4, 6):
        net = Net()
        x = net.argument(1, 8, 7, 7)
        for _ in range(blocks):
            branches = [net.layer(x, 4, (k, k)) for k in (1, 1, 3, 5)]
            x = net.op("concat", *branches, axis=1)
        graph, _ = to_egraph(net.function(x))
        assert saturate(graph, ALL).stopped == "saturated"
        sizes.append(graph.size)
    assert sizes[2] - sizes[1] == pytest.approx(sizes[1] - sizes[0], rel=0.1)
    assert sizes[2] < 6 * 250
