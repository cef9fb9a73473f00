"""`torch.compile(model, backend="taso")` while training: gradients and weights match eager's."""

import pytest
import torch
from support.training import compare_training
from torch import Tensor, nn
from torch.nn import functional


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()
    torch.manual_seed(7)


class ConvNet(nn.Module):
    """Convolutions with batch norm, whose running statistics change in training."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 5, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(5)
        self.second = nn.Conv2d(5, 7, 3, stride=2)
        self.head = nn.Linear(7, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.norm(self.first(x))), 2)
        return self.head(functional.relu(self.second(x)).mean((2, 3)))


def classify(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    x, labels = batch
    return functional.cross_entropy(model(x), labels)


def test_bert() -> None:
    from transformers import BertConfig, BertModel

    config = BertConfig(
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        vocab_size=50,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )

    def loss(model: nn.Module, ids: Tensor) -> Tensor:
        out = model(ids)
        return out.last_hidden_state.square().mean() + out.pooler_output.mean()

    batches = [torch.randint(0, 50, (2, 9)) for _ in range(3)]
    compare_training(BertModel(config).train(), loss, batches, 1e-4)


def test_conv_net_with_batch_norm() -> None:
    batches = [(torch.randn(4, 3, 9, 11), torch.randint(0, 4, (4,))) for _ in range(3)]
    compare_training(ConvNet().train(), classify, batches, 1e-4)


def test_backward_is_compiled_for_products_too() -> None:
    def program(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
        return (a @ b + a @ c).tanh()

    inputs = [torch.randn(s, requires_grad=True) for s in ((5, 4), (4, 3), (4, 3))]
    twins = [x.detach().clone().requires_grad_() for x in inputs]
    program(*inputs).square().sum().backward()
    torch.compile(program, backend="taso", fullgraph=True)(*twins).square().sum().backward()
    for ours, theirs in zip(twins, inputs, strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)
