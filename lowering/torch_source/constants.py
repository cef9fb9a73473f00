"""Dense constants as functions that make them on a device, once."""

from __future__ import annotations

import base64

import numpy as np
import numpy.typing as npt
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr

from taso.lowering.torch_source.types import Type, ints

MAX_LISTED = 64
"""Constants of more elements are written as base64 of their bytes."""

_NUMPY: dict[str, npt.DTypeLike] = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bool": np.bool_,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
}


def constant_function(name: str, data: DenseIntOrFPElementsAttr, type_: Type) -> str:
    """The source of a function from a device to the constant."""
    return f"@functools.cache\ndef {name}(device):\n    return {_tensor(data.data.data, type_)}"


def _tensor(raw: bytes, type_: Type) -> str:
    numpy = _NUMPY.get(type_.dtype)
    count = int(np.prod(type_.shape))
    where = f"dtype={type_.torch_dtype}, device=device"
    array = None if numpy is None else np.frombuffer(raw, numpy)
    if array is not None and array.size == 1:
        return f"torch.full({ints(type_.shape)}, {array.item()!r}, {where})"
    if array is not None and count <= MAX_LISTED:
        return f"torch.tensor({array.reshape(type_.shape).tolist()!r}, {where})"
    data = f'bytearray(base64.b64decode("{base64.b64encode(raw).decode()}"))'
    flat = f"torch.frombuffer({data}, dtype={type_.torch_dtype})"
    return f"{flat}.reshape({ints(type_.shape)}).to(device)"
