"""The models known by name: fresh but repeatable weights and inputs, nothing left at 0 or 1."""

import pytest
import torch
from torch import nn

from taso.frontends.models import SIZES, Images, model_names, named_model
from taso.frontends.resnet import Bottleneck, ResNet


def small(name: str, **options: object) -> nn.Module:
    return named_model(name, "small", **options).module


@pytest.mark.parametrize("name", model_names())
def test_the_same_seed_gives_the_same_weights(name: str) -> None:
    before = torch.get_rng_state()
    first, second, other = small(name), small(name), small(name, seed=1)
    assert torch.equal(torch.get_rng_state(), before)
    for key, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[key]), key
    assert any(
        not torch.equal(x, y) for x, y in zip(first.parameters(), other.parameters(), strict=True)
    )


@pytest.mark.parametrize("name", model_names())
def test_a_model_is_in_eval_mode_and_holds_no_constant_weight(name: str) -> None:
    model = small(name, dtype=torch.float64)
    assert not any(part.training for part in model.modules())
    for key, parameter in model.named_parameters():
        assert parameter.dtype == torch.float64
        assert not parameter.requires_grad, key
        assert parameter.unique().numel() > 1, key


@pytest.mark.parametrize("name", model_names())
def test_inputs_are_fresh_and_repeatable(name: str) -> None:
    model = named_model(name, "small")
    (x,), (again,), (other,) = (model.example_inputs(3, seed=seed) for seed in (5, 5, 6))
    assert torch.equal(x, again)
    assert not torch.equal(x, other)
    assert x.shape[0] == 3
    with torch.no_grad():
        result = model.module(x)
    first = result if isinstance(result, torch.Tensor) else result[0]
    assert bool(first.isfinite().all())
    if isinstance(model.input, Images):
        with pytest.raises(ValueError, match="no sequence length"):
            model.example_inputs(seq=4, seed=0)
    else:
        (tokens,) = model.example_inputs(2, 7, seed=0)
        assert tokens.shape == (2, 7)
        assert 0 <= int(tokens.min()) <= int(tokens.max()) < model.input.vocabulary


def test_unknown_names_and_sizes() -> None:
    with pytest.raises(KeyError):
        named_model("bert-huge")
    with pytest.raises(KeyError):
        named_model(model_names()[0], "medium")
    assert SIZES == ("full", "small")


def test_bert_has_its_attention_written_out() -> None:
    """As in the TASO paper: with SDPA there is nothing to optimise in it."""
    assert small("bert-base").config._attn_implementation == "eager"


def test_resnet50_is_version_1_5() -> None:
    """Parameters and convolutions as torchvision counts them; the 3×3 has the stride."""
    with torch.device("meta"):
        model = ResNet().eval()
        assert model(torch.empty(2, 3, 224, 224)).shape == (2, 1000)
        assert model.blocks(model.pool(model.stem(torch.empty(1, 3, 224, 224)))).shape[2:] == (7, 7)
    assert sum(p.numel() for p in model.parameters()) == 25_557_032
    assert sum(isinstance(part, nn.Conv2d) for part in model.modules()) == 53
    blocks = [part for part in model.modules() if isinstance(part, Bottleneck)]
    assert [block.middle[0].stride[0] for block in blocks] == [1] * 3 + [2, 1, 1, 1] + [
        *(2, 1, 1, 1, 1, 1),
        *(2, 1, 1),
    ]
    assert {block.reduce[0].stride for block in blocks} == {(1, 1)}
    assert [isinstance(b.shortcut, nn.Identity) for b in blocks].count(False) == 4


def test_resnet_statistics_are_not_those_of_a_new_module() -> None:
    for part in small("resnet50").modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean.abs().min() > 0
            assert part.running_var.unique().numel() > 1
            assert 0.5 <= part.running_var.min() <= part.running_var.max() <= 1.5
