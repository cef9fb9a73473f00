"""Programs through the backend, compared with what eager PyTorch gives."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from taso.frontends import dynamo


def compiled(program: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    return torch.compile(program, backend=dynamo.backend, options=options or None)


def assert_same(given: Any, expected: Any, **tolerances: float) -> None:
    """Structure, types, strides and values of outputs agree."""
    ours, tree = pytree.tree_flatten(given)
    theirs, expected_tree = pytree.tree_flatten(expected)
    assert tree == expected_tree
    for x, y in zip(ours, theirs, strict=True):
        assert type(x) is type(y)
        if isinstance(y, Tensor):
            assert x.stride() == y.stride()
            torch.testing.assert_close(x, y, **tolerances)
        else:
            assert x == y
