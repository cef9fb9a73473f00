"""Which ops, by name, compute nothing: what counts of calls and launches leave out."""

from __future__ import annotations

# fmt: off
VIEWS = frozenset((
    "_reshape_alias", "_unsafe_view", "alias", "as_strided", "chunk", "detach", "diagonal",
    "expand", "expand_as", "flatten", "getitem", "lift_fresh", "movedim", "narrow", "permute",
    "ravel", "reshape", "select", "slice", "split", "split_with_sizes", "squeeze", "swapaxes",
    "swapdims", "t", "tensor_split", "transpose", "unbind", "unflatten", "unfold", "unsqueeze",
    "view", "view_as",
))
# fmt: on
"""Names, of aten, of torch and of methods, that give another view of what is in memory."""

QUERIES = frozenset(
    ("dim", "element_size", "is_contiguous", "numel", "size", "storage_offset", "stride")
)
"""Methods that read no elements."""

ALLOCATIONS = frozenset(("empty", "empty_like", "empty_strided", "new_empty", "resize_", "set_"))
"""Ops that get memory, and do no work on it."""


def aten_name(target: str) -> str:
    """`add` of `aten.add.Tensor` or of `aten::add`."""
    return target.removeprefix("aten").lstrip(".:").partition(".")[0]


def is_view(name: str) -> bool:
    """Whether it is in `VIEWS`, or its in-place variant (`squeeze_`)."""
    return name.removesuffix("_") in VIEWS
